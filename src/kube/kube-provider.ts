/** A Kubernetes cluster as a source of objects: everything read once, then watched. The file provider's counterpart. */
import type {Problem} from '../api/problem.ts';
import type {KubeClient} from './client.ts';
import {type Clock, systemClock} from './clock.ts';
import {Counters, type KubeMetric} from './counters.ts';
import {definitionsSink, definitionsSource} from './definitions-watch.ts';
import {createDiscovery} from './discovery.ts';
import {KindFeed, type KindState} from './kind-feed.ts';
import {KindTable} from './kind-table.ts';
import {groupKindOf, type KubeKind, kubeKinds} from './kinds.ts';
import type {LiveObjects} from './live-objects.ts';
import {LiveStore} from './live-store.ts';
import {type NamespaceChoice, namesSink, scopesOf} from './namespace-choice.ts';
import {type Batch, Outgoing} from './outgoing.ts';
import type {ReflectorSink, ReflectorState, Source} from './reflector-types.ts';
import {type Reflector, startReflector} from './reflector.ts';
import {type KubeLog, ServerLog} from './server-log.ts';
import {Turns} from './turns.ts';

export type KubeProviderOptions = {
  readonly client: KubeClient;
  /** What to call the server in problems and in the log: its URL. */
  readonly server: string;
  /** kubeKinds by default. */
  readonly kinds?: readonly KubeKind[];
  /** All by default. */
  readonly namespaces?: NamespaceChoice;
  /** Net changes; never empty but for the first, which start() delivers before it resolves. */
  readonly onChanges: (batch: Batch) => void;
  /** An object that came cannot be used; each version is told once. Called before onChanges. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
  readonly log: KubeLog;
  readonly clock?: Clock;
  /** From 0 to below 1; spreads what many clients would do at once. */
  readonly random?: () => number;
  /** Whether to ask for everything by watches, where the server can do that. True by default. */
  readonly watchLists?: boolean;
};

export type KubeProvider = {
  /** Resolves when everything there is has been delivered, however long that takes, or when stopped. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** All there are now: objects that cannot be used, kinds that may not be read. */
  readonly problems: () => readonly Problem[];
  /** The statuses of what is read, for whoever writes them. */
  readonly live: LiveObjects;
  /** How each kind is doing, by `group/Kind`. */
  readonly states: () => ReadonlyMap<string, KindState>;
  readonly metrics: () => readonly KubeMetric[];
};

/** How often definitions are looked for where they cannot be watched, and where they can, in milliseconds. */
const LOOK_MS = 3_000;
const LOOK_RARELY_MS = 60_000;
/** A server that comes and goes is said to be back that often at most. */
const BACK_MS = 800;

export function createKubeProvider(options: KubeProviderOptions): KubeProvider {
  return new Provider(options);
}

class Provider implements KubeProvider {
  readonly live = new LiveStore();
  readonly #options: KubeProviderOptions;
  readonly #clock: Clock;
  readonly #namespaces: NamespaceChoice;
  readonly #counters = new Counters();
  readonly #turns = new Turns();
  readonly #outgoing: Outgoing;
  readonly #log: ServerLog;
  readonly #tables = new Map<string, KindTable>();
  readonly #feeds: readonly KindFeed[];
  readonly #watchLists: {areServed: boolean};
  /** Of definitions and of namespaces: what is not delivered, but tells what is. */
  readonly #guides: Reflector[] = [];
  readonly #guideStates = new Map<string, ReflectorState>();
  readonly #labelled = new Set<string>();
  #areNamespacesKnown: boolean;
  /** Definitions may not be watched, or there are none in this server. */
  #areDefinitionsUnseen = false;
  #cancelLook = (): void => {};
  #isDelivered = false;
  #wasBack = -Infinity;
  #isStopped = false;
  #report: NodeJS.Immediate | undefined;
  #started: (() => void) | undefined;

  constructor(options: KubeProviderOptions) {
    const {client, kinds = kubeKinds, clock = systemClock, random, log, server, watchLists = true} = options;
    this.#options = options;
    this.#clock = clock;
    this.#namespaces = options.namespaces ?? {is: 'all'};
    this.#areNamespacesKnown = this.#namespaces.is !== 'labelled';
    this.#watchLists = {areServed: watchLists};
    this.#outgoing = new Outgoing(kinds.map(groupKindOf), (batch) => this.#deliver(batch));
    this.#log = new ServerLog(log, server);
    const discovery = createDiscovery(client, clock);
    this.#feeds = kinds.map((kind) => {
      const groupKind = groupKindOf(kind);
      const table = new KindTable({
        kind,
        server,
        outgoing: this.#outgoing,
        live: this.live,
        onBad: (problem) => this.#onBad(kind, problem),
      });
      this.#tables.set(groupKind, table);
      return new KindFeed({
        kind,
        table,
        client,
        clock,
        discovery,
        meter: this.#counters.meterOf(kind.kind),
        turns: this.#turns,
        watchLists: this.#watchLists,
        ...(random !== undefined && {random}),
        onState: () => this.#onState(),
        onBack: () => this.#onBack(),
      });
    });
  }

  start = (): Promise<void> => {
    const started = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
    if (this.#isStopped) this.#started?.();
    else this.#read();
    return started;
  };

  stop = (): Promise<void> => {
    this.#isStopped = true;
    this.#cancelLook();
    clearImmediate(this.#report);
    this.#outgoing.close();
    for (const guide of this.#guides) guide.stop();
    for (const feed of this.#feeds) feed.stop();
    this.#started?.();
    return Promise.resolve();
  };

  problems = (): readonly Problem[] => {
    const {server} = this.#options;
    const states: (readonly [string, KindState])[] = this.#feeds.map(({kind, state}) => [kind.kind, state]);
    const ofKinds = [...states, ...this.#guideStates].flatMap(([object, state]): Problem[] =>
      state.is === 'forbidden' || state.is === 'unreachable' || state.is === 'missing'
        ? [{file: server, document: 0, object, message: state.message}]
        : [],
    );
    return [...ofKinds, ...[...this.#tables.values()].flatMap((table) => table.problems())];
  };

  states = (): ReadonlyMap<string, KindState> => {
    return new Map(this.#feeds.map(({kind, state}) => [groupKindOf(kind), state]));
  };

  metrics = (): readonly KubeMetric[] => {
    return [
      ...this.#counters.metrics(),
      {
        name: 'sluice_kube_objects',
        help: 'Objects known.',
        type: 'gauge',
        samples: this.#feeds.map(({kind}) => ({
          labels: {kind: kind.kind},
          value: this.#tables.get(groupKindOf(kind))?.size ?? 0,
        })),
      },
      {
        name: 'sluice_kube_following',
        help: '1 where a kind is known completely and followed, 0 where what is known of it may be old.',
        type: 'gauge',
        samples: this.#feeds.map(({kind, state}) => ({
          labels: {kind: kind.kind, state: state.is},
          value: state.is === 'following' || state.is === 'not served' ? 1 : 0,
        })),
      },
    ];
  };

  #read(): void {
    const byDefinition = new Map(this.#feeds.map((feed) => [`${feed.kind.plural}.${feed.kind.group}`, feed]));
    this.#setScopes();
    if (this.#namespaces.is === 'labelled') {
      const source: Source = {path: '/api/v1/namespaces', query: {labelSelector: this.#namespaces.selector}};
      this.#follow(
        source,
        'namespaces',
        namesSink(this.#labelled, () => this.#setScopes()),
        ({is}) => {
          if (is === 'following') this.#areNamespacesKnown = true;
          this.#onState();
        },
      );
    }
    const sink = definitionsSink((name) => byDefinition.get(name)?.definitionChanged());
    this.#follow(definitionsSource, 'definitions', sink, ({is}) => {
      this.#areDefinitionsUnseen = is === 'forbidden' || is === 'missing';
    });
    this.#lookLater(LOOK_MS);
  }

  #follow(source: Source, name: string, sink: ReflectorSink, onState: (state: ReflectorState) => void): void {
    const {client, random} = this.#options;
    const meter = this.#counters.meterOf(name);
    const common = {
      client,
      clock: this.#clock,
      turns: this.#turns,
      watchLists: this.#watchLists,
      ...(random !== undefined && {random}),
    };
    let before: ReflectorState['is'] = 'starting';
    const told = (state: ReflectorState): void => {
      if (before === 'unreachable' && (state.is === 'following' || state.is === 'starting')) this.#onBack();
      before = state.is;
      onState(state);
    };
    this.#guides.push(startReflector({...common, source, sink, meter, onState: told}));
  }

  #lookLater(ms: number): void {
    this.#cancelLook = this.#clock.after(ms, () => {
      for (const feed of this.#feeds) feed.lookAgain();
      this.#lookLater(this.#areDefinitionsUnseen ? LOOK_MS : LOOK_RARELY_MS);
    });
  }

  #setScopes(): void {
    for (const feed of this.#feeds) feed.setScopes(scopesOf(feed.kind, this.#namespaces, this.#labelled));
  }

  /** Looked at once a turn: at a start thousands of states may change. */
  #onState(): void {
    if (this.#isStopped) return;
    this.#report ??= setImmediate(() => {
      this.#report = undefined;
      this.#review();
    });
  }

  #review(): void {
    this.#log.states(new Map<string, KindState>([...this.states(), ...this.#guideStates]));
    if (this.#isDelivered || !this.#areNamespacesKnown) return;
    if (!this.#feeds.every(({isComplete}) => isComplete)) return;
    this.#isDelivered = true;
    this.#outgoing.release();
    this.#started?.();
  }

  /** Those that have failed longest wait longest: one that reaches the server spares the others that. */
  #onBack(): void {
    const now = this.#clock.now();
    if (now - this.#wasBack < BACK_MS) return;
    this.#wasBack = now;
    for (const reader of [...this.#feeds, ...this.#guides]) reader.serverIsBack();
  }

  #onBad(kind: KubeKind, problem: Problem): void {
    this.#counters.badObject(kind.kind);
    this.#options.onProblems?.([problem]);
  }

  #deliver(batch: Batch): void {
    try {
      this.#options.onChanges(batch);
    } catch (error) {
      // What it throws is not about the cluster: reading goes on.
      this.#log.fault(error);
    }
  }
}
