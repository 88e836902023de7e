/** The incremental collection engine. This is the only barrel of the project: import the engine from here. */
export {createGraph} from './graph.ts';
export {transformErrors, TransformFailure} from './failures.ts';
export {CycleError} from './ranks.ts';
export {
  derive,
  deriveOutputs,
  distinct,
  group,
  index,
  input,
  join,
  matchJoin,
  merge,
  nested,
  singleton,
  trigger,
  union,
} from './operators.ts';
export {selectorMatches} from './selector.ts';
export {structurallyEqual} from './equality.ts';
export type {LabelSelector} from './selector.ts';
export type {
  AnyCollection,
  Collection,
  Equality,
  ErrorPolicy,
  GroupRow,
  Index,
  Input,
  Labelled,
  Labels,
  Match,
  Row,
  Selecting,
  Traits,
  Trigger,
  TriggerRow,
} from './definition.ts';
export type {Context} from './context.ts';
export type {Change, Commit, Delta} from './delta.ts';
export type {
  Conflated,
  Counters,
  DumpRow,
  Graph,
  GraphEdge,
  GraphNode,
  GraphOptions,
  HistoryEntry,
  InputChange,
  InputSource,
  NodeKind,
  Rates,
  Transaction,
  TransformError,
  Why,
} from './graph-api.ts';
