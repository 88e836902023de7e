import {createHash} from 'node:crypto';
import {mkdirSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {BackOff} from './back-off.ts';
import {forwardEnvoyLine} from './envoy-log.ts';
import {freePort} from './port-check.ts';
import type {PortClaims} from './port-claims.ts';
import type {Command, RunningProcess} from './running-process.ts';
import {supervise, type Log, type SupervisedProcess} from './supervised-process.ts';

/** A Gateway that wants an Envoy: the row of the graph, as far as it matters here. */
export type EnvoyGateway = {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly scope: string;
  readonly ports: readonly number[];
  /** IP addresses the ports are bound on; empty = all. */
  readonly addresses: readonly string[];
};

export type EnvoyLevel = 'trace' | 'debug' | 'info' | 'warning' | 'error' | 'off';

/** What is the same for every Envoy. */
export type EnvoyOptions = {
  readonly binary: string;
  /** Text of the bootstrap file (YAML or JSON) for a Gateway's Envoy with that admin port on 127.0.0.1. */
  readonly bootstrap: (gateway: EnvoyGateway, adminPort: number) => string;
  /** Further arguments. */
  readonly args: readonly string[];
  readonly concurrency?: number;
  readonly level: EnvoyLevel;
  /** Holds a folder per Gateway. */
  readonly folder: string;
  readonly log: Log;
  /** Takes the lines that Envoys print. */
  readonly envoyLog: Log;
  readonly backOff?: BackOff;
  readonly retryMs?: number;
};

export const gatewayFolder = ({namespace, name}: Pick<EnvoyGateway, 'namespace' | 'name'>): string =>
  `${namespace}_${name}`;

/** Changes when an Envoy that runs is no longer what would be started; the admin port is chosen anew at each start. */
export function fingerprintOf(gateway: EnvoyGateway, options: EnvoyOptions): string {
  const command = commandLine(options, '').join('\0');
  return createHash('sha256')
    .update(`${command}\0${options.bootstrap(gateway, 0)}`)
    .digest('hex')
    .slice(0, 16);
}

/** Runs the Envoy of one Gateway. `gateway` is asked for its ports at every start. */
export function superviseEnvoy(
  gateway: () => EnvoyGateway,
  claims: PortClaims,
  options: EnvoyOptions & {readonly onRunning: (process: RunningProcess) => void},
): SupervisedProcess {
  const {key} = gateway();
  const folder = join(options.folder, gatewayFolder(gateway()));

  const prepare = async (): Promise<Command | {readonly notNow: string}> => {
    const busy = await claims.obstacle(gateway());
    if (busy !== undefined) return {notNow: busy};
    const adminPort = await freePort();
    const file = join(folder, 'bootstrap.json');
    mkdirSync(folder, {recursive: true});
    writeFileSync(`${file}.new`, options.bootstrap(gateway(), adminPort));
    renameSync(`${file}.new`, file);
    return {command: commandLine(options, file), notes: {adminPort}};
  };
  return supervise({
    title: `Envoy of Gateway ${key}`,
    fields: {gateway: key},
    folder,
    fingerprint: fingerprintOf(gateway(), options),
    prepare,
    onLine: (line) => forwardEnvoyLine(options.envoyLog, key, line),
    onRunning: options.onRunning,
    log: options.log,
    ...(options.backOff && {backOff: options.backOff}),
    ...(options.retryMs !== undefined && {retryMs: options.retryMs}),
  });
}

function commandLine(options: EnvoyOptions, bootstrapFile: string): [string, ...string[]] {
  const {binary, concurrency, level, args} = options;
  return [
    binary,
    '--config-path',
    bootstrapFile,
    // No hot restart: nothing is left in shared memory, and any number of Envoys live side by side.
    '--disable-hot-restart',
    '--log-level',
    level,
    '--log-format',
    '%l %n %_',
    ...(concurrency === undefined ? [] : ['--concurrency', String(concurrency)]),
    ...args,
  ];
}
