import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {createGraph, derive, input, type Labels, type LabelSelector, type Row} from '../../src/krt/index.ts';
import {labels, runs, selector} from './program-arbitrary.ts';
import {selects} from './program-oracle.ts';

type Policy = Row & {readonly namespace: string; readonly selector?: LabelSelector; readonly n: number};
type Pod = Row & {readonly namespace: string; readonly labels: Labels};

const traits = {
  key: ({key}: Row) => key,
  namespace: ({namespace}: {readonly namespace: string}) => namespace,
};
const policies = input<Policy>('policies', {...traits, selector: (policy) => policy.selector});
const pods = input<Pod>('pods', {...traits, labels: (pod) => pod.labels});

/** Both ways round, of all namespaces and of the own. */
const perPod = derive('per-pod', {
  from: pods,
  rows: (ctx, {key, labels, namespace}) => ({
    key,
    all: ctx.selecting(policies, labels).map((policy) => policy.key),
    own: ctx.selecting(policies, labels, namespace).map((policy) => policy.key),
  }),
});
const perPolicy = derive('per-policy', {
  from: policies,
  rows: (ctx, {key, selector, namespace}) => ({
    key,
    all: ctx.select(pods, selector).map((pod) => pod.key),
    own: ctx.select(pods, selector, namespace).map((pod) => pod.key),
  }),
});

const key = fc.constantFrom('a', 'b', 'c', 'd');
const namespace = fc.constantFrom('m', 'n', '');
const pod: fc.Arbitrary<Pod> = fc.record({key, namespace, labels});
const policy: fc.Arbitrary<Policy> = fc.record(
  {key, namespace, selector, n: fc.nat(1)},
  {requiredKeys: ['key', 'namespace', 'n']},
);
const step = fc.oneof(
  fc.record({pod}),
  fc.record({policy}),
  fc.record({deletePod: key}),
  fc.record({deletePolicy: key}),
);

const keys = (rows: readonly Row[]): readonly string[] => rows.map((row) => row.key);

describe('selecting, and selecting in a namespace', () => {
  it('answer as brute force does, for all operators, whichever side changes', () => {
    const commits = fc.array(fc.array(step, {minLength: 1, maxLength: 4}), {maxLength: 10, size: 'max'});
    fc.assert(
      fc.property(commits, (list) => {
        const graph = createGraph({outputs: [perPod, perPolicy]});
        for (const steps of list) {
          graph.commit((tx) => {
            for (const one of steps) {
              if ('pod' in one) tx.set(pods, one.pod);
              else if ('policy' in one) tx.set(policies, one.policy);
              else if ('deletePod' in one) tx.delete(pods, one.deletePod);
              else tx.delete(policies, one.deletePolicy);
            }
          });
          const [allPods, allPolicies] = [graph.list(pods), graph.list(policies)];
          expect(graph.list(perPod)).toEqual(
            allPods.map((pod) => {
              const all = allPolicies.filter((policy) => selects(policy.selector, pod.labels));
              return {key: pod.key, all: keys(all), own: keys(all.filter((one) => one.namespace === pod.namespace))};
            }),
          );
          expect(graph.list(perPolicy)).toEqual(
            allPolicies.map((policy) => {
              const all = allPods.filter((pod) => selects(policy.selector, pod.labels));
              return {
                key: policy.key,
                all: keys(all),
                own: keys(all.filter((one) => one.namespace === policy.namespace)),
              };
            }),
          );
        }
      }),
      runs(500),
    );
  });

  it('tell labels apart as long as one selector looks at them', () => {
    const graph = createGraph({outputs: [perPod]});
    const found = () => graph.list(perPod).map(({key, all, own}) => [key, all, own]);
    const policy = (key: string, app: string): Policy => ({key, namespace: 'm', selector: {matchLabels: {app}}, n: 1});
    const pod = (key: string, app: string): Pod => ({key, namespace: 'm', labels: {app}});
    graph.commit((tx) => {
      tx.set(pods, pod('a', 'p'));
      tx.set(policies, policy('one', 'p'));
      tx.set(policies, policy('other', 'p'));
    });
    expect(found()).toEqual([['a', ['one', 'other'], ['one', 'other']]]);
    graph.commit((tx) => tx.delete(policies, 'other'));
    graph.commit((tx) => tx.set(pods, pod('b', 'q')));
    expect(found()).toEqual([
      ['a', ['one'], ['one']],
      ['b', [], []],
    ]);
  });

  it('run again only when a row that selects the labels comes, goes or changes', () => {
    const selecting = derive('selecting', {
      from: pods,
      rows: (ctx, {key, labels, namespace}) => ({key, found: ctx.selecting(policies, labels, namespace).length}),
    });
    const graph = createGraph({outputs: [selecting]});
    graph.commit((tx) => {
      for (const app of ['p', 'q']) {
        for (const namespace of ['m', 'n']) {
          tx.set(pods, {key: `${app}-${namespace}`, namespace, labels: {app}});
        }
      }
    });
    const runsOf = (policy: Policy | undefined): number => {
      graph.resetCounters();
      graph.commit((tx) => (policy === undefined ? tx.delete(policies, 'one') : tx.set(policies, policy)));
      return graph.counters().get('selecting')?.runs ?? -1;
    };
    const one = (n: number, selector?: LabelSelector, namespace = 'm'): Policy => ({
      key: 'one',
      namespace,
      n,
      ...(selector && {selector}),
    });
    const p = {matchLabels: {app: 'p'}};
    expect(runsOf(one(1, p))).toBe(1);
    expect(runsOf(one(2, p))).toBe(1);
    expect(runsOf(one(2, p, 'n'))).toBe(2);
    expect(runsOf(one(2, {matchExpressions: [{key: 'app', operator: 'Exists'}]}, 'n'))).toBe(2);
    expect(runsOf(one(2, {matchLabels: {app: 'r'}}, 'n'))).toBe(2);
    expect(runsOf(one(3, {matchLabels: {app: 'r'}}, 'n'))).toBe(0);
    expect(runsOf(one(3, {matchLabels: {app: 'p', tier: 'none'}}, 'n'))).toBe(0);
    expect(runsOf(one(3, {matchLabels: {tier: 'none', app: 'p'}}, 'n'))).toBe(0);
    expect(runsOf(one(3, {}, 'n'))).toBe(2);
    expect(runsOf(one(3, undefined, 'n'))).toBe(2);
    expect(runsOf(one(4, undefined, 'n'))).toBe(0);
    expect(runsOf(undefined)).toBe(0);
  });
});
