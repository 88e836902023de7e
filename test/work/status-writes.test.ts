/** Whoever writes the status of an object writes to what the graph is made of: that must cost nothing, whatever the kind. */
import {describe, expect, it} from 'vitest';
import {dataset} from '../../bench/datasets.ts';
import {graphOutputs} from '../../collections/index.ts';
import {inputsByGroupKind} from '../../collections/inputs.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import type {KubeObject, ObjectMeta} from '../../src/api/object.ts';
import {graphOf, workOf, worldOf} from './world.ts';

/** The object as it comes back from an API server when somebody has written its status. */
function withStatus<T extends KubeObject>(object: T, resourceVersion: string) {
  const metadata = {...object.metadata, resourceVersion, managedFields: [{manager: 'somebody', operation: 'Update'}]};
  return {...object, metadata, status: {conditions: [{type: 'Ready', status: 'True'}], written: resourceVersion}};
}

const worlds = (['envoy', 'agentgateway'] as const).map((dialect) => ({dialect, ...worldOf(dialect, 100)}));

describe.each(worlds)('$dialect', ({graph}) => {
  describe.each([...inputsByGroupKind])('%s', (_, input) => {
    const [object] = graph.list(input);
    if (object === undefined) throw new Error('there is no such object in the world');

    it('costs nothing to write the status of, again and again', () => {
      for (const version of ['1', '2', '3']) {
        expect(workOf(graph, (tx) => tx.set(input, withStatus(object, version)))).toEqual({});
      }
      expect(graph.get(input, input.keyOf(object))).toBe(object);
    });

    it.each<[string, Partial<ObjectMeta>]>([
      ['labels', {labels: {...object.metadata.labels, edited: 'yes'}}],
      ['annotations', {annotations: {edited: 'yes'}}],
      ['generation', {generation: 7}],
      ['uid', {uid: 'another'}],
    ])('hears of an edit of its %s, with a status or without', (__, edit) => {
      const edited = withStatus({...object, metadata: {...object.metadata, ...edit}}, '4');
      expect(workOf(graph, (tx) => tx.set(input, edited))).toMatchObject({[input.name]: {changed: 1}});
      expect(workOf(graph, (tx) => tx.set(input, object))).toMatchObject({[input.name]: {changed: 1}});
    });
  });
});

describe.each<Dialect>(['envoy', 'agentgateway'])('the graph of %s', (dialect) => {
  it('reads no status: objects whose status cannot be read make the same of it', () => {
    const data = dataset(100, dialect);
    const unreadable = {
      enumerable: true,
      get: (): never => {
        throw new Error('a status was read');
      },
    };
    const guarded = graphOf(dialect, data, (object) => {
      const guardedMetadata = Object.defineProperty({...object.metadata}, 'managedFields', unreadable);
      return Object.defineProperty({...object, metadata: guardedMetadata}, 'status', unreadable);
    });
    expect(guarded.errors()).toEqual([]);
    const plain = graphOf(dialect, data);
    const derived = plain.nodes().filter(({kind}) => kind !== 'input');
    expect(derived.length).toBeGreaterThan(20);
    for (const name of derived.flatMap(({outputs}) => outputs)) {
      const rowsOf = (graph: typeof plain) => graph.dump(name).map(({row}) => row);
      expect(rowsOf(guarded), name).toEqual(rowsOf(plain));
    }
    expect(graphOutputs.map(({name}) => name)).toEqual(expect.arrayContaining(['resources', 'statuses']));
  });
});
