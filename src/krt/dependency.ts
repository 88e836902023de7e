import type {AnyIndex} from './definition.ts';
import type {LabelSelector} from './selector.ts';
import type {Store} from './store.ts';

/** Who is told when an answer may have changed: one run of a transform for one input row. */
export type Reader = {markDirty(cause: Cause): void; countScan(): void};

export type Cause = {readonly collection: string; readonly key: string};

/** What part of the answer the reader uses: the rows, their number, or only whether there is one. */
export type Interest = 'rows' | 'count' | 'exists';

type Where =
  | {readonly kind: 'key'; readonly value: string}
  | {readonly kind: 'index'; readonly index: AnyIndex; readonly value: string}
  | {readonly kind: 'all'}
  | {readonly kind: 'select'; readonly selector: LabelSelector};

/** One fetch of one run. `project` is replaced on every run, since it is usually a closure made anew. */
export type Dependency = {
  readonly store: Store;
  readonly reader: Reader;
  readonly where: Where;
  readonly interest: Interest;
  project: ((row: never) => unknown) | undefined;
};

/** Whether a fetch of a later run is the same dependency, so that its registration can stay. */
export function sameDependency(dependency: Dependency, store: Store, where: Where, interest: Interest): boolean {
  const old = dependency.where;
  if (dependency.store !== store || dependency.interest !== interest || old.kind !== where.kind) return false;
  switch (old.kind) {
    case 'all':
      return true;
    case 'key':
      return where.kind === 'key' && where.value === old.value;
    case 'index':
      return where.kind === 'index' && where.index === old.index && where.value === old.value;
    case 'select':
      return where.kind === 'select' && where.selector === old.selector;
  }
}

export function describeDependency({store, where}: Dependency): string {
  switch (where.kind) {
    case 'all':
      return store.name;
    case 'key':
      return `${store.name}[${where.value}]`;
    case 'index':
      return `${store.name} by ${where.index.name}[${where.value}]`;
    case 'select':
      return `${store.name} selected by ${JSON.stringify(where.selector)}`;
  }
}

export type {Where};
