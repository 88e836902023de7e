import type {AnyCollection, AnyIndex} from './definition.ts';
import type {Entry} from './entry.ts';
import type {Counters, GraphEdge, HistoryEntry, NodeKind, TransformError} from './graph-api.ts';
import type {Grouping} from './grouping.ts';
import type {Slot, Watcher} from './slot.ts';
import type {Store} from './store.ts';

/** What became of a row, for `why`. */
export type Origin = {readonly epoch: number; readonly causes: readonly Slot[]; readonly changed: boolean};

/**
 * A live definition: owns the stores of its outputs and brings them up to date when the scheduler says so. Nodes are
 * processed in order of rank; all sources of a node have lower ranks.
 */
export type Node = {
  readonly name: string;
  readonly kind: NodeKind;
  readonly outputs: readonly Store[];
  rank: number;
  /** Waits for its turn; the scheduler's. */
  isScheduled: boolean;
  /** Who comes after it in the chain of those that wait; the scheduler's. */
  scheduledNext: Node | undefined;
  readonly counters: Tally;
  /** Processes what is dirty. Called at most once per epoch, unless its own rank had to be raised meanwhile. */
  process(): void;
  /** Where the row came from; undefined where nothing is known of it. */
  origin(slot: Slot): Origin | undefined;
  /** The input row and the fetches that a row was made of. */
  madeOf(slot: Slot): {readonly from?: string; readonly dependencies: readonly string[]};
  /** Lets go of everything that it is registered at. The node is not used any more. */
  detach(): void;
  /** Who is registered at the node itself, not at its stores; only of a match. */
  watchers?(): Iterable<Watcher>;
};

/** What a node needs of its graph. */
export type Host = {
  readonly epoch: number;
  readonly development: boolean;
  /** The store of a definition, made alive where it is not yet. */
  storeOf(collection: AnyCollection): Store;
  /** The live form of an index, made where it is not yet. */
  groupingOf(index: AnyIndex): Grouping;
  schedule(node: Node): void;
  /**
   * Records that `reader` reads what `source` makes. Returns false when the reader's rank had to be raised above that of
   * the source: it must stop, and will be processed again in this epoch once the source is up to date.
   */
  link(source: Node, reader: Node, how: GraphEdge['how']): boolean;
  diagnose(node: string, message: string): void;
  /** A store has its first change of the epoch that somebody is subscribed to. */
  touched(store: Store): void;
  /** The error of an entry appeared, changed or went. `fatal` = the commit is to throw. */
  errorChanged(entry: Entry, error: TransformError | undefined, fatal: boolean): void;
  /** `collection` is told of rows that were removed. */
  remember(
    node: Node,
    key: string,
    cause: Slot | undefined,
    outcome: HistoryEntry['outcome'],
    collection?: string,
  ): void;
};

/** Counters while they count; `read` is what users see of them. */
export class Tally {
  runs = 0;
  changed = 0;
  cutOff = 0;
  examined = 0;
  scans = 0;

  read(): Counters {
    const {runs, changed, cutOff, examined, scans} = this;
    return {runs, changed, cutOff, examined, scans};
  }

  reset(): void {
    this.runs = this.changed = this.cutOff = this.examined = this.scans = 0;
  }
}
