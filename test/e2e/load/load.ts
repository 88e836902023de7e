/** Constant load on listeners of an Envoy, every answer judged. */
import {Agent, request as httpRequest} from 'node:http';
import {Agent as TlsAgent, request as httpsRequest} from 'node:https';
import {setTimeout as sleep} from 'node:timers/promises';
import {TLSSocket} from 'node:tls';
import {cleanUpLater} from '../harness/clean-up.ts';
import type {Response} from '../harness/request.ts';

export type Target = {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  /** What the server presents is not verified, but told to `judge`. */
  readonly tls?: {readonly sni: string};
  /** What is wrong with an answer to a request that was begun at `startedAt` (performance.now()); undefined = nothing. */
  judge(answer: Response, startedAt: number): string | undefined;
};

export type LoadOptions = {
  readonly targets: readonly Target[];
  /** Clients that keep their connections, one to each port and name. */
  readonly keepAlive: number;
  /** Clients that open a connection for each request. */
  readonly fresh: number;
  /** Clients whose answers take half a second, so that many a change happens meanwhile. */
  readonly slow: number;
  /** Between an answer and the next request of a client; 10 by default. */
  readonly pauseMs?: number;
};

export type LoadReport = {
  readonly requests: number;
  readonly failures: number;
  /** The first few, in words. */
  readonly firstFailures: readonly string[];
  readonly connections: number;
  readonly slowestMs: number;
};

export type Load = {
  report(): LoadReport;
  /** Resolves when every request that is under way has its answer. */
  stop(): Promise<LoadReport>;
};

const slowMs = 500;
/** Failures that are told in words. */
const toldFailures = 10;
const timeoutMs = 5_000;

/** Begins at once. Ended at the end of the test file anyway. */
export function startLoad({targets, keepAlive, fresh, slow, pauseMs = 10}: LoadOptions): Load {
  const begun = performance.now();
  const failures: string[] = [];
  let failed = 0;
  let requests = 0;
  let connections = 0;
  let slowest = 0;
  let over = false;

  const fail = (target: Target, startedAt: number, what: string): void => {
    failed++;
    const at = ((startedAt - begun) / 1000).toFixed(2);
    if (failures.length < toldFailures) failures.push(`${target.host}${target.path} at ${at} s: ${what}`);
  };

  const once = async (target: Target, agents: Agents | undefined, delayMs: number): Promise<void> => {
    const startedAt = performance.now();
    requests++;
    try {
      const answer = await ask(target, agents, delayMs, () => connections++);
      const wrong = target.judge(answer, startedAt);
      if (wrong !== undefined) fail(target, startedAt, wrong);
    } catch (error) {
      fail(target, startedAt, String(error));
    }
    slowest = Math.max(slowest, performance.now() - startedAt - delayMs);
  };

  const client = async (number: number, kind: 'keepAlive' | 'fresh' | 'slow'): Promise<void> => {
    const agents = kind === 'keepAlive' ? makeAgents() : undefined;
    for (let turn = number; !over; turn++) {
      const target = targets[turn % targets.length];
      if (target !== undefined) await once(target, agents, kind === 'slow' ? slowMs : 0);
      await sleep(pauseMs);
    }
    agents?.plain.destroy();
    agents?.tls.destroy();
  };

  const several = (count: number, kind: 'keepAlive' | 'fresh' | 'slow'): Promise<void>[] =>
    Array.from({length: count}, (_, number) => client(number, kind));
  const clients = [...several(keepAlive, 'keepAlive'), ...several(fresh, 'fresh'), ...several(slow, 'slow')];

  const report = (): LoadReport => ({
    requests,
    failures: failed,
    firstFailures: failures,
    connections,
    slowestMs: Math.round(slowest),
  });
  const stop = async (): Promise<LoadReport> => {
    over = true;
    await Promise.all(clients);
    return report();
  };
  cleanUpLater(async () => void (await stop()));
  return {report, stop};
}

type Agents = {readonly plain: Agent; readonly tls: TlsAgent};
const makeAgents = (): Agents => ({plain: new Agent({keepAlive: true}), tls: new TlsAgent({keepAlive: true})});

function ask(target: Target, agents: Agents | undefined, delayMs: number, onConnect: () => void): Promise<Response> {
  const {port, host, path, tls} = target;
  const delayed = delayMs === 0 ? path : `${path}?delay=${delayMs}`;
  const common = {host: '127.0.0.1', port, path: delayed, headers: {host}, timeout: timeoutMs};
  return new Promise((resolve, reject) => {
    const sent =
      tls === undefined
        ? httpRequest({...common, agent: agents?.plain ?? false})
        : httpsRequest({...common, servername: tls.sni, rejectUnauthorized: false, agent: agents?.tls ?? false});
    sent.once('socket', () => {
      if (!sent.reusedSocket) onConnect();
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    sent.once('error', reject);
    sent.once('response', (response) => {
      const {socket, statusCode = 0} = response;
      // Unknown where a TLS session was resumed.
      const {fingerprint256} = socket instanceof TLSSocket ? socket.getPeerCertificate() : {};
      const peer = fingerprint256 === undefined ? {} : {fingerprint: fingerprint256};
      const headers = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
      );
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.once('end', () => resolve({status: statusCode, headers, body, ...peer}));
      response.once('error', reject);
    });
    sent.end();
  });
}
