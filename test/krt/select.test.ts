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
