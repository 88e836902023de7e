/**
 * Small generated programs over collections. A program is data: the graph of the engine is compiled from it
 * (program-graph.ts), and a naive interpreter says what it means (program-oracle.ts). What transforms do with their
 * context is in program-reads.ts, what they and others make of rows in program-rows.ts; both sides share them.
 */
import type {Labels, LabelSelector} from '../../src/krt/index.ts';
import type {Cell, IndexName, ProjectionName, Shape} from './program-rows.ts';

/** `varies`: another projection for odd rows than for even ones, in the same place of the transform. */
export type ProjectionSpec = ProjectionName | 'varies' | undefined;
export type Expression = 'own' | 'ref' | 'tag' | 'previous' | {readonly constant: string};
export type MatchSide = 'targets' | 'selectors';

/** A read as written: `from` is any number, taken modulo the collections, or matches, that can be read in that way. */
export type ReadSpec = {
  readonly from: number;
  readonly where:
    | {readonly kind: 'key'; readonly key: Expression; readonly interest: 'rows' | 'exists'}
    | {
        readonly kind: 'index';
        readonly index: IndexName;
        readonly value: Expression;
        readonly interest: 'rows' | 'count' | 'exists';
      }
    | {
        readonly kind: 'match';
        readonly side: MatchSide;
        readonly value: Expression;
        readonly interest: 'rows' | 'count' | 'exists';
      }
    | {readonly kind: 'all'; readonly interest: 'rows' | 'count'}
    | {readonly kind: 'select'; readonly selector: LabelSelector | undefined; readonly namespaced: boolean}
    | {readonly kind: 'selecting'; readonly labels: Labels | 'own'; readonly namespaced: boolean};
  readonly project: ProjectionSpec;
  /** Reads that are made only sometimes make the dependencies move. */
  readonly when: 'always' | 'odd' | 'found';
};

/** What a transform does besides yielding rows, now and then: before it reads anything, or when it has read all. */
export type Mood = {
  readonly onError: 'keep' | 'drop';
  readonly throws: 'never' | 'early' | 'late';
  readonly discards: 'never' | 'early' | 'late';
};

/** `matched`: with labels, selectors and a namespace of its own or without; `identity`: what is made anew is a change. */
export type TraitsSpec = {readonly matched: boolean; readonly namespaced: boolean; readonly identity: boolean};

export type TransformSpec = {readonly reads: readonly ReadSpec[]; readonly declared: boolean; readonly mood: Mood};

/** All references are any number, taken modulo what is defined before, so that shrinking a program keeps it valid. */
export type NodeSpec =
  | ({
      readonly kind: 'derive';
      readonly from: number;
      readonly shape: Shape;
      readonly traits: TraitsSpec;
    } & TransformSpec)
  | ({readonly kind: 'outputs'; readonly from: number; readonly shape: Shape} & TransformSpec)
  | ({readonly kind: 'singleton'} & TransformSpec)
  | {readonly kind: 'group' | 'distinct'; readonly from: number; readonly index: IndexName}
  | {readonly kind: 'join' | 'union' | 'merge'; readonly sources: readonly number[]; readonly traits: TraitsSpec}
  | {
      readonly kind: 'nested';
      readonly from: number;
      readonly members: readonly number[];
      readonly merges: boolean;
      readonly traits: TraitsSpec;
    }
  | {
      readonly kind: 'match';
      readonly selectors: number;
      readonly targets: number;
      readonly side: MatchSide;
      /** What is made of that side; the match itself is no collection. */
      readonly as: 'group' | 'distinct';
    };

export type Program = {
  readonly nodes: readonly NodeSpec[];
  /** Which collections the graph is asked for; the others come alive when, and if, something reads them. */
  readonly wanted: readonly boolean[];
};

/** Collections are numbered: the inputs, all with labels and selectors, then a trigger, then what nodes yield. */
export const INPUTS = 3;
export const TRIGGER = INPUTS;
/** The inputs whose rows have a namespace. */
export const NAMESPACED = 2;

export type Operation =
  | {readonly kind: 'set'; readonly input: number; readonly row: Cell}
  | {readonly kind: 'delete'; readonly input: number; readonly key: string}
  | {readonly kind: 'replaceAll'; readonly input: number; readonly rows: readonly Cell[]}
  | {readonly kind: 'fire'};

export type Match = {readonly selectors: number; readonly targets: number; readonly namespaced: boolean};

/** What is defined before a node: all that it may refer to. */
export type Scope = {
  readonly collections: number;
  /** The collections with labels and selectors. */
  readonly matched: readonly number[];
  readonly namespaced: ReadonlySet<number>;
  readonly matches: readonly Match[];
};

/** A node with its references resolved. */
export type Resolved = {
  readonly node: NodeSpec;
  readonly name: string;
  /** Numbers of its collections: two for `outputs`. */
  readonly collections: readonly number[];
  /** What it is made from, in order; for a match, the selectors and the targets. */
  readonly sources: readonly number[];
  /** What the rows of the source of a nested collection may stand for. */
  readonly members: readonly number[];
  readonly scope: Scope;
};

const MAX_DEPTH = 6;

export function resolveProgram({nodes}: Program): readonly Resolved[] {
  const depths: number[] = Array.from({length: TRIGGER + 1}, () => 0);
  const matched = Array.from({length: INPUTS}, (_, i) => i);
  const namespaced = new Set(matched.slice(0, NAMESPACED));
  const matches: Match[] = [];
  const shallow = (number: number, otherwise: number): number =>
    (depths[number] ?? 0) < MAX_DEPTH ? number : otherwise % INPUTS;
  const pick = (wish: number): number => shallow(wish % depths.length, wish);
  const pickMatched = (wish: number): number => shallow(matched[wish % matched.length] ?? 0, wish);
  return nodes.map((node, i) => {
    const scope = {
      collections: depths.length,
      matched: [...matched],
      namespaced: new Set(namespaced),
      matches: [...matches],
    };
    const sources = sourcesOf(node, pick, pickMatched);
    const members = node.kind === 'nested' ? node.members.map(pick) : [];
    const reads = 'reads' in node ? node.reads.flatMap((read) => readTargets(read, scope)) : [];
    const depth = 1 + Math.max(0, ...[...sources, ...members, ...reads].map((source) => depths[source] ?? 0));
    const collections = node.kind === 'outputs' ? [depths.length, depths.length + 1] : [depths.length];
    for (const number of collections) {
      depths.push(depth);
      if (!('traits' in node)) continue;
      if (node.traits.matched) matched.push(number);
      if (node.traits.namespaced) namespaced.add(number);
    }
    const [selectors = 0, targets = 0] = sources;
    if (node.kind === 'match')
      matches.push({selectors, targets, namespaced: scope.namespaced.has(selectors) && scope.namespaced.has(targets)});
    return {node, name: `${node.kind}-${i}`, collections, sources, members, scope};
  });
}

type Pick = (wish: number) => number;

function sourcesOf(node: NodeSpec, pick: Pick, pickMatched: Pick): readonly number[] {
  switch (node.kind) {
    case 'singleton':
      return [];
    case 'join':
    case 'union':
    case 'merge':
      return [...new Set(node.sources.map(pick))];
    case 'match':
      return [pickMatched(node.selectors), pickMatched(node.targets)];
    case 'derive':
    case 'outputs':
    case 'group':
    case 'distinct':
    case 'nested':
      return [pick(node.from)];
  }
}

/** The match that a read means; undefined where there is none yet, and it reads something else. */
export const matchOf = ({from}: ReadSpec, {matches}: Scope): Match | undefined => matches[from % matches.length];

/** Numbers of the collections that a read is about: the one whose rows it yields first. */
export function readTargets(spec: ReadSpec, scope: Scope): readonly number[] {
  switch (spec.where.kind) {
    case 'select':
    case 'selecting':
      return [scope.matched[spec.from % scope.matched.length] ?? 0];
    case 'match': {
      const match = matchOf(spec, scope);
      if (match === undefined) return [spec.from % scope.collections];
      return spec.where.side === 'targets' ? [match.targets, match.selectors] : [match.selectors, match.targets];
    }
    case 'key':
    case 'index':
    case 'all':
      return [spec.from % scope.collections];
  }
}
