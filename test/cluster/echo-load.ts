/** A steady load that Pods of echo.mjs answer through a Gateway: about fifty requests a second, every answer judged. */
import {setTimeout as sleep} from 'node:timers/promises';
import {expect} from 'vitest';
import {eventually} from '../e2e/harness/eventually.ts';
import type {Response} from '../e2e/harness/request.ts';
import {type Load, type LoadReport, startLoad, type Target} from '../e2e/load/load.ts';
import type {Cluster} from '../rig/cluster.ts';
import {editHeader} from './shop.ts';

export type EchoLoad = Load & {
  /** Names of the Pods that have answered requests begun in the last so many milliseconds. */
  answering(lastMs: number): ReadonlySet<string>;
  /** Resolves when an answer was made under that edit or a later one; to the time it came (performance.now()). */
  edited(edit: number, limitMs?: number): Promise<number>;
  /** Ports of 127.0.0.1 that are asked, by the address that each leads to. */
  readonly ports: ReadonlyMap<string, number>;
};

export type EchoLoadOptions = {
  readonly host?: string;
  readonly tls?: Target['tls'];
  /** A fault of an answer besides what is none of an echo. */
  readonly judge?: (answer: Response) => string | undefined;
  /** Clients that keep their connections, of three; two by default. */
  readonly keepAlive?: number;
};

const clients = 3;
/** With the few milliseconds that an answer takes, fifty requests a second. */
const pauseMs = 55;

/** To one address; there may be further ones later. */
export function startEchoLoad(ports: Map<string, number>, options: EchoLoadOptions = {}): EchoLoad {
  const {host = 'shop.test', tls, judge: alsoJudge = () => undefined, keepAlive = 2} = options;
  const answers: {readonly begun: number; readonly pod: string}[] = [];
  const edits: {readonly edit: number; readonly at: number}[] = [];

  const judge = (answer: Response, begun: number): string | undefined => {
    const pod = podOf(answer);
    if (answer.status !== 200 || pod === undefined) return `answered ${answer.status} ${answer.body.slice(0, 200)}`;
    answers.push({begun, pod});
    const edit = Number(answer.headers[editHeader] ?? -1);
    if (edit > (edits.at(-1)?.edit ?? -1)) edits.push({edit, at: performance.now()});
    return alsoJudge(answer);
  };
  let next = 0;
  const target: Target = {
    host,
    path: '/load',
    judge,
    ...(tls && {tls}),
    // Asked for each request.
    get port() {
      const all = [...ports.values()];
      return all[next++ % all.length] ?? 0;
    },
  };
  const load = startLoad({targets: [target], keepAlive, fresh: clients - keepAlive, slow: 0, pauseMs});
  return {
    ...load,
    ports,
    answering: (lastMs) => {
      const since = performance.now() - lastMs;
      return new Set(answers.filter(({begun}) => begun >= since).map(({pod}) => pod));
    },
    edited: (wanted, limitMs = 10_000) =>
      eventually(() => {
        const found = edits.find(({edit}) => edit >= wanted);
        if (found === undefined) throw new Error(`edit ${wanted} was not seen; the last is ${edits.at(-1)?.edit}`);
        return found.at;
      }, limitMs),
  };
}

/** Prints the figures of a load that is over, and that it had no failure. */
export function unharmed(what: string, {requests, failures, firstFailures, slowestMs}: LoadReport): void {
  console.log(`${what}: ${requests} requests, ${failures} failed, slowest ${slowestMs} ms`);
  expect(firstFailures).toEqual([]);
  expect(requests).toBeGreaterThan(20);
}

type Slices = {
  readonly items: readonly {
    readonly endpoints?: readonly {
      readonly addresses: readonly string[];
      readonly conditions?: {readonly ready?: boolean};
    }[];
  }[];
};

const pollEveryMs = 50;

export type ServicePorts = {
  readonly ports: Map<string, number>;
  /** Resolves when nobody is asked any more; rejects where that has failed before. */
  stop(): Promise<void>;
};

/**
 * Ports of 127.0.0.1 for the ready Pods behind a Service, `namespace/name`, by address, as its EndpointSlices say: what
 * kube-proxy does. The load balancer of the rig has one Pod at a time, and cuts off who speaks to it when it takes another.
 */
export async function followService(cluster: Cluster, service: string, port: number): Promise<ServicePorts> {
  const ports = new Map<string, number>();
  const known = new Map<string, number>();
  const [namespace = '', name = ''] = service.split('/');
  const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`;
  const read = async (): Promise<void> => {
    const {items} = (await cluster.request<Slices>('GET', path)).body;
    const ready = items
      .flatMap(({endpoints}) => endpoints ?? [])
      .filter(({conditions}) => conditions?.ready === true)
      .flatMap(({addresses}) => addresses);
    for (const address of ready) {
      const forwarded = known.get(address) ?? (await cluster.forward(address, port));
      known.set(address, forwarded);
      ports.set(address, forwarded);
    }
    for (const address of ports.keys()) if (!ready.includes(address)) ports.delete(address);
  };
  await read();
  let over = false;
  let failure: unknown;
  const following = (async () => {
    while (!over) {
      await sleep(pollEveryMs);
      await read();
    }
  })().catch((error: unknown) => (failure = error));
  return {
    ports,
    stop: async () => {
      over = true;
      await following;
      if (failure !== undefined) throw failure;
    },
  };
}

/** Undefined where it is no answer of an echo. */
function podOf({body}: Response): string | undefined {
  try {
    return (JSON.parse(body) as {readonly pod?: string}).pod; // of echo.mjs
  } catch {
    return undefined;
  }
}
