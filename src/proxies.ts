/** Envoys for the Gateways of the envoy class: found first, when the first one is wanted, then supervised. */
import {join} from 'node:path';
import type {GatewayInfraRow} from '../collections/gateway/ir.ts';
import type {Logs} from './config/logging.ts';
import {defaultEnvoyVersion, type LogLevel, type StaticConfig} from './config/static-config.ts';
import type {EnvoyGateway, EnvoyLevel} from './provision/envoy-process.ts';
import {createEnvoySupervisor, hasEnvoys, type EnvoySupervisor, type EnvoyView} from './provision/envoy-supervisor.ts';
import {locateEnvoy} from './provision/locate-envoy.ts';

export type Proxies = {
  apply(gateways: readonly GatewayInfraRow[]): void;
  views(): readonly EnvoyView[];
  /** Why there is no Envoy to run, and what to do about it. */
  hint(): string | undefined;
  settled(limitMs: number): Promise<void>;
  stop(): Promise<void>;
};

export type ProxiesOptions = {
  readonly logs: Logs;
  readonly bootstrap: (gateway: EnvoyGateway, adminPort: number) => string;
  /** A port that a proxy could not open is free again. */
  readonly onPortFreed: (gateway: EnvoyGateway) => void;
};

export function createProxies({envoy, stateDir, logging}: StaticConfig, options: ProxiesOptions): Proxies {
  const {logs, bootstrap, onPortFreed} = options;
  const log = logs('provision');
  const folder = join(stateDir, 'envoy');
  let wanted: readonly EnvoyGateway[] = [];
  let supervisor: EnvoySupervisor | undefined;
  let hint: string | undefined;
  let locating: Promise<void> | undefined;
  let stopped = false;

  const supervise = (binary: string): EnvoySupervisor =>
    createEnvoySupervisor({
      binary,
      bootstrap,
      onPortFreed,
      args: envoy.args,
      level: envoyLevels[logging.components.envoy ?? 'warn'],
      folder,
      log,
      envoyLog: logs('envoy'),
      ...(envoy.concurrency !== undefined && {concurrency: envoy.concurrency}),
    });

  const locate = async (): Promise<void> => {
    const {binary, cacheDir, version} = envoy;
    const location = await locateEnvoy({
      version: version ?? defaultEnvoyVersion,
      pinned: version !== undefined,
      log,
      ...(binary !== undefined && {binary}),
      ...(cacheDir !== undefined && {cacheDir}),
    });
    if (stopped) return;
    if ('hint' in location) {
      hint = location.hint;
      log.warn({}, `no proxy is run, xDS is served all the same: ${hint}`);
      return;
    }
    log.info({...location}, 'Envoy found');
    supervisor = supervise(location.binary);
    supervisor.apply(wanted);
  };

  return {
    apply(gateways) {
      wanted = gateways;
      const isWanted = (): boolean => gateways.some(({ports}) => ports.length > 0) || hasEnvoys(folder);
      if (locating === undefined && isWanted()) locating = locate();
      supervisor?.apply(gateways);
    },
    views: () => supervisor?.views() ?? wanted.map(({key}) => ({gateway: key, state: 'waiting', restarts: 0})),
    hint: () => hint,
    async settled(limitMs) {
      const until = Date.now() + limitMs;
      const timeout = new AbortController();
      const over = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        timeout.signal.addEventListener('abort', () => clearTimeout(timer));
      });
      await Promise.race([locating, over]);
      timeout.abort();
      await supervisor?.settled(until - Date.now());
    },
    async stop() {
      stopped = true;
      await supervisor?.stop();
    },
  };
}

const envoyLevels: Readonly<Record<LogLevel, EnvoyLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
  silent: 'off',
};
