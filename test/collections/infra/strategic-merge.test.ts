/** What is expected here is what kubectl 1.32 made of the same; test/cluster has the judgement of an API server. */
import {describe, expect, it} from 'vitest';
import {mergeFieldsOf} from '../../../collections/infra/merge-keys.ts';
import {strategicMerge, StrategicMergeError} from '../../../collections/infra/strategic-merge.ts';
import type {JsonObject} from '../../../src/api/json.ts';

const pod = {
  containers: [
    {
      name: 'a',
      image: '1',
      env: [
        {name: 'X', value: '1'},
        {name: 'Y', value: '2'},
      ],
      args: ['-f', 'x'],
    },
  ],
  volumes: [
    {name: 'v', emptyDir: {}},
    {name: 'w', configMap: {name: 'c'}},
  ],
  tolerations: [{key: 'k'}],
  nodeSelector: {p: '1', q: '2'},
};
const [container] = pod.containers;

const deployment = (spec: JsonObject): JsonObject => ({spec: {template: {spec}}});
const merged = (patch: JsonObject, base: JsonObject = pod): JsonObject =>
  strategicMerge(deployment(base), deployment(patch), mergeFieldsOf['Deployment']);

describe('strategic merge', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'changes items of a list by key, and puts new ones where they belong',
      {
        containers: [
          {name: 'a', image: '2'},
          {name: 'b', image: '3'},
        ],
      },
      {
        containers: [
          {...container, image: '2'},
          {name: 'b', image: '3'},
        ],
      },
    ],
    [
      'deletes items, new ones going first',
      {
        containers: [
          {
            name: 'a',
            env: [
              {name: 'X', $patch: 'delete'},
              {name: 'Z', value: '3'},
            ],
          },
        ],
      },
      {
        containers: [
          {
            ...container,
            env: [
              {name: 'Z', value: '3'},
              {name: 'Y', value: '2'},
            ],
          },
        ],
      },
    ],
    [
      'replaces a list',
      {volumes: [{$patch: 'replace'}, {name: 'n', emptyDir: {}}]},
      {volumes: [{name: 'n', emptyDir: {}}]},
    ],
    [
      'keeps only some fields of an object',
      {volumes: [{name: 'v', configMap: {name: 'd'}, $retainKeys: ['name', 'configMap']}]},
      {
        volumes: [
          {name: 'v', configMap: {name: 'd'}},
          {name: 'w', configMap: {name: 'c'}},
        ],
      },
    ],
    [
      'orders a list of objects',
      {'$setElementOrder/volumes': [{name: 'w'}, {name: 'v'}]},
      {
        volumes: [
          {name: 'w', configMap: {name: 'c'}},
          {name: 'v', emptyDir: {}},
        ],
      },
    ],
    [
      'orders a list of strings',
      {containers: [{name: 'a', '$setElementOrder/args': ['x', '-f']}]},
      {containers: [{...container, args: ['x', '-f']}]},
    ],
    [
      'replaces lists without a key, and objects that say so',
      {tolerations: [{key: 'l'}], nodeSelector: {$patch: 'replace', r: '3'}},
      {tolerations: [{key: 'l'}], nodeSelector: {r: '3'}},
    ],
    [
      'adds to an object, and deletes what is null',
      {nodeSelector: {p: null, s: '4'}},
      {nodeSelector: {q: '2', s: '4'}},
    ],
    ['empties an object', {nodeSelector: {$patch: 'delete'}}, {nodeSelector: {}}],
    [
      'takes what is new without nulls and directives',
      {affinity: {a: null, b: {$patch: 'delete'}, c: 1}},
      {affinity: {c: 1}},
    ],
    ['merges where it says so, too', {nodeSelector: {$patch: 'merge', p: '3'}}, {nodeSelector: {p: '3', q: '2'}}],
  ])('%s', (_, patch, expected) => {
    expect(merged(patch)).toEqual(deployment({...pod, ...expected}));
  });

  it('deletes from lists of strings', () => {
    const fields = mergeFieldsOf['Deployment'];
    const base = {metadata: {finalizers: ['a', 'b', 'c']}};
    expect(strategicMerge(base, {metadata: {finalizers: ['d', 'b']}}, fields)).toEqual({
      metadata: {finalizers: ['d', 'a', 'b', 'c']},
    });
    expect(strategicMerge(base, {metadata: {'$deleteFromPrimitiveList/finalizers': ['b', 'x']}}, fields)).toEqual({
      metadata: {finalizers: ['a', 'c']},
    });
  });

  it('takes the place of a field that is replaced as a whole', () => {
    const base = {spec: {selector: {matchLabels: {a: 'b'}}}};
    expect(strategicMerge(base, {spec: {selector: {x: 1}}}, mergeFieldsOf['PodDisruptionBudget'])).toEqual({
      spec: {selector: {x: 1}},
    });
  });

  it.each<[string, JsonObject, string]>([
    [
      'an item without its key',
      {containers: [{image: 'x'}]},
      'spec.template.spec.containers: every item must have name, by which the list is merged',
    ],
    ['an item that is no object', {containers: ['a']}, 'spec.template.spec.containers: every item must be an object'],
    [
      'a directive that there is not',
      {nodeSelector: {$patch: 'drop'}},
      'spec.template.spec.nodeSelector.$patch: must be delete, replace or merge, is "drop"',
    ],
    [
      'a directive of an item that there is not',
      {volumes: [{name: 'v', $patch: 'drop'}]},
      'spec.template.spec.volumes.$patch: must be delete, replace or merge, is "drop"',
    ],
    [
      'a field that is not to be retained',
      {volumes: [{name: 'v', configMap: {}, $retainKeys: ['name']}]},
      'spec.template.spec.volumes["v"].configMap: is set, but $retainKeys does not name it',
    ],
    [
      'an order that leaves something out',
      {volumes: [{name: 'n', emptyDir: {}}], '$setElementOrder/volumes': [{name: 'v'}, {name: 'w'}]},
      'spec.template.spec.volumes: the patch has items that $setElementOrder/volumes has not, or not in that order',
    ],
    [
      'an order that is no list',
      {'$setElementOrder/volumes': 'v'},
      'spec.template.spec.$setElementOrder/volumes: must be a list',
    ],
    [
      'deletions that are no list',
      {'$deleteFromPrimitiveList/args': 'v'},
      'spec.template.spec.$deleteFromPrimitiveList/args: must be a list',
    ],
  ])('refuses %s, and says where', (_, patch, message) => {
    expect(() => merged(patch)).toThrow(new StrategicMergeError(message));
  });

  it('changes nothing that it is given', () => {
    const patch = {containers: [{name: 'a', env: [{name: 'X', $patch: 'delete'}]}], volumes: [{$patch: 'replace'}]};
    const [base, before] = [structuredClone(pod), structuredClone(patch)];
    merged(patch, base);
    expect([base, patch]).toEqual([pod, before]);
  });
});
