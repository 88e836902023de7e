import type {Tracer} from '@opentelemetry/api';
import type {Observable} from 'rxjs';
import type {AnyCollection, Collection, Definition, Input, Row, Trigger} from './definition.ts';
import type {Commit, Delta} from './delta.ts';

/** Writes to inputs, staged until the commit ends; of several writes to one key the last counts. */
export type Transaction = {
  set<T>(input: Input<T>, row: NoInfer<T>): void;
  delete<T>(input: Input<T>, key: string): void;
  /** Makes the input hold exactly these rows, as the smallest set of changes. */
  replaceAll<T>(input: Input<T>, rows: Iterable<NoInfer<T>>): void;
  /** Makes every transform run again that read the trigger. */
  fire(trigger: Trigger): void;
};

/** Work done by one node since the graph was made, or since `resetCounters`. */
export type Counters = {
  /** Transform runs. */
  readonly runs: number;
  /** Rows added, changed or removed in its outputs. */
  readonly changed: number;
  /** Runs whose rows equalled the old ones, so that nothing downstream ran. */
  readonly cutOff: number;
  /** Rows that fetches of its transforms looked at. */
  readonly examined: number;
  /** Times a change had to be compared with a dependency that no index could rule out. */
  readonly scans: number;
};

/** A transform that failed: its last good rows stand until one of its inputs changes and it succeeds. `epoch` = since when. */
export type TransformError = Row & {
  readonly collection: string;
  readonly input: string;
  readonly message: string;
  readonly epoch: number;
};

export type NodeKind = Definition['kind'];

export type GraphNode = {
  readonly name: string;
  readonly kind: NodeKind;
  readonly outputs: readonly string[];
  readonly rank: number;
  readonly rows: number;
  readonly counters: Counters;
  readonly rates: Rates;
};

/** Counters set in relation: to the time since they were reset, and to the runs. 0 where there was no run. */
export type Rates = {
  readonly runsPerSecond: number;
  readonly changedPerSecond: number;
  readonly cutOffPerRun: number;
  readonly examinedPerRun: number;
};

export type GraphEdge = {readonly from: string; readonly to: string; readonly how: 'primary' | 'fetch'};

/** One step of an explanation: this row is as it is since that epoch, because of `causes`. */
export type Why = {
  readonly collection: string;
  readonly key: string;
  readonly epoch: number;
  readonly change: 'added' | 'changed' | 'unchanged' | 'absent' | 'removed' | 'written';
  readonly causes: readonly Why[];
};

/** One thing that happened, as the history keeps it: a write, or a run and what came of it. */
export type HistoryEntry = {
  readonly epoch: number;
  readonly node: string;
  /** The key of the input row that the transform ran for, or of the row written or combined. */
  readonly key: string;
  readonly cause: {readonly collection: string; readonly key: string} | undefined;
  readonly outcome: 'changed' | 'cut off' | 'failed' | 'removed';
  /** The collection that the key is of, where it is that of a row that was removed. */
  readonly collection?: string;
};

/** One row with what it was made of. */
export type DumpRow = {
  readonly key: string;
  readonly row: unknown;
  readonly from?: string;
  readonly dependencies: readonly string[];
};

export type GraphOptions = {
  /** The collections that must exist; everything they reach comes alive with them. */
  readonly outputs: readonly AnyCollection[];
  /** Deep-freezes rows, runs every transform twice and compares: for tests. */
  readonly development?: boolean;
  /** How many of the last runs and writes `history` remembers; 1024 unless told, 0 for none. */
  readonly history?: number;
  /** Makes a span of every epoch that was not empty, from its writes to the last subscriber. */
  readonly tracer?: Tracer;
  /**
   * Told of every failed transform and of every misuse that does not stop the commit, once the graph is at rest. It may
   * read the graph and write to it, as subscribers may.
   */
  readonly onDiagnostic?: (diagnostic: {readonly node: string; readonly message: string}) => void;
};

/** Where the rows of an input come from: each snapshot replaces all of them, each change is put on top. */
export type InputSource<T> =
  | {readonly snapshots: Observable<Iterable<T>>}
  | {readonly changes: Observable<InputChange<T>>};
export type InputChange<T> = {readonly set?: Iterable<T>; readonly delete?: Iterable<string>};

export type Graph = {
  readonly epoch: number;
  /**
   * Runs `write`, then brings the whole graph to rest, then tells subscribers. Returns the epoch. Where `write` throws,
   * nothing of it takes effect and the error is the caller's. A commit made by a subscriber becomes an epoch of its own
   * after the present one; if its `write` throws, that is reported as a diagnostic. Throws where subscribers do not
   * stop writing, and inside a transform or another commit's `write`; throws TransformFailure where a transform failed
   * whose policy is `fail`, with everything else in effect.
   */
  commit(write: (tx: Transaction) => void): number;
  /**
   * For much at once, such as the first load: makes several commits of the writes, each about as long as `budget`
   * (milliseconds, 10 unless told), and lets the event loop turn between them. A write itself is never cut. Resolves with
   * the last epoch; rejects where a write throws, with the slices before it in effect. Only use it where the states in
   * between may be seen.
   */
  commitInSlices(
    writes: Iterable<(tx: Transaction) => void>,
    options?: {readonly budget?: number; readonly signal?: AbortSignal},
  ): Promise<number>;
  /**
   * Feeds an input from an observable, a commit for each emission, until the returned function is called or the
   * observable completes. An error of the observable is a diagnostic; the last rows stand.
   */
  connect<T>(input: Input<T>, source: InputSource<T>): () => void;
  get<T>(collection: Collection<T>, key: string): T | undefined;
  /** All rows, sorted by key. */
  list<T>(collection: Collection<T>): readonly T[];
  size(collection: AnyCollection): number;
  /** Failed transforms, sorted by key. As a collection that transforms can read: `transformErrors`. */
  errors(): readonly TransformError[];
  /** Calls back after every commit that changed the collection; with `replay`, at once with a snapshot as well. */
  subscribe<T>(
    collection: Collection<T>,
    onDelta: (delta: Delta<T>) => void,
    options?: {readonly replay?: boolean},
  ): () => void;
  /** Calls back once per commit that changed any of the collections. */
  onCommit(collections: readonly AnyCollection[], callback: (commit: Commit) => void): () => void;
  deltas$<T>(collection: Collection<T>): Observable<Delta<T>>;
  commits$(collections: readonly AnyCollection[]): Observable<Commit>;
  /** Like deltas$, but changes that a slow subscriber has not taken yet are merged per key until it takes them. */
  conflated$<T>(collection: Collection<T>): Observable<Conflated<T>>;
  /**
   * Lets go of a collection that the graph was made with, or that was asked for since. It, and whatever only it needed, is
   * freed; where somebody is subscribed to it, as soon as they have left. Inputs that were written stay until they are let
   * go of themselves.
   */
  retire(collection: AnyCollection): void;
  counters(): ReadonlyMap<string, Counters>;
  resetCounters(): void;
  nodes(): readonly GraphNode[];
  edges(): readonly GraphEdge[];
  mermaid(): string;
  dump(collection: AnyCollection | string): readonly DumpRow[];
  why(collection: AnyCollection | string, key: string): Why;
  /** What happened last, oldest first. */
  history(): readonly HistoryEntry[];
  /** Finds a live collection by its name. */
  find(name: string): AnyCollection | undefined;
  /** Dependencies registered by fetches, in total; 0 after every row that fetched is gone. For hunting leaks. */
  registrations(): number;
  /** Frees everything. Streams are complete; reading and writing rows throws afterwards, and all else tells of nothing. */
  dispose(): void;
};

/** A pull handle: `take` returns all that changed since the last take, at most one change per key. */
export type Conflated<T> = {take(): Delta<T> | undefined};
