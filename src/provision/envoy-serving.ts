import {envoyAdmin} from './envoy-admin.ts';
import type {EnvoyGateway} from './envoy-process.ts';
import {isListening} from './port-check.ts';
import type {RunningProcess} from './running-process.ts';
import type {Log} from './supervised-process.ts';

export type Serving = {
  ready(): boolean;
  /** Ports that it should listen on and that another process holds. */
  problem(): string | undefined;
  /** Look again, because what is wanted has changed. */
  check(): void;
  end(): void;
};

/** Milliseconds: while something is awaited, and when all is well. */
const soon = 200;
const later = 5_000;
/** A port that is missing so long, and that somebody else answers on, is busy; before, it may just be on its way. */
const patience = 3_000;

/**
 * Watches whether an Envoy is ready and has the ports its Gateway wants. A port that another process holds is reported
 * once; when it is free again, `onFreed` is called, because Envoy does not try a second time by itself.
 */
export function watchServing(
  running: RunningProcess,
  gateway: () => EnvoyGateway,
  log: Log,
  onFreed: () => void,
): Serving {
  const admin = envoyAdmin(running.notes['adminPort'] ?? 0);
  let isReady = false;
  const over = new AbortController();
  let changed = Date.now();
  let busy = new Set<string>();

  const missing = async (): Promise<readonly string[]> => {
    const {ports, addresses} = gateway();
    const has = await admin.listening();
    const all = addresses.length === 0 ? undefined : addresses;
    return ports.flatMap((port) =>
      all === undefined
        ? has.some((bound) => bound.endsWith(`:${port}`))
          ? []
          : [`127.0.0.1:${port}`]
        : all.map((address) => formatBind(address, port)).filter((bind) => !has.includes(bind)),
    );
  };

  const look = async (): Promise<number> => {
    if (!isReady) {
      isReady = await admin.ready();
      if (!isReady) return soon;
      log.info({gateway: gateway().key, pid: running.identity.pid}, `Envoy of Gateway ${gateway().key} is ready`);
    }
    const absent = await missing();
    if (absent.length === 0) {
      busy = new Set();
      return later;
    }
    if (Date.now() - changed < patience) return soon;
    const held = new Set<string>();
    for (const bind of absent) if (await isListening(...splitBind(bind))) held.add(bind);
    for (const bind of held) {
      const [address, port] = splitBind(bind);
      const {key} = gateway();
      if (!busy.has(bind)) {
        log.error({gateway: key, port}, `port ${port} of Gateway ${key} is in use by another process on ${address}`);
      }
    }
    const freed = [...busy].some((bind) => absent.includes(bind) && !held.has(bind));
    busy = held;
    if (freed && !over.signal.aborted) onFreed();
    return held.size === 0 ? later : 1_000;
  };

  let wake = (): void => {};
  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const delay = await look().catch(() => soon);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, over.signal.aborted ? 0 : delay);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  void run();

  return {
    ready: () => isReady,
    problem: () => (busy.size === 0 ? undefined : `in use by another process: ${[...busy].join(', ')}`),
    check() {
      changed = Date.now();
      wake();
    },
    end() {
      over.abort();
      wake();
    },
  };
}

const formatBind = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

function splitBind(bind: string): [address: string, port: number] {
  const at = bind.lastIndexOf(':');
  return [bind.slice(0, at).replace(/^\[|\]$/g, ''), Number(bind.slice(at + 1))];
}
