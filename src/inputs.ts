/** What providers deliver, on its way into the inputs of the graph: the same for files and for clusters. */
import {inputsByGroupKind} from '../collections/inputs.ts';
import {groupKind, type KubeObject} from './api/object.ts';
import type {Transaction} from './krt/index.ts';

/** Net changes. What is in both lists is another object of the same name: removed first, then set. */
export type Batch = {
  readonly set: readonly KubeObject[];
  readonly removed: readonly {readonly groupKind: string; readonly key: string}[];
};

export type Write = (tx: Transaction) => void;

export type Inputs = {
  /** What is there without any object: once, before anything else or together with the first batch. */
  begin(tx: Transaction): void;
  write(tx: Transaction, batch: Batch): void;
  /**
   * What `write` does, one object at a time and kind by kind: what is referred to comes before what refers to it, so that
   * little is derived twice where a group is in the graph before the next one follows.
   */
  writes(batch: Batch): readonly (readonly Write[])[];
};

/** Whether objects of this kind have a place in the graph; others are read and validated, and nothing is made of them. */
export const isUsed = (object: KubeObject): boolean => inputsByGroupKind.has(groupKind(object));

/** What becomes of one object. */
export type ObjectWrites = {
  readonly set: (tx: Transaction, object: KubeObject) => void;
  readonly remove: (tx: Transaction, groupKind: string, key: string) => void;
};

/** An object goes into the input of its kind, if there is one. */
export const plainWrites: ObjectWrites = {
  set: (tx, object) => {
    const input = inputsByGroupKind.get(groupKind(object));
    if (input !== undefined) tx.set(input, object);
  },
  remove: (tx, kind, key) => {
    const input = inputsByGroupKind.get(kind);
    if (input !== undefined) tx.delete(input, key);
  },
};

export function createInputs(begin: (tx: Transaction) => void, {set, remove}: ObjectWrites = plainWrites): Inputs {
  return {
    begin,
    write(tx, batch) {
      for (const {groupKind: kind, key} of batch.removed) remove(tx, kind, key);
      for (const object of batch.set) set(tx, object);
    },
    writes(batch) {
      const byKind = new Map([...inputsByGroupKind.keys()].map((kind): [string, Write[]] => [kind, []]));
      for (const object of batch.set) byKind.get(groupKind(object))?.push((tx) => set(tx, object));
      const removals = batch.removed.map(
        ({groupKind: kind, key}): Write =>
          (tx) =>
            remove(tx, kind, key),
      );
      return [removals, ...byKind.values()];
    },
  };
}
