import type {Counters, GraphEdge, TransformError} from './graph-api.ts';
import type {AnyCollection} from './definition.ts';
import type {Store} from './store.ts';
import type {Cause} from './dependency.ts';

/** What became of a row, for `why`. */
export type Origin = {readonly epoch: number; readonly causes: readonly Cause[]; readonly changed: boolean};

/**
 * A live definition: owns the stores of its outputs and brings them up to date when the scheduler says so. Nodes are
 * processed in order of rank; all sources of a node have lower ranks.
 */
export type Node = {
  readonly name: string;
  readonly kind: 'input' | 'derive' | 'group' | 'distinct' | 'join';
  readonly outputs: readonly Store[];
  rank: number;
  /** Processes what is dirty. Called at most once per epoch, unless its own rank had to be raised meanwhile. */
  process(): void;
  readonly counters: Tally;
  /** Where the row with that key came from; undefined where nothing is known of it. */
  origin(store: Store, key: string): Origin | undefined;
  /** The input row and the fetches that a row was made of. */
  madeOf(store: Store, key: string): {readonly from?: string; readonly dependencies: readonly string[]};
  /** Transforms that failed last; only nodes that run any have them. */
  errors?(): Iterable<TransformError>;
  /** Registered dependencies of this node on others; 0 after everything it was made from is gone. */
  readonly dependencyCount: number;
};

/** What a node needs of its graph. */
export type Host = {
  readonly epoch: number;
  readonly development: boolean;
  /** The store of a definition, made alive where it is not yet. */
  storeOf(collection: AnyCollection): Store;
  schedule(node: Node): void;
  /**
   * Records that `reader` reads `source`. Returns false when the reader's rank had to be raised above that of the source:
   * it must stop, and will be processed again in this epoch once the source is up to date.
   */
  connect(source: Store, reader: Node, how: GraphEdge['how']): boolean;
  diagnose(node: string, message: string): void;
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
