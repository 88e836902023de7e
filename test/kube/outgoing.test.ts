import {describe, expect, it} from 'vitest';
import type {KubeObject} from '../../src/api/object.ts';
import {type Batch, Outgoing} from '../../src/kube/outgoing.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const object = (name: string, generation = 1): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: {name, generation},
});

describe('changes on their way out', () => {
  const made = (): {outgoing: Outgoing; told: () => string[][]} => {
    const batches: Batch[] = [];
    return {
      outgoing: new Outgoing(['/First', '/Second'], (batch) => void batches.push(batch)),
      told: () =>
        batches
          .splice(0)
          .map(({set, removed}) => [
            ...removed.map(({groupKind, key}) => `-${groupKind} ${key}`),
            ...set.map(({metadata}) => `+${metadata.name} ${metadata.generation}`),
          ]),
    };
  };

  it('are held until all is known, then go in the order of the kinds', async () => {
    const {outgoing, told} = made();
    outgoing.set('/Second', 'b', object('b'));
    outgoing.set('/First', 'a', object('a'));
    await turn();
    expect(told()).toEqual([]);
    outgoing.release();
    expect(told()).toEqual([['+a 1', '+b 1']]);
  });

  it('go once a turn, the last word on each object alone', async () => {
    const {outgoing, told} = made();
    outgoing.release();
    told();
    outgoing.set('/First', 'a', object('a'));
    outgoing.set('/First', 'a', object('a', 2));
    outgoing.set('/First', 'b', object('b'));
    outgoing.remove('/First', 'b');
    outgoing.remove('/First', 'c');
    outgoing.set('/First', 'c', object('c', 3));
    outgoing.set('/First', 'c', object('c', 4));
    expect(told()).toEqual([]);
    await turn();
    expect(told()).toEqual([['-/First b', '-/First c', '+a 2', '+c 4']]);
    await turn();
    expect(told()).toEqual([]);
  });

  it('do not go any more when it is closed', async () => {
    const {outgoing, told} = made();
    outgoing.release();
    told();
    outgoing.set('/First', 'a', object('a'));
    outgoing.close();
    outgoing.set('/First', 'b', object('b'));
    await turn();
    expect(told()).toEqual([]);
  });
});
