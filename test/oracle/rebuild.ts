/** Comparing a graph that lived through a history with one that is made anew of the same inputs. */
import {type AnyCollection, type Collection, createGraph, type Graph, structurallyEqual} from '../../src/krt/index.ts';
import {applyStep, copyInputs, type Step} from './world.ts';

/** A collection to compare; row types differ, so each brings its own reader. */
export type Watched = {
  readonly collection: AnyCollection;
  readonly rows: (graph: Graph) => readonly unknown[];
};
export const watched = <T>(collection: Collection<T>): Watched => ({
  collection,
  rows: (graph) => graph.list(collection),
});

export type Subject = {
  readonly graph: Graph;
  readonly diagnostics: readonly string[];
  /** All steps in one commit. */
  commit(steps: readonly Step[]): void;
};

/** A graph in development mode: rows frozen, transforms run twice. */
export function startSubject(collections: readonly Watched[]): Subject {
  const diagnostics: string[] = [];
  const graph = createGraph({
    outputs: collections.map(({collection}) => collection),
    development: true,
    onDiagnostic: ({node, message}) => diagnostics.push(`${node}: ${message}`),
  });
  const commit = (steps: readonly Step[]): void => {
    graph.commit((tx) => {
      for (const step of steps) applyStep(tx, step);
    });
  };
  return {graph, diagnostics, commit};
}

/** A collection whose rows differ between two graphs. */
export type Difference = {
  readonly collection: string;
  readonly rows: readonly unknown[];
  readonly expected: readonly unknown[];
};

export function differences(graph: Graph, other: Graph, collections: readonly Watched[]): readonly Difference[] {
  return collections
    .filter(({rows}) => !structurallyEqual(rows(graph), rows(other)))
    .map(({collection, rows}) => ({collection: collection.name, rows: rows(graph), expected: rows(other)}));
}

/**
 * How the rows differ from what the inputs alone say, what either graph had to report, and nodes that had to scan: empty
 * for a graph that is right.
 */
export function faultsOf({graph, diagnostics}: Subject, collections: readonly Watched[]): readonly unknown[] {
  const rebuilt = startSubject(collections);
  rebuilt.graph.commit((tx) => copyInputs(graph, tx));
  const faults = [
    ...differences(graph, rebuilt.graph, collections),
    ...diagnostics,
    ...rebuilt.diagnostics,
    ...[...graph.counters()].filter(([, {scans}]) => scans > 0).map(([node]) => `${node} scans`),
  ];
  rebuilt.graph.dispose();
  return faults;
}
