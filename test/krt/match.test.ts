import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  createGraph,
  derive,
  distinct,
  group,
  input,
  type Labels,
  type LabelSelector,
  matchJoin,
  type Row,
  singleton,
} from '../../src/krt/index.ts';
import {Fold} from './fold.ts';
import {labels, runs, selector} from './program-arbitrary.ts';
import {selects} from './program-oracle.ts';

type Pod = Row & {readonly namespace: string; readonly labels: Labels; readonly n: number};
type Policy = Row & {readonly namespace: string; readonly selector?: LabelSelector};

/** Policies and pods, with namespaces known to the engine or not, and all that can be asked of which matches which. */
function world(namespaced: boolean) {
  const pods = input<Pod>('pods', {
    key: ({key}) => key,
    labels: (pod) => pod.labels,
    ...(namespaced && {namespace: ({namespace}: Pod) => namespace}),
  });
  const policies = input<Policy>('policies', {
    key: ({key}) => key,
    selector: (policy) => policy.selector,
    ...(namespaced && {namespace: ({namespace}: Policy) => namespace}),
  });
  const match = matchJoin('match', {selectors: policies, targets: pods});
  const perPolicy = derive('per-policy', {
    from: policies,
    rows: (ctx, {key}) => ({
      key,
      pods: ctx.list(match.targets, key).map((pod) => pod.key),
      count: ctx.count(match.targets, key),
      any: ctx.exists(match.targets, key),
    }),
  });
  const perPod = derive('per-pod', {
    from: pods,
    rows: (ctx, {key}) => ({key, policies: ctx.list(match.selectors, key, (policy) => policy.key)}),
  });
  const groups = group('pods-of', match.targets);
  const covered = distinct('covered', match.selectors);
  return {pods, policies, match, perPolicy, perPod, groups, covered};
}

const worlds = {'in namespaces': world(true), 'without namespaces': world(false)};

const key = fc.constantFrom('a', 'b', 'c', 'd');
const namespace = fc.constantFrom('m', 'n');
const pod: fc.Arbitrary<Pod> = fc.record({key, namespace, labels, n: fc.nat(2)});
const policy: fc.Arbitrary<Policy> = fc.record({key, namespace, selector}, {requiredKeys: ['key', 'namespace']});
const step = fc.oneof(
  fc.record({pod}),
  fc.record({policy}),
  fc.record({deletePod: key}),
  fc.record({deletePolicy: key}),
);

describe.each(Object.entries(worlds))('matchJoin %s', (name, world) => {
  const {pods, policies, perPolicy, perPod, groups, covered} = world;

  it('pairs what brute force pairs, both ways round and as collections, whichever side changes', () => {
    const commits = fc.array(fc.array(step, {minLength: 1, maxLength: 4}), {maxLength: 10, size: 'max'});
    fc.assert(
      fc.property(commits, (list) => {
        const graph = createGraph({outputs: [perPolicy, perPod, groups, covered]});
        const fold = new Fold<Row & {readonly rows: readonly Pod[]}>();
        graph.subscribe(groups, (delta) => fold.add(delta));
        for (const steps of list) {
          graph.commit((tx) => {
            for (const one of steps) {
              if ('pod' in one) tx.set(pods, one.pod);
              else if ('policy' in one) tx.set(policies, one.policy);
              else if ('deletePod' in one) tx.delete(pods, one.deletePod);
              else tx.delete(policies, one.deletePolicy);
            }
          });
          const matches = (policy: Policy, pod: Pod) =>
            selects(policy.selector, pod.labels) &&
            (name === 'without namespaces' || policy.namespace === pod.namespace);
          const [allPods, allPolicies] = [graph.list(pods), graph.list(policies)];
          const podsOf = allPolicies.map((policy) => ({
            key: policy.key,
            rows: allPods.filter((pod) => matches(policy, pod)),
          }));
          expect(graph.list(perPolicy)).toEqual(
            podsOf.map(({key, rows}) => ({
              key,
              pods: rows.map((pod) => pod.key),
              count: rows.length,
              any: rows.length > 0,
            })),
          );
          expect(graph.list(perPod)).toEqual(
            allPods.map((pod) => ({
              key: pod.key,
              policies: allPolicies.filter((policy) => matches(policy, pod)).map((policy) => policy.key),
            })),
          );
          const found = podsOf.filter(({rows}) => rows.length > 0);
          expect(graph.list(groups)).toEqual(found);
          expect(fold.list()).toEqual(found);
          const targets = allPods.filter((pod) => allPolicies.some((policy) => matches(policy, pod)));
          expect(graph.list(covered)).toEqual(targets.map((pod) => ({key: pod.key})));
        }
      }),
      runs(500),
    );
  });

  it('runs again only those whose matches, or what is used of them, have changed', () => {
    const graph = createGraph({outputs: [perPolicy, perPod]});
    graph.commit((tx) => {
      for (const app of ['p', 'q']) {
        tx.set(policies, {key: `policy-${app}`, namespace: 'm', selector: {matchLabels: {app}}});
        for (const n of [1, 2, 3]) tx.set(pods, {key: `${app}-${n}`, namespace: 'm', labels: {app}, n});
      }
    });
    const runsOf = (write: () => void): readonly unknown[] => {
      graph.resetCounters();
      write();
      return ['per-policy', 'per-pod'].map((node) => graph.counters().get(node)?.runs);
    };
    const set = (pod: Pod) => () => graph.commit((tx) => tx.set(pods, pod));
    expect(runsOf(set({key: 'p-1', namespace: 'm', labels: {app: 'p'}, n: 7}))).toEqual([1, 1]);
    expect(runsOf(set({key: 'p-1', namespace: 'm', labels: {app: 'q'}, n: 7}))).toEqual([2, 1]);
    expect(runsOf(set({key: 'new', namespace: 'm', labels: {app: 'r'}, n: 7}))).toEqual([0, 1]);
    const wider: Policy = {key: 'policy-p', namespace: 'm', selector: {matchLabels: {app: 'p'}, matchExpressions: []}};
    expect(runsOf(() => graph.commit((tx) => tx.set(policies, wider)))).toEqual([1, 0]);
    const other: Policy = {key: 'policy-p', namespace: 'm', selector: {matchLabels: {app: 'r'}}};
    expect(runsOf(() => graph.commit((tx) => tx.set(policies, other)))).toEqual([1, 3]);
  });

  it('is exact to one who reads one side alone, and of that only whether there is anything', () => {
    const {match} = world;
    const any = singleton('any', {rows: (ctx) => ({key: 'only', any: ctx.exists(match.targets, 'one')})});
    const graph = createGraph({outputs: [any]});
    const set = (...keys: readonly string[]) =>
      graph.commit((tx) => {
        tx.replaceAll(
          pods,
          keys.map((key) => ({key, namespace: 'm', labels: {app: 'p'}, n: 1})),
        );
      });
    graph.commit((tx) => tx.set(policies, {key: 'one', namespace: 'm', selector: {matchLabels: {app: 'p'}}}));
    const after = (...keys: readonly string[]): readonly unknown[] => {
      graph.resetCounters();
      set(...keys);
      return [graph.get(any, 'only')?.any, graph.counters().get('any')?.runs];
    };
    expect(after('a', 'b', 'c')).toEqual([true, 1]);
    expect(after('b', 'd', 'e')).toEqual([true, 0]);
    expect(after('f')).toEqual([true, 0]);
    expect(after()).toEqual([false, 1]);
    expect(after()).toEqual([false, 0]);
  });

  it('tells who reads by targets alone of labels and selectors that change, and of rows that go elsewhere', () => {
    const {match} = world;
    const reader = derive('reader', {
      from: pods,
      rows: (ctx, {key}) => ({
        key,
        policies: ctx.list(match.selectors, key, (row) => `${row.key} of ${row.namespace}`),
      }),
    });
    const onlooker = singleton('onlooker', {
      rows: (ctx) => ({
        key: 'only',
        policies: ctx.list(match.selectors, 'a').map((row) => `${row.key} of ${row.namespace}`),
      }),
    });
    const graph = createGraph({outputs: [onlooker]});
    const found = () => graph.get(onlooker, 'only')?.policies;
    const elsewhere = name === 'in namespaces' ? [] : ['one of m'];
    graph.commit((tx) => {
      tx.set(pods, {key: 'a', namespace: 'm', labels: {app: 'p'}, n: 1});
      tx.set(policies, {key: 'one', namespace: 'm', selector: {matchLabels: {app: 'p'}}});
    });
    expect(found()).toEqual(['one of m']);
    graph.commit((tx) => tx.set(pods, {key: 'a', namespace: 'm', labels: {app: 'q'}, n: 1}));
    expect(found()).toEqual([]);
    graph.commit((tx) => tx.set(pods, {key: 'a', namespace: 'm', labels: {app: 'p'}, n: 1}));
    expect(found()).toEqual(['one of m']);
    graph.commit((tx) => tx.set(pods, {key: 'a', namespace: 'n', labels: {app: 'p'}, n: 1}));
    expect(found()).toEqual(elsewhere);
    graph.commit((tx) => tx.set(policies, {key: 'one', namespace: 'n', selector: {matchLabels: {app: 'p'}}}));
    expect(found()).toEqual(['one of n']);
    expect(graph.list(reader)).toEqual([{key: 'a', policies: ['one of n']}]);
    graph.commit((tx) => tx.set(policies, {key: 'one', namespace: 'm', selector: {matchLabels: {app: 'p'}}}));
    expect(found()).toEqual(elsewhere);
  });

  it('tells both sides of a label that is added, and of one that is taken away', () => {
    const graph = createGraph({outputs: [perPolicy, perPod]});
    const selector = {matchLabels: {app: 'p', tier: 'q'}};
    graph.commit((tx) => tx.set(policies, {key: 'one', namespace: 'm', selector}));
    for (const tier of [{}, {tier: 'q'}, {}]) {
      graph.commit((tx) => tx.set(pods, {key: 'a', namespace: 'm', labels: {app: 'p', ...tier}, n: 1}));
      const matches = 'tier' in tier;
      expect(graph.get(perPolicy, 'one')?.pods).toEqual(matches ? ['a'] : []);
      expect(graph.get(perPod, 'a')?.policies).toEqual(matches ? ['one'] : []);
    }
  });

  it('finds no target where it was, once it has gone elsewhere with the labels that it had', () => {
    const {match} = world;
    const targets = singleton('targets', {
      rows: (ctx) => ({
        key: 'only',
        pods: ctx.list(match.targets, 'one').map((row) => `${row.key} of ${row.namespace}`),
      }),
    });
    const graph = createGraph({outputs: [targets]});
    graph.commit((tx) => tx.set(policies, {key: 'one', namespace: 'm', selector: {matchLabels: {app: 'p'}}}));
    for (const namespace of ['m', 'n', 'm', 'o']) {
      graph.commit((tx) => tx.set(pods, {key: 'a', namespace, labels: {app: 'p'}, n: 1}));
      const matches = namespace === 'm' || name === 'without namespaces';
      expect(graph.get(targets, 'only')?.pods).toEqual(matches ? [`a of ${namespace}`] : []);
    }
  });

  it('says nothing to others of a row that selects otherwise and yet the same', () => {
    const {match} = world;
    const onlooker = singleton('onlooker', {
      rows: (ctx) => ({key: 'only', pods: ctx.list(match.targets, 'one').map((pod) => pod.key)}),
    });
    const graph = createGraph({outputs: [onlooker]});
    const select = (selector: LabelSelector) =>
      graph.commit((tx) => tx.set(policies, {key: 'one', namespace: 'm', selector}));
    graph.commit((tx) => {
      tx.set(pods, {key: 'a', namespace: 'm', labels: {app: 'p', tier: 'q'}, n: 1});
      tx.set(pods, {key: 'b', namespace: 'm', labels: {app: 'q'}, n: 1});
    });
    select({matchLabels: {app: 'p'}});
    expect(graph.list(onlooker)).toEqual([{key: 'only', pods: ['a']}]);
    graph.resetCounters();
    select({matchLabels: {tier: 'q'}});
    select({matchExpressions: [{key: 'tier', operator: 'Exists'}]});
    expect(graph.counters().get('onlooker')).toMatchObject({runs: 0});
    select({matchExpressions: [{key: 'tier', operator: 'DoesNotExist'}]});
    expect(graph.counters().get('onlooker')).toMatchObject({runs: 1});
    expect(graph.list(onlooker)).toEqual([{key: 'only', pods: ['b']}]);
  });
});
