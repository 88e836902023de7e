/**
 * One kind, wherever it is to be read: finds out which version the server has, reads it from each namespace or from all
 * at once, and starts over when a CustomResourceDefinition comes, goes or changes.
 */
import type {Clock} from './clock.ts';
import type {KubeClient} from './client.ts';
import type {Discovery} from './discovery.ts';
import {collectionPath, type KubeKind} from './kinds.ts';
import type {KindTable} from './kind-table.ts';
import {Pause} from './pauses.ts';
import type {ReflectorMeter, ReflectorState} from './reflector-types.ts';
import {type Reflector, startReflector} from './reflector.ts';
import type {Turns} from './turns.ts';

/** Where a kind is read: in all namespaces, in one, or one object alone. */
export type Scope = {
  /** Unique among the scopes of a kind. */
  readonly id: string;
  readonly namespace?: string;
  readonly fieldSelector?: string;
};

export type KindState =
  | ReflectorState
  /** The server has no such kind; certainly so. */
  | {readonly is: 'not served'};

export type KindFeedOptions = {
  readonly kind: KubeKind;
  readonly table: KindTable;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly discovery: Discovery;
  readonly meter: ReflectorMeter;
  readonly turns: Turns;
  readonly watchLists: {areServed: boolean};
  readonly random?: () => number;
  /** The state of a scope or of the kind has changed, or whether everything is known. */
  readonly onState: () => void;
  /** The server could not be reached, and was. */
  readonly onBack: () => void;
};

type Reading = {
  readonly reflector: Reflector;
  readonly scope: Scope;
  state: ReflectorState;
  isComplete: boolean;
  /** Ends the waiting for a permission. */
  cancelWait: () => void;
};

/** What is forbidden at first may be so because the server has just started; later it is taken for what it says. */
const FORBIDDEN_MS = 10_000;
/** Times to look for a kind whose definition has just changed; the server takes a moment to act on it. */
const LOOKS_MS = [0, 100, 300, 700, 1_500, 3_000, 5_000];

export class KindFeed {
  readonly #options: KindFeedOptions;
  readonly #readings = new Map<string, Reading>();
  readonly #pause: Pause;
  #scopes: readonly Scope[] = [];
  /** Undefined while the server does not have the kind. */
  #version: string | undefined;
  #isLooking = false;
  /** Number of the look under way; those before it are over. */
  #looks = 0;
  #isStopped = false;

  constructor(options: KindFeedOptions) {
    this.#options = options;
    this.#version = options.kind.versions[0];
    this.#pause = new Pause(options.clock);
  }

  get kind(): KubeKind {
    return this.#options.kind;
  }

  /** That is read; undefined while there is none. */
  get version(): string | undefined {
    return this.#version;
  }

  /** The worst of all scopes. */
  get state(): KindState {
    if (this.#version === undefined) return {is: 'not served'};
    const states = [...this.#readings.values()].map(({state}) => state);
    return states.find(({is}) => is !== 'following') ?? {is: 'following'};
  }

  /** Whether everything there is has been read, or it is clear that there is nothing to be had. */
  get isComplete(): boolean {
    return this.#version === undefined || [...this.#readings.values()].every(({isComplete}) => isComplete);
  }

  /** Reads these and no others. What was read elsewhere is gone. */
  setScopes(scopes: readonly Scope[]): void {
    this.#scopes = scopes;
    const ids = new Set(scopes.map(({id}) => id));
    for (const [id, reading] of this.#readings) {
      if (ids.has(id)) continue;
      end(reading);
      this.#readings.delete(id);
      this.#options.table.drop(id);
    }
    this.#readAll();
    this.#options.onState();
  }

  /** The kind's definition was changed: the server may take a moment to act on it. */
  definitionChanged(): void {
    if (this.#isAsGoodAsCan) return;
    void this.#look(LOOKS_MS);
  }

  /** It is time to look again for what was not there. How the server is, reflectors find out by themselves. */
  lookAgain(): void {
    if (this.#version === this.#options.kind.versions[0] || this.#isLooking) return;
    void this.#look([0]);
  }

  serverIsBack(): void {
    for (const {reflector} of this.#readings.values()) reflector.serverIsBack();
  }

  stop(): void {
    this.#isStopped = true;
    this.#looks++;
    this.#pause.end();
    for (const reading of this.#readings.values()) end(reading);
    this.#readings.clear();
  }

  #readAll(): void {
    const version = this.#version;
    if (version === undefined || this.#isStopped) return;
    for (const scope of this.#scopes) if (!this.#readings.has(scope.id)) this.#read(scope, version);
  }

  #read(scope: Scope, version: string): void {
    const {kind, table, client, clock, meter, turns, watchLists, random} = this.#options;
    const fieldSelector = [kind.fieldSelector, scope.fieldSelector].filter((part) => part !== undefined).join(',');
    const reflector = startReflector({
      client,
      clock,
      meter,
      turns,
      watchLists,
      ...(random !== undefined && {random}),
      source: {
        path: collectionPath(kind, version, scope.namespace),
        query: fieldSelector === '' ? {} : {fieldSelector},
      },
      sink: table.sink(scope.id, version),
      onState: (state) => {
        const reading = this.#readings.get(scope.id);
        if (reading?.reflector === reflector) this.#changed(reading, state);
      },
    });
    this.#readings.set(scope.id, {reflector, scope, state: {is: 'starting'}, isComplete: false, cancelWait: () => {}});
  }

  #changed(reading: Reading, state: ReflectorState): void {
    const {is: before} = reading.state;
    reading.state = state;
    switch (state.is) {
      case 'following':
        reading.isComplete = true;
        if (before === 'unreachable') this.#options.onBack();
        break;
      case 'missing':
        // It may be gone, or had in another version only.
        if (!this.#isLooking) void this.#look([0]);
        break;
      case 'forbidden':
        if (before !== 'forbidden') this.#giveUpLater(reading);
        break;
      case 'starting':
        if (before === 'unreachable') this.#options.onBack();
        break;
      case 'unreachable':
        break;
    }
    this.#options.onState();
  }

  /** Nobody is kept waiting for ever by a permission that is missing. What was known before stays. */
  #giveUpLater(reading: Reading): void {
    reading.cancelWait = this.#options.clock.after(FORBIDDEN_MS, () => {
      if (reading.state.is !== 'forbidden' || this.#readings.get(reading.scope.id) !== reading) return;
      reading.isComplete = true;
      this.#options.onState();
    });
  }

  get #isAsGoodAsCan(): boolean {
    return this.#version === this.#options.kind.versions[0] && this.state.is === 'following';
  }

  /** Asks the server what it has, and again after each of the times until it has the best. Ends the look before it. */
  async #look(times: readonly number[]): Promise<void> {
    const {kind, discovery} = this.#options;
    const look = ++this.#looks;
    this.#isLooking = true;
    this.#pause.end();
    for (const ms of times) {
      if (ms > 0) await this.#pause.wait(ms);
      if (look !== this.#looks) return;
      try {
        const version = await discovery.versionOf(kind);
        if (look !== this.#looks) return;
        if (version !== this.#version) this.#use(version);
        // There all along, says the server. Where it was changed a moment ago, it may be had by now.
        else if (times.length > 1) this.#pokeMissing();
      } catch {
        // Nothing is known then. Reflectors tell how the server is.
      }
      if (look !== this.#looks) return;
      if (this.#isAsGoodAsCan) break;
    }
    this.#isLooking = false;
  }

  #pokeMissing(): void {
    for (const {reflector, state} of this.#readings.values()) if (state.is === 'missing') reflector.poke();
  }

  #use(version: string | undefined): void {
    const before = new Map(this.#readings);
    for (const reading of before.values()) end(reading);
    this.#readings.clear();
    this.#version = version;
    if (version === undefined) for (const {id} of this.#scopes) this.#options.table.drop(id);
    this.#readAll();
    // What is known of another version stays until this one is read: for the time being it is complete.
    for (const [id, reading] of this.#readings) reading.isComplete = before.get(id)?.isComplete ?? reading.isComplete;
    this.#options.onState();
  }
}

function end({reflector, cancelWait}: Reading): void {
  cancelWait();
  reflector.stop();
}
