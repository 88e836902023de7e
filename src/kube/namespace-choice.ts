/** Which namespaces are read. */
import {nameOf} from './definitions-watch.ts';
import type {Scope} from './kind-feed.ts';
import {groupKindOf, type KubeKind} from './kinds.ts';
import type {ReflectorSink} from './reflector-types.ts';

export type NamespaceChoice =
  | {readonly is: 'all'}
  | {readonly is: 'named'; readonly names: readonly string[]}
  /** Those that carry the labels now; a label selector as in a query: `team=a,env!=dev`. */
  | {readonly is: 'labelled'; readonly selector: string};

const EVERYWHERE: readonly Scope[] = [{id: ''}];

/** Where a kind is read. `labelled`: the namespaces that match, where the choice is by labels. */
export function scopesOf(kind: KubeKind, choice: NamespaceChoice, labelled: ReadonlySet<string>): readonly Scope[] {
  switch (choice.is) {
    case 'all':
      return EVERYWHERE;
    case 'named': {
      const names = [...new Set(choice.names)];
      if (kind.namespaced) return names.map((name) => ({id: name, namespace: name}));
      if (groupKindOf(kind) !== '/Namespace') return EVERYWHERE;
      // Reading these asks for no permission on others.
      return names.map((name) => ({id: name, fieldSelector: `metadata.name=${name}`}));
    }
    case 'labelled':
      return kind.namespaced ? [...labelled].map((name) => ({id: name, namespace: name})) : EVERYWHERE;
  }
}

/** Keeps a set of names in step with the namespaces that match a selector. */
export function namesSink(names: Set<string>, onChange: () => void): ReflectorSink {
  return {
    set: (object) => {
      const name = nameOf(object);
      if (name === undefined || names.has(name)) return;
      names.add(name);
      onChange();
    },
    removed: (object) => {
      if (names.delete(nameOf(object) ?? '')) onChange();
    },
    relist: () => {
      const taken = new Set<string>();
      return {
        take: (object) => void taken.add(nameOf(object) ?? ''),
        removed: (object) => void taken.delete(nameOf(object) ?? ''),
        done: () => {
          taken.delete('');
          names.clear();
          for (const name of taken) names.add(name);
          onChange();
        },
      };
    },
  };
}
