import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {sameDesired} from '../../collections/desired-state.ts';
import type {KubeObject} from '../../src/api/object.ts';
import {structurallyEqual} from '../../src/krt/index.ts';
import {objectArbitrary} from '../oracle/world.ts';

/** The object without all that is no wish. */
function desired(object: KubeObject): object {
  const withoutStatus = Object.fromEntries(Object.entries(object).filter(([field]) => field !== 'status'));
  const metadata = Object.entries(object.metadata).filter(
    ([field]) => field !== 'resourceVersion' && field !== 'managedFields',
  );
  return {...withoutStatus, metadata: Object.fromEntries(metadata)};
}

const copy = fc.clone(objectArbitrary, 2);
const pair = fc.oneof(fc.tuple(objectArbitrary, objectArbitrary), copy);

describe('sameDesired', () => {
  it('is equality of what is left without status, resourceVersion and managedFields', () => {
    let same = 0;
    fc.assert(
      fc.property(pair, objectArbitrary, ([a, b], other) => {
        // What the other has besides its wish, this one has now.
        const served = {...other, ...desired(a), metadata: {...other.metadata, ...a.metadata, name: a.metadata.name}};
        for (const [old, now] of [
          [a, b],
          [a, served],
          [served, a],
        ] as const) {
          const expected = structurallyEqual(desired(old), desired(now));
          expect(sameDesired(old, now)).toBe(expected);
          if (expected) same++;
        }
      }),
      {numRuns: 500},
    );
    expect(same).toBeGreaterThan(100);
  });

  const object: KubeObject & {readonly spec: object} = {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: {name: 'a', namespace: 'b', uid: 'u', resourceVersion: '1', generation: 1},
    spec: {x: [1, {y: 2}]},
  };
  const meta = (change: Partial<KubeObject['metadata']>) => ({...object, metadata: {...object.metadata, ...change}});

  it('takes versions of one uid with one resourceVersion for the same without comparing them', () => {
    const unreadable = Object.defineProperty({...object}, 'spec', {
      enumerable: true,
      get: () => expect.fail('it was compared'),
    });
    expect(sameDesired(object, unreadable)).toBe(true);
    expect(() => sameDesired(meta({resourceVersion: '2'}), unreadable)).toThrow('it was compared');
  });

  it.each<[string, KubeObject, boolean]>([
    ['a copy', structuredClone(object), true],
    ['another resourceVersion', meta({resourceVersion: '2'}), true],
    ['another spec of another version', {...meta({resourceVersion: '2'}), spec: {x: []}} as KubeObject, false],
    ['another uid, as of an object that was made anew', meta({uid: 'v'}), false],
    ['another generation', meta({resourceVersion: '2', generation: 2}), false],
    ['labels', meta({resourceVersion: '2', labels: {}}), false],
    ['annotations', meta({resourceVersion: '2', annotations: {a: 'b'}}), false],
  ])('%s', (_, now, same) => {
    expect(sameDesired(object, now)).toBe(same);
    expect(sameDesired(now, object)).toBe(same);
  });

  it('compares what has no uid or no resourceVersion', () => {
    const {resourceVersion: _version, ...withoutVersion} = object.metadata;
    const {uid: _uid, ...withoutUid} = object.metadata;
    for (const metadata of [withoutVersion, withoutUid]) {
      const plain = {...object, metadata};
      expect(sameDesired(plain, {...plain})).toBe(true);
      expect(sameDesired(plain, {...plain, spec: {x: 1}} as KubeObject)).toBe(false);
    }
  });
});
