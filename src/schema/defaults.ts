/** Defaults of a structural schema, written into a value from the top down, as API servers do before they validate. */
import {isRecord} from './record.ts';
import type {CrdNode} from './structural.ts';

export type FillDefaults = (value: unknown) => void;

/** Undefined where no default stands at or below the node. */
export function fillDefaults(node: CrdNode): FillDefaults | undefined {
  const items = node.items === undefined ? undefined : fillDefaults(node.items);
  const values = typeof node.additionalProperties === 'object' ? fillDefaults(node.additionalProperties) : undefined;
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const below = fillDefaults(child);
    const make = child.default === undefined ? undefined : copier(child.default);
    return below === undefined && make === undefined ? [] : [{name, make, below}];
  });
  if (items === undefined && values === undefined && fields.length === 0) return undefined;
  return (value) => {
    if (Array.isArray(value)) {
      if (items !== undefined) for (const item of value) items(item);
    } else if (isRecord(value)) {
      const target: Record<string, unknown> = value; // a tree of our own: see validate()
      for (const {name, make, below} of fields) {
        if (make !== undefined && target[name] === undefined) target[name] = make();
        if (below !== undefined && target[name] !== undefined) below(target[name]);
      }
      if (values !== undefined) for (const child of Object.values(value)) values(child);
    }
  };
}

function copier(value: unknown): () => unknown {
  if (typeof value !== 'object' || value === null) return () => value;
  return () => structuredClone(value);
}
