import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {drainAndWait, envoyAdmin} from './envoy-admin.ts';
import {fingerprintOf, gatewayFolder, superviseEnvoy, type EnvoyGateway, type EnvoyOptions} from './envoy-process.ts';
import {watchServing, type Serving} from './envoy-serving.ts';
import {createPortClaims} from './port-claims.ts';
import {findProcess, type RunningProcess} from './running-process.ts';
import type {SupervisedProcess} from './supervised-process.ts';

export type EnvoyView = {
  readonly gateway: string;
  readonly state: 'serving' | 'starting' | 'waiting' | 'idle';
  readonly pid?: number;
  readonly adminPort?: number;
  readonly adopted?: boolean;
  readonly restarts: number;
  /** Why it does not run, or which ports it could not bind. */
  readonly problem?: string;
};

export type EnvoySupervisor = {
  /**
   * What is wanted now, all of it. The first call also ends Envoys of earlier runs whose Gateway is gone, so it has to
   * come after the inputs were read.
   */
  apply(gateways: readonly EnvoyGateway[]): void;
  views(): readonly EnvoyView[];
  /** Resolves when every wanted Envoy serves or says why it cannot, or after `limitMs`. */
  settled(limitMs: number): Promise<void>;
  /** Drains and ends all of them. */
  stop(): Promise<void>;
};

export type EnvoySupervisorOptions = EnvoyOptions & {
  /** How long answers that are under way may take when an Envoy is to end; 5 s by default. */
  readonly drainMs?: number;
  /** From SIGTERM to SIGKILL; 5 s by default. */
  readonly graceMs?: number;
  /**
   * A port that a running Envoy could not open is free again, and has to be offered to it once more. Where this is
   * absent the Envoy is started anew, which costs the requests on its other ports.
   */
  readonly onPortFreed?: (gateway: EnvoyGateway) => void;
};

/** One Gateway's Envoy; it exists as long as the Gateway does. */
type Slot = {
  gateway: EnvoyGateway;
  fingerprint: string;
  process: SupervisedProcess | undefined;
  serving: Serving | undefined;
};

/** Runs an Envoy for each Gateway: starts, adopts, restarts, drains and ends them. */
export function createEnvoySupervisor(options: EnvoySupervisorOptions): EnvoySupervisor {
  const {log, drainMs = 5_000, graceMs = 5_000} = options;
  const claims = createPortClaims();
  const slots = new Map<string, Slot>();
  /** Ends of Envoys that are on their way out, by Gateway: a successor waits for it. */
  const leaving = new Map<string, Promise<void>>();
  let cleaned = false;

  const ask = async (running: RunningProcess): Promise<void> => {
    const port = running.notes['adminPort'];
    if (port !== undefined) await drainAndWait(envoyAdmin(port), drainMs);
  };

  const start = (slot: Slot): void => {
    const {key} = slot.gateway;
    slot.process = superviseEnvoy(() => slot.gateway, claims, {
      ...options,
      onRunning: (running) => {
        for (const {port, holder} of claims.update(slot.gateway)) warnOfHolder(key, port, holder);
        slot.serving?.end();
        slot.serving = watchServing(
          running,
          () => slot.gateway,
          log,
          () => {
            if (options.onPortFreed === undefined) void slot.process?.restart(graceMs);
            else options.onPortFreed(slot.gateway);
          },
        );
      },
    });
  };

  const warnOfHolder = (gateway: string, port: number, holder: string): void =>
    log.error({gateway, port}, `port ${port} of Gateway ${gateway} is taken by Gateway ${holder}`);

  const end = async (slot: Slot): Promise<void> => {
    slot.serving?.end();
    await slot.process?.stop({graceMs, before: ask});
    claims.release(slot.gateway.key);
  };

  const remove = (key: string, slot: Slot): void => {
    slots.delete(key);
    const ended = (leaving.get(key) ?? Promise.resolve())
      .then(() => end(slot))
      .finally(() => {
        if (leaving.get(key) === ended) leaving.delete(key);
      });
    leaving.set(key, ended);
  };

  const update = (gateway: EnvoyGateway): void => {
    const slot = slots.get(gateway.key);
    const fingerprint = fingerprintOf(gateway, options);
    if (slot !== undefined && slot.fingerprint === fingerprint) {
      slot.gateway = gateway;
      if (slot.process?.running === undefined) return;
      for (const {port, holder} of claims.update(gateway)) warnOfHolder(gateway.key, port, holder);
      slot.serving?.check();
      return;
    }
    if (slot !== undefined) remove(gateway.key, slot);
    const made: Slot = {gateway, fingerprint, process: undefined, serving: undefined};
    slots.set(gateway.key, made);
    void (leaving.get(gateway.key) ?? Promise.resolve()).then(() => {
      if (slots.get(gateway.key) === made) start(made);
    });
  };

  /** Envoys of an earlier run that no Gateway wants any more. */
  const clean = (): void => {
    const wanted = new Set([...slots.values()].map(({gateway}) => gatewayFolder(gateway)));
    for (const folder of foldersIn(options.folder)) {
      if (wanted.has(folder)) continue;
      const found = findProcess(join(options.folder, folder));
      if (found === undefined) continue;
      const gateway = folder.replace('_', '/');
      const {pid} = found.process.identity;
      log.info({gateway, pid}, `Envoy of Gateway ${gateway}, which is gone, is drained and ended`);
      const ended = ask(found.process)
        .catch(() => {})
        .then(() => found.process.stop(graceMs))
        .finally(() => leaving.delete(gateway));
      leaving.set(gateway, ended);
    }
  };

  return {
    apply(gateways) {
      const wanted = new Map(gateways.map((gateway) => [gateway.key, gateway]));
      for (const [key, slot] of slots) if (!wanted.has(key)) remove(key, slot);
      for (const gateway of gateways) {
        // Without a port there is nothing to do yet; an Envoy that runs already may get one again.
        if (gateway.ports.length > 0 || slots.has(gateway.key)) update(gateway);
      }
      if (!cleaned) clean();
      cleaned = true;
    },
    views: () => [...slots.values()].map(viewOf),
    async settled(limitMs) {
      const until = Date.now() + limitMs;
      const open = (): boolean => [...slots.values()].some((slot) => viewOf(slot).state === 'starting');
      while (Date.now() < until && open()) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    async stop() {
      for (const [key, slot] of slots) remove(key, slot);
      await Promise.all(leaving.values());
    },
  };
}

function viewOf({gateway, process, serving}: Slot): EnvoyView {
  const running = process?.running;
  const problem = running === undefined ? process?.obstacle : serving?.problem();
  const state =
    running === undefined
      ? problem === undefined
        ? 'starting'
        : 'waiting'
      : serving?.ready()
        ? 'serving'
        : 'starting';
  return {
    gateway: gateway.key,
    state,
    restarts: process?.restarts ?? 0,
    ...(running && {pid: running.identity.pid, adopted: running.adopted}),
    ...(running?.notes['adminPort'] !== undefined && {adminPort: running.notes['adminPort']}),
    ...(problem !== undefined && {problem}),
  };
}

/** Whether an Envoy of an earlier run is still there, which a supervisor has to take over or to end. */
export function hasEnvoys(folder: string): boolean {
  return foldersIn(folder).some((gateway) => findProcess(join(folder, gateway)) !== undefined);
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, {withFileTypes: true})
      .filter((entry) => entry.isDirectory())
      .map(({name}) => name);
  } catch {
    return [];
  }
}
