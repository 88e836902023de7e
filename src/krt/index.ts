/** The incremental collection engine. This is the only barrel of the project: import the engine from here. */
export {createGraph} from './graph.ts';
export {derive, deriveOutputs, distinct, group, index, input, join, singleton, union} from './operators.ts';
export {selectorMatches} from './selector.ts';
export {structurallyEqual} from './equality.ts';
export type {LabelSelector} from './selector.ts';
export type {Collection, AnyCollection, GroupRow, Index, Input, Labelled, Labels, Row} from './definition.ts';
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
  Transaction,
  TransformError,
  Why,
} from './graph-api.ts';
