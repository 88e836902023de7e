import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  createGraph,
  derive,
  index,
  input,
  type Labels,
  type LabelSelector,
  selectorMatches,
} from '../../src/krt/index.ts';
import {labels, runs, selector} from './program-arbitrary.ts';
import {selects} from './program-oracle.ts';

type Pod = {readonly key: string; readonly namespace: string; readonly labels: Labels};
type Query = {readonly key: string; readonly selector?: LabelSelector};

const pods = input<Pod>('pods', {key: ({key}) => key, labels: (pod) => pod.labels});
const queries = input<Query>('queries', {key: ({key}) => key});
const podsByNamespace = index(pods, 'namespace', ({namespace}) => namespace);
const selected = derive('selected', {
  from: queries,
  rows: (ctx, query) => ({
    key: query.key,
    pods: ctx.select(pods, query.selector).map(({key, labels}) => ({key, labels})),
  }),
});

const key = fc.constantFrom('a', 'b', 'c', 'd');
const pod = fc.record({key, namespace: fc.constantFrom('m', 'n'), labels});
const query = fc.record({key, selector}, {requiredKeys: ['key']});
const step = fc.oneof(fc.record({pod}), fc.record({query}), fc.record({deletePod: key}), fc.record({deleteQuery: key}));

describe('select', () => {
  it('answers as brute force does, for all operators, whichever side changes', () => {
    const commits = fc.array(fc.array(step, {minLength: 1, maxLength: 4}), {maxLength: 10, size: 'max'});
    fc.assert(
      fc.property(commits, (list) => {
        const graph = createGraph({outputs: [selected]});
        for (const steps of list) {
          graph.commit((tx) => {
            for (const one of steps) {
              if ('pod' in one) tx.set(pods, one.pod);
              else if ('query' in one) tx.set(queries, one.query);
              else if ('deletePod' in one) tx.delete(pods, one.deletePod);
              else tx.delete(queries, one.deleteQuery);
            }
          });
          const expected = graph.list(queries).map((one) => ({
            key: one.key,
            pods: graph
              .list(pods)
              .filter((candidate) => selects(one.selector, candidate.labels))
              .map((found) => ({key: found.key, labels: found.labels})),
          }));
          expect(graph.list(selected)).toEqual(expected);
        }
      }),
      runs(400),
    );
  });

  it('matches single label sets as brute force does', () => {
    fc.assert(
      fc.property(fc.option(selector, {nil: undefined}), labels, (one, pairs) => {
        expect(selectorMatches(one, pairs)).toBe(selects(one, pairs));
      }),
      runs(500),
    );
  });

  it('matches nothing when undefined and everything when empty', () => {
    expect(selectorMatches(undefined, {app: 'p'})).toBe(false);
    expect(selectorMatches({}, {})).toBe(true);
    expect(selectorMatches({matchLabels: {}, matchExpressions: []}, {app: 'p'})).toBe(true);
  });

  it('runs a query again only when a pod that matches it comes, goes or changes', () => {
    const graph = createGraph({outputs: [selected]});
    graph.commit((tx) => {
      tx.set(queries, {key: 'web', selector: {matchLabels: {app: 'web'}}});
      tx.set(queries, {
        key: 'not-web',
        selector: {matchExpressions: [{key: 'app', operator: 'NotIn', values: ['web']}]},
      });
      tx.set(pods, {key: 'a', namespace: 'm', labels: {app: 'web'}});
    });
    const runsOf = (labelsOfA: Labels | undefined): number => {
      graph.resetCounters();
      graph.commit((tx) => {
        if (labelsOfA === undefined) tx.delete(pods, 'a');
        else tx.set(pods, {key: 'a', namespace: 'm', labels: labelsOfA});
      });
      return graph.counters().get('selected')?.runs ?? -1;
    };
    expect(runsOf({app: 'web', more: 'x'})).toBe(1);
    expect(runsOf({app: 'db'})).toBe(2);
    expect(runsOf({app: 'db', more: 'x'})).toBe(1);
    expect(runsOf(undefined)).toBe(1);
  });

  it('counts a scan for every selection that demands no label, and none for the others', () => {
    const graph = createGraph({outputs: [selected]});
    graph.commit((tx) => {
      tx.set(queries, {key: 'web', selector: {matchLabels: {app: 'web'}}});
      tx.set(queries, {key: 'in', selector: {matchExpressions: [{key: 'app', operator: 'In', values: ['web', 'db']}]}});
      tx.set(queries, {key: 'any', selector: {matchExpressions: [{key: 'app', operator: 'Exists'}]}});
      tx.set(queries, {key: 'none', selector: {matchExpressions: [{key: 'tier', operator: 'DoesNotExist'}]}});
    });
    graph.resetCounters();
    graph.commit((tx) => tx.set(pods, {key: 'a', namespace: 'm', labels: {tier: 'front'}}));
    expect(graph.counters().get('selected')).toMatchObject({runs: 0, scans: 1});
    graph.resetCounters();
    expect(graph.counters().get('selected')).toMatchObject({runs: 0, scans: 0});
  });

  it('looks at the rows of the rarest label that all of them must have', () => {
    const graph = createGraph({outputs: [selected]});
    graph.commit((tx) => {
      for (let n = 0; n < 50; n++) {
        tx.set(pods, {key: `pod-${n}`, namespace: 'm', labels: {app: 'web', zone: `z${n % 2}`, host: `h${n}`}});
      }
    });
    let asked = 0;
    const examined = (selector: LabelSelector): number => {
      graph.resetCounters();
      graph.commit((tx) => tx.set(queries, {key: `q-${asked++}`, selector}));
      return graph.counters().get('selected')?.examined ?? -1;
    };
    expect(examined({matchLabels: {app: 'web', zone: 'z1', host: 'h3'}})).toBe(1);
    expect(examined({matchLabels: {host: 'h3', zone: 'z1', app: 'web'}})).toBe(1);
    expect(examined({matchLabels: {app: 'web', zone: 'z1'}})).toBe(25);
    expect(examined({matchExpressions: [{key: 'app', operator: 'Exists'}], matchLabels: {host: 'none'}})).toBe(0);
  });

  it('finds what has any of the values that it names, however often it names them', () => {
    const graph = createGraph({outputs: [selected]});
    const found = () => graph.get(selected, 'some')?.pods.map((pod) => pod.key);
    const values = ['web', 'db', 'web'];
    graph.commit((tx) => {
      tx.set(queries, {key: 'some', selector: {matchExpressions: [{key: 'app', operator: 'In', values}]}});
      for (const app of ['cache', 'db', 'web']) tx.set(pods, {key: app, namespace: 'm', labels: {app}});
    });
    expect(found()).toEqual(['db', 'web']);
    graph.commit((tx) => tx.set(pods, {key: 'cache', namespace: 'm', labels: {app: 'db'}}));
    expect(found()).toEqual(['cache', 'db', 'web']);
    graph.commit((tx) => tx.delete(pods, 'db'));
    expect(found()).toEqual(['cache', 'web']);
  });

  it('finds, in a namespace, what is there alone, and is told of nothing else', () => {
    const spaced = input<Pod>('spaced', {
      key: ({key}) => key,
      labels: (pod) => pod.labels,
      namespace: ({namespace}) => namespace,
    });
    const within = derive('within', {
      from: queries,
      rows: (ctx, {key, selector}) => ({key, pods: ctx.select(spaced, selector, 'm').map((found) => found.key)}),
    });
    const selectors: readonly LabelSelector[] = [
      {},
      {matchLabels: {app: 'web'}},
      {matchExpressions: [{key: 'app', operator: 'Exists'}]},
      {matchExpressions: [{key: 'tier', operator: 'DoesNotExist'}]},
      {matchExpressions: [{key: 'app', operator: 'NotIn', values: ['db']}]},
    ];
    const graph = createGraph({outputs: [within]});
    graph.commit((tx) => selectors.forEach((selector, i) => tx.set(queries, {key: String(i), selector})));
    const after = (key: string, namespace: string, app = 'web'): readonly unknown[] => {
      graph.resetCounters();
      graph.commit((tx) => tx.set(spaced, {key, namespace, labels: {app}}));
      const found = new Set(graph.list(within).map(({pods: keys}) => keys.join(' ')));
      return [...found, graph.counters().get('within')?.runs];
    };
    expect(after('a', 'm')).toEqual(['a', selectors.length]);
    expect(after('b', 'n')).toEqual(['a', 0]);
    expect(after('b', 'm')).toEqual(['a b', selectors.length]);
    expect(after('a', 'n')).toEqual(['b', selectors.length]);
    expect(after('a', 'o')).toEqual(['b', 0]);
    // What it is elsewhere does not count, even where it was here before: there are three that it was found by.
    graph.commit((tx) => tx.set(spaced, {key: 'c', namespace: 'm', labels: {app: 'db'}}));
    expect(after('c', 'n')).toEqual(['b', 3]);
  });

  it('answers with the rows as they are, whatever of them has changed', () => {
    const found = derive('found', {
      from: queries,
      rows: (ctx, {key: of, selector}) => ({
        key: of,
        where: ctx.select(pods, selector).map(({namespace}) => namespace),
      }),
    });
    const graph = createGraph({outputs: [found]});
    graph.commit((tx) => {
      tx.set(queries, {key: 'pair', selector: {matchLabels: {app: 'web'}}});
      tx.set(queries, {key: 'name', selector: {matchExpressions: [{key: 'app', operator: 'Exists'}]}});
      tx.set(queries, {key: 'rest', selector: {matchExpressions: [{key: 'tier', operator: 'DoesNotExist'}]}});
    });
    for (const namespace of ['m', 'n', 'o']) {
      graph.commit((tx) => tx.set(pods, {key: 'a', namespace, labels: {app: 'web'}}));
      for (const {where} of graph.list(found)) expect(where).toEqual([namespace]);
    }
  });

  it('lives beside an index of the same collection', () => {
    const byNamespace = derive('per-namespace', {
      from: queries,
      rows: (ctx, {key: namespace}) => ({key: namespace, pods: ctx.count(podsByNamespace, namespace)}),
    });
    const graph = createGraph({outputs: [selected, byNamespace]});
    graph.commit((tx) => {
      tx.set(queries, {key: 'm', selector: {}});
      tx.set(pods, {key: 'a', namespace: 'm', labels: {}});
    });
    expect(graph.list(byNamespace)).toEqual([{key: 'm', pods: 1}]);
    expect(graph.list(selected)).toEqual([{key: 'm', pods: [{key: 'a', labels: {}}]}]);
  });
});
