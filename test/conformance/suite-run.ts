/** A run of the official conformance suite, on the node of a cluster. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createWriteStream, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import type {SuiteBinaries} from '../rig/binaries.ts';
import {type Outcome, readOutcomes, type TestEvent} from './outcomes.ts';
import {gatewayClass, type Stage} from './stage.ts';

export type SuiteRunOptions = {
  readonly binaries: SuiteBinaries;
  /** Names. */
  readonly profiles: readonly string[];
  /** This test alone. Which features are published is not asked then. */
  readonly runTest?: string | undefined;
  /** For the report and for all that the suite prints; has to be there. */
  readonly folder: string;
  /** The suite is ended after so many minutes. */
  readonly limitMinutes: number;
  /** More flags of the suite. */
  readonly flags?: readonly string[];
  readonly onOutcome: (outcome: Outcome) => void;
};

export type SuiteEnd = {
  /** 0 when all tests passed or were left out. */
  readonly code: number | null;
  /** Why it failed apart from its tests; empty where nothing is known. */
  readonly reason: readonly string[];
  /** Paths. The report is missing where the suite did not come to write one. */
  readonly report: string;
  readonly log: string;
};

/** Of the load balancers of the rig: those below 10.245.1.0 are given to nobody who does not ask for them. */
const usableAddress = '10.245.0.200';
/** Reserved for documentation (RFC 5737). */
const unusableAddress = '192.0.2.200';

/** Where it does not end by itself, a minute after it should have. */
const graceMs = 60_000;
const keptLines = 20;

export async function runSuite({cluster}: Stage, options: SuiteRunOptions): Promise<SuiteEnd> {
  const {binaries, folder, limitMinutes, onOutcome} = options;
  const files = {report: join(folder, 'report.yaml'), log: join(folder, 'suite.log')};
  const kubeconfig = await cluster.kubeconfig(join(cluster.folder, 'suite.kubeconfig'), {from: 'node'});
  // Not the environment of this process: a proxy in it would be asked for Gateways.
  const env = {PATH: process.env['PATH'], HOME: cluster.folder, TMPDIR: cluster.folder, KUBECONFIG: kubeconfig};
  const suite = cluster.spawnIn('node', [binaries.conformance, ...flagsOf(options, files.report)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  const timer = setTimeout(() => suite.kill('SIGKILL'), limitMinutes * 60_000 + graceMs);
  const log = createWriteStream(files.log);
  const last: string[] = [];
  const outcomes = readOutcomes(onOutcome);
  try {
    const converter = spawn(binaries.test2json, ['-t'], {stdio: ['pipe', 'pipe', 'inherit']});
    const converted = Promise.all([
      once(converter, 'close'),
      readEvents(converter, (event) => {
        if (event.Output !== undefined) log.write(event.Output);
        outcomes.read(event);
      }),
    ]);
    const {stdout, stderr} = outputOf(suite);
    stdout.pipe(converter.stdin);
    // Of its end without grace, such as the one by its own limit.
    const complained = readLines(stderr, (line) => {
      log.write(`${line}\n`);
      if (last.length < keptLines) last.push(line);
    });
    const [code] = (await once(suite, 'close')) as [number | null]; // as documented of ChildProcess
    await Promise.all([converted, complained]);
    const reason = outcomes.rest();
    return {code, reason: reason.length > 0 ? reason : last.slice(0, 4), ...files};
  } finally {
    clearTimeout(timer);
    suite.kill('SIGKILL');
    log.end();
  }
}

function flagsOf({profiles, runTest, limitMinutes, flags = []}: SuiteRunOptions, report: string): readonly string[] {
  return [
    '-test.run=^TestConformance$',
    '-test.v=test2json',
    `-test.timeout=${limitMinutes}m`,
    `-gateway-class=${gatewayClass}`,
    `-conformance-profiles=${profiles.join(',')}`,
    ...(runTest === undefined ? [] : [`-run-test=${runTest}`]),
    `-usable-address=${usableAddress}`,
    `-unusable-address=${unusableAddress}`,
    `-report-output=${report}`,
    '-organization=sluice',
    '-project=sluice',
    '-url=https://sluice.dev',
    `-version=v${packageVersion()}`,
    '-contact=https://sluice.dev',
    ...flags,
  ];
}

function packageVersion(): string {
  const file = resolve(import.meta.dirname, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as {readonly version: string}).version; // npm wants it there
}

function outputOf({stdout, stderr}: ChildProcess): {readonly stdout: Readable; readonly stderr: Readable} {
  if (stdout === null || stderr === null) throw new Error('the suite was started without pipes');
  return {stdout, stderr};
}

const readEvents = ({stdout}: {readonly stdout: Readable}, onEvent: (event: TestEvent) => void): Promise<void> =>
  readLines(stdout, (line) => onEvent(JSON.parse(line) as TestEvent)); // by test2json

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({input: stream})) onLine(line);
}
