import {describe, expect, it} from 'vitest';
import {
  createGraph,
  derive,
  deriveOutputs,
  group,
  index,
  input,
  join,
  type Row,
  singleton,
  type Why,
} from '../../src/krt/index.ts';

type Item = Row & {readonly n: number; readonly team: string};

const items = input<Item>('items', {key: ({key}) => key});
const limits = input<Row & {readonly limit: number}>('limits', {key: ({key}) => key});
const capped = derive('capped', {
  from: items,
  rows: (ctx, {key, n, team}) => {
    const limit = ctx.get(limits, team, (row) => row.limit) ?? 100;
    return {key, team, n: Math.min(n, limit)};
  },
});
const byTeam = index(capped, 'team', ({team}) => team);
const teams = group('teams', byTeam);
type Sum = Row & {readonly sum?: number; readonly ok?: boolean};
const {rows: sums, status} = deriveOutputs<Item, {rows: Sum; status: Sum}>('sums', {
  from: items,
  outputs: {rows: 'team-sums', status: 'item-status'},
  rows: (ctx, {key, team}) => ({
    rows: {key, sum: ctx.list(byTeam, team, ({n}) => n).reduce((a, b) => a + b, 0)},
    status: {key, ok: ctx.exists(limits, team)},
  }),
});
const everything = join('everything', [sums, status]);
const summary = singleton('summary', {rows: (ctx) => ({key: 'all', items: ctx.count(everything)})});

function made() {
  const graph = createGraph({outputs: [teams, sums, summary]});
  graph.commit((tx) => {
    tx.set(items, {key: 'a', n: 5, team: 'red'});
    tx.set(items, {key: 'b', n: 7, team: 'red'});
  });
  graph.commit((tx) => tx.set(limits, {key: 'red', limit: 6}));
  return graph;
}

const flat = (why: Why): readonly string[] => [
  `${why.collection}[${why.key}] ${why.change} in ${why.epoch}`,
  ...why.causes.flatMap(flat),
];

describe('why', () => {
  it('leads from a row back to the writes that made it what it is', () => {
    const graph = made();
    expect(flat(graph.why(sums, 'a'))).toEqual([
      'team-sums[a] changed in 3',
      'limits[red] written in 3',
      'capped[b] changed in 3',
      'limits[red] written in 3',
    ]);
    expect(flat(graph.why(teams, 'red')).slice(0, 2)).toEqual(['teams[red] changed in 3', 'capped[b] changed in 3']);
    expect(flat(graph.why(everything, 'a')).slice(0, 2)).toEqual([
      'everything[a] changed in 3',
      'team-sums[a] changed in 3',
    ]);
  });

  it('says of a row that ran and stayed the same that it is unchanged', () => {
    const graph = made();
    expect(graph.why(capped, 'a')).toEqual({
      collection: 'capped',
      key: 'a',
      epoch: 3,
      change: 'unchanged',
      causes: [{collection: 'limits', key: 'red', epoch: 3, change: 'written', causes: []}],
    });
  });

  it('says of a row that is not there that it is absent', () => {
    const graph = made();
    expect(graph.why('capped', 'zzz')).toEqual({
      collection: 'capped',
      key: 'zzz',
      epoch: 0,
      change: 'absent',
      causes: [],
    });
  });

  it('tells the causes of the last run, all of them and none of the run before', () => {
    const graph = made();
    const causes = () => graph.why(capped, 'a').causes.map(({collection, key}) => `${collection}[${key}]`);
    graph.commit((tx) => {
      tx.set(items, {key: 'a', n: 1, team: 'red'});
      tx.set(limits, {key: 'red', limit: 3});
    });
    expect(causes().sort()).toEqual(['items[a]', 'limits[red]']);
    for (const n of [2, 1]) {
      graph.commit((tx) => tx.set(items, {key: 'a', n, team: 'red'}));
      expect(causes()).toEqual(['items[a]']);
    }
    graph.commit((tx) => tx.set(limits, {key: 'red', limit: 4}));
    expect(causes()).toEqual(['limits[red]']);
  });

  it('says of a row that went when it went, as long as the history reaches', () => {
    const graph = made();
    const epoch = graph.commit((tx) => tx.delete(items, 'a'));
    for (const collection of ['capped', 'items']) {
      expect(graph.why(collection, 'a')).toMatchObject({collection, key: 'a', epoch, change: 'removed'});
    }
    expect(graph.why('teams', 'red')).toMatchObject({epoch, change: 'changed'});
    expect(graph.why('capped', 'zzz')).toMatchObject({epoch: 0, change: 'absent'});
    const forgetful = createGraph({outputs: [capped], history: 0});
    forgetful.commit((tx) => tx.set(items, {key: 'a', n: 5, team: 'red'}));
    forgetful.commit((tx) => tx.delete(items, 'a'));
    expect(forgetful.why('capped', 'a')).toMatchObject({epoch: 0, change: 'absent'});
  });

  it('stays short where ways part and meet again, level upon level', () => {
    let left = derive('left-0', {from: items, rows: (_, {key, n}) => ({key, n})});
    let right = derive('right-0', {from: items, rows: (_, {key, n}) => ({key, n})});
    for (let level = 1; level <= 20; level++) {
      const [one, other] = [left, right];
      const rows = (name: string) =>
        derive(`${name}-${level}`, {
          from: one,
          reads: [other],
          rows: (ctx, {key, n}) => ({key, n: Math.max(n, ctx.get(other, key)?.n ?? 0)}),
        });
      [left, right] = [rows('left'), rows('right')];
    }
    const graph = createGraph({outputs: [left]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 5, team: 'red'}));
    graph.commit((tx) => tx.set(items, {key: 'a', n: 6, team: 'red'}));
    const told = flat(graph.why(left, 'a'));
    expect(told.length).toBeLessThan(200);
    expect(told).toContain('items[a] written in 3');
  });
});

describe('dump', () => {
  it('shows every row with the row it is made from and what its transform read', () => {
    const graph = made();
    expect(graph.dump('capped')).toEqual([
      {key: 'a', row: {key: 'a', team: 'red', n: 5}, from: 'items[a]', dependencies: ['limits[red]']},
      {key: 'b', row: {key: 'b', team: 'red', n: 6}, from: 'items[b]', dependencies: ['limits[red]']},
    ]);
    expect(graph.dump(status)[0]).toMatchObject({
      from: 'items[a]',
      dependencies: ['capped by team[red]', 'limits[red]'],
    });
    expect(graph.dump('teams')).toMatchObject([{key: 'red', dependencies: ['capped[a]', 'capped[b]']}]);
    expect(graph.dump('everything')[0]).toMatchObject({key: 'a', dependencies: ['team-sums[a]', 'item-status[a]']});
    expect(graph.dump('summary')).toEqual([{key: 'all', row: {key: 'all', items: 2}, dependencies: ['everything']}]);
    expect(graph.dump('items').map(({key, dependencies}) => [key, dependencies])).toEqual([
      ['a', []],
      ['b', []],
    ]);
  });

  it('names the only collections there are, by which they are found', () => {
    const graph = made();
    expect(graph.find('capped')?.name).toBe('capped');
    expect(graph.find('item-status')).toBeDefined();
    expect(graph.find('sums')).toBeUndefined();
  });
});

describe('the picture of a graph', () => {
  it('has every node and edge, discovered ones dotted', () => {
    const graph = made();
    const rate = /, [\d.]+\/s"/g;
    const lines = graph.mermaid().replaceAll(rate, '"').split('\n');
    expect(graph.mermaid().match(rate)).toHaveLength(graph.nodes().length);
    const ids = new Map(graph.nodes().map(({name}, i) => [name, `n${i}`]));
    expect(lines[0]).toBe('flowchart LR');
    expect(lines).toContain(`  ${ids.get('items')}(["items<br/>2 rows, 0 runs"])`);
    expect(lines).toContain(`  ${ids.get('capped')}["capped<br/>2 rows, 4 runs"]`);
    expect(lines).toContain(`  ${ids.get('items')} --> ${ids.get('capped')}`);
    expect(lines).toContain(`  ${ids.get('limits')} -.-> ${ids.get('capped')}`);
    expect(lines).toContain(`  ${ids.get('sums')} --> ${ids.get('everything')}`);
    expect(lines).toHaveLength(1 + graph.nodes().length + graph.edges().length);
  });

  it('shows a node as made from what it is made from, whether it reads that as well or not', () => {
    const selfish = derive('selfish', {
      from: items,
      reads: [items, limits],
      rows: (ctx) => ({key: String(ctx.count(items))}),
    });
    const graph = createGraph({outputs: [selfish]});
    graph.commit((tx) => tx.set(items, {key: 'a', n: 1, team: 'red'}));
    expect(graph.edges()).toEqual([
      {from: 'items', to: 'selfish', how: 'primary'},
      {from: 'limits', to: 'selfish', how: 'fetch'},
    ]);
  });

  it('lists each edge once, from sources of lower rank to readers of higher', () => {
    const graph = made();
    const ranks = new Map(graph.nodes().map(({name, rank}) => [name, rank]));
    const edges = graph.edges().map(({from, to}) => `${from} ${to}`);
    expect(new Set(edges).size).toBe(edges.length);
    for (const {from, to} of graph.edges()) expect(ranks.get(from)).toBeLessThan(ranks.get(to) ?? -1);
  });
});

describe('the counters', () => {
  it('count runs, changes, runs cut off, and rows examined', () => {
    const graph = made();
    graph.resetCounters();
    graph.commit((tx) => tx.set(limits, {key: 'red', limit: 5}));
    expect(Object.fromEntries(graph.counters())).toMatchObject({
      limits: {runs: 0, changed: 1},
      capped: {runs: 2, changed: 1, cutOff: 1, examined: 2, scans: 0},
      teams: {runs: 0, changed: 1, examined: 2},
      sums: {runs: 2, changed: 2, cutOff: 0},
      everything: {runs: 0, changed: 2},
      summary: {runs: 0, changed: 0},
    });
    const ratesOf = (node: string) => graph.nodes().find(({name}) => name === node)?.rates;
    expect(ratesOf('capped')).toMatchObject({cutOffPerRun: 0.5, examinedPerRun: 1});
    expect(ratesOf('limits')).toMatchObject({cutOffPerRun: 0, examinedPerRun: 0});
    graph.resetCounters();
    expect(graph.counters().get('capped')).toEqual({runs: 0, changed: 0, cutOff: 0, examined: 0, scans: 0});
  });

  it('show that a change outside a projection, or that leaves a count alone, causes no run', () => {
    const graph = made();
    graph.resetCounters();
    graph.commit((tx) => tx.set(limits, {key: 'blue', limit: 5}));
    graph.commit((tx) => tx.set(items, {key: 'c', n: 1, team: 'green'}));
    expect(graph.counters().get('capped')).toMatchObject({runs: 1});
    expect(graph.counters().get('summary')).toMatchObject({runs: 1});
    graph.commit((tx) => tx.set(items, {key: 'c', n: 2, team: 'green'}));
    expect(graph.counters().get('summary')).toMatchObject({runs: 1});
  });
});

describe('the history', () => {
  it('tells writes and runs, oldest first, with what caused them and what came of it', () => {
    const graph = made();
    graph.commit((tx) => tx.set(limits, {key: 'red', limit: 5}));
    graph.commit((tx) => tx.delete(items, 'b'));
    const told = (epoch: number) =>
      graph
        .history()
        .filter((entry) => entry.epoch === epoch)
        .map(({node, key, cause, outcome}) => `${node} ${key} ${outcome}${cause ? ` by ${cause.collection}` : ''}`);
    expect(told(4)[0]).toBe('limits red changed');
    // Among nodes of one rank the order is nobody's business.
    expect([...told(4)].sort()).toEqual([
      'capped a cut off by limits',
      'capped b changed by limits',
      'everything a changed by team-sums',
      'everything b changed by team-sums',
      'limits red changed',
      'sums a changed by capped',
      'sums b changed by capped',
      'teams red changed by capped',
    ]);
    expect(told(5)).toEqual(expect.arrayContaining(['items b removed', 'capped b removed by items']));
    const epochs = graph.history().map(({epoch}) => epoch);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
  });

  it('remembers so much as it is told to', () => {
    const graph = createGraph({outputs: [capped], history: 3});
    for (let n = 0; n < 10; n++) graph.commit((tx) => tx.set(items, {key: `k${n}`, n, team: 'red'}));
    expect(graph.history().map(({node, key}) => [node, key])).toEqual([
      ['capped', 'k8'],
      ['items', 'k9'],
      ['capped', 'k9'],
    ]);
    expect(graph.history().map(({cause}) => cause?.key)).toEqual(['k8', undefined, 'k9']);
    graph.commit((tx) => tx.set(limits, {key: 'red', limit: 5}));
    expect(graph.history().every(({epoch}) => epoch === graph.epoch)).toBe(true);
    expect(graph.history().every(({cause}) => cause?.collection === 'limits')).toBe(true);
  });
});
