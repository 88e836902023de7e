import {describe, expect, it} from 'vitest';
import {dataset, type Dataset, routeOf} from '../../bench/datasets.ts';
import {routeStatus} from '../../collections/status/route-status.ts';
import {graphOutputs, resources} from '../../collections/index.ts';
import {gatewayClasses, httpRoutes, services, settings} from '../../collections/inputs.ts';
import type {KubeObject} from '../../src/api/object.ts';
import {defaultConfig} from '../../src/config/load-config.ts';
import {createFileInputs} from '../../src/file-inputs.ts';
import type {Batch} from '../../src/inputs.ts';
import {
  type AnyCollection,
  createGraph,
  derive,
  type ErrorPolicy,
  type Graph,
  structurallyEqual,
} from '../../src/krt/index.ts';
import {createLoader} from '../../src/loader.ts';

const ROUTES = 1_500;
const data = dataset(ROUTES);
// What refers comes before what is referred to, as it may in a folder.
const objects: readonly KubeObject[] = [...data.routes, data.gateway, ...data.slices, ...data.services];
const batchOf = (...set: readonly KubeObject[]): Batch => ({set, removed: []});
const editOf = ({routes}: Dataset, edit: number): KubeObject =>
  routeOf(0, routes[0]?.metadata.namespace ?? '', 'service-0', edit);

function rig(more: readonly AnyCollection[] = []) {
  const graph = createGraph({outputs: [...graphOutputs, ...more]});
  const taken: Batch[] = [];
  const inputs = createFileInputs(defaultConfig('/nowhere'));
  const loader = createLoader({graph, inputs, onTaken: (batch) => taken.push(batch)});
  return {graph, loader, taken};
}

/** Names of what is derived in both graphs and differs. */
const differences = (graph: Graph, other: Graph): readonly string[] =>
  graph
    .nodes()
    .filter(({kind}) => kind !== 'input')
    .flatMap(({outputs}) => outputs)
    .filter((name) => !structurallyEqual(rowsOf(graph, name), rowsOf(other, name)));

const rowsOf = (graph: Graph, name: string): readonly unknown[] => graph.dump(name).map(({row}) => row);

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('the first batch', () => {
  it('goes in slices, and ends like one commit', async () => {
    const {graph, loader, taken} = rig();
    loader.take(batchOf(...objects));
    let turns = 0;
    let isIn = false;
    const loaded = loader.loaded().then(() => (isIn = true));
    const sizes = new Set<number>();
    while (!isIn) {
      await turn();
      turns++;
      sizes.add(graph.size(resources));
    }
    await loaded;
    expect(turns).toBeGreaterThan(3);
    expect(sizes.size).toBeGreaterThan(3);
    expect(taken.map(({set}) => set.length)).toEqual([objects.length]);

    const whole = createGraph({outputs: graphOutputs});
    const inputs = createFileInputs(defaultConfig('/nowhere'));
    whole.commit((tx) => {
      inputs.begin(tx);
      inputs.write(tx, batchOf(...objects));
    });
    expect(whole.size(resources)).toBeGreaterThan(ROUTES);
    expect(differences(graph, whole)).toEqual([]);
  });

  it('derives nothing of a route twice, though routes were read first', async () => {
    const {graph, loader} = rig();
    loader.take(batchOf(...objects));
    await loader.loaded();
    const counters = graph.counters();
    for (const node of ['attachments', 'route-rules', 'envoy-routes', 'envoy-virtual-hosts', 'http-route-status']) {
      expect(counters.get(node)?.runs, node).toBeLessThanOrEqual(ROUTES + 1);
    }
    for (const node of ['backends', 'endpoints']) expect(counters.get(node)?.runs, node).toBe(data.services.length);
  });

  /** Each commit of routes makes it anew, so that commits get dearer and dearer; they were made smaller and smaller then. */
  it('makes what holds all routes not once for every few of them', async () => {
    const {graph, loader} = rig();
    const onePlace = data.routes.map((route) => ({...route, spec: {...route.spec, hostnames: ['one.example.com']}}));
    loader.take(batchOf(data.gateway, ...data.services, ...onePlace));
    await loader.loaded();
    expect(graph.counters().get('envoy-virtual-hosts')?.runs).toBeLessThan(200);
    expect(graph.size(routeStatus)).toBe(ROUTES);
  });

  it('of nothing is what there is without manifests', async () => {
    const {graph, loader, taken} = rig();
    loader.take(batchOf());
    await loader.loaded();
    expect(taken).toHaveLength(1);
    expect([graph.size(httpRoutes), graph.size(settings), graph.size(gatewayClasses)]).toEqual([0, 1, 2]);
  });
});

describe('batches that come meanwhile', () => {
  it('wait for the first one, and follow in order', async () => {
    const {graph, loader, taken} = rig();
    const [first] = data.routes;
    loader.take(batchOf(...objects));
    await turn();
    loader.take(batchOf(editOf(data, 1)));
    loader.take({set: [editOf(data, 2)], removed: [{groupKind: '/Service', key: 'team-0/service-0'}]});
    expect(taken).toEqual([]);
    await loader.loaded();
    expect(taken.map(({set}) => set.length)).toEqual([objects.length, 1, 1]);
    expect(graph.get(httpRoutes, 'team-0/route-0')?.spec.rules[0]?.matches?.[0]?.path?.value).toBe('/edit-2');
    expect(graph.get(services, 'team-0/service-0')).toBeUndefined();
    const {epoch} = graph;
    loader.take(batchOf(...(first === undefined ? [] : [first])));
    expect(graph.epoch).toBe(epoch + 1);
    expect(graph.get(httpRoutes, 'team-0/route-0')).toEqual(first);
  });
});

describe('a loader that is stopped', () => {
  it('stops between slices, and takes nothing more', async () => {
    const {graph, loader, taken} = rig();
    loader.take(batchOf(...objects));
    while (graph.size(httpRoutes) === 0) await turn();
    loader.take(batchOf(editOf(data, 1)));
    await loader.stop();
    await loader.loaded();
    expect(graph.size(httpRoutes)).toBeLessThan(ROUTES);
    const {epoch} = graph;
    loader.take(batchOf(editOf(data, 2)));
    for (let i = 0; i < 5; i++) await turn();
    expect(graph.epoch).toBe(epoch);
    expect(taken).toEqual([]);
    graph.dispose();
  });
});

describe('transforms that fail', () => {
  /** Fails as long as there are fewer than `enough` routes. */
  const counting = (enough: number, onError: ErrorPolicy) =>
    derive(`at-least-${enough}-${onError}`, {
      from: services,
      onError,
      rows: (ctx, {metadata}) => {
        if (ctx.count(httpRoutes) < enough) throw new Error('too few routes');
        return {key: `${metadata.namespace}/${metadata.name}`};
      },
    });

  it('for want of what comes later are no failure in the end, whatever their policy', async () => {
    for (const policy of ['keep', 'fail'] as const) {
      const rows = counting(ROUTES, policy);
      const {graph, loader} = rig([rows]);
      loader.take(batchOf(...objects));
      await loader.loaded();
      expect(graph.errors()).toEqual([]);
      expect(graph.size(rows)).toBe(data.services.length);
      expect(graph.size(routeStatus)).toBe(ROUTES);
    }
  });

  it('in the end fail the load where that is their policy, with all the rest in the graph', async () => {
    const {graph, loader, taken} = rig([counting(ROUTES + 1, 'fail')]);
    loader.take(batchOf(...objects));
    await expect(loader.loaded()).rejects.toThrow('too few routes');
    expect(graph.size(httpRoutes)).toBe(ROUTES);
    expect(taken).toEqual([]);
  });
});
