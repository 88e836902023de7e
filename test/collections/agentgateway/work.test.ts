import {describe, expect, it} from 'vitest';
import {agentgatewayResources} from '../../../collections/agentgateway/resources.ts';
import type {ResourceRow} from '../../../collections/resource.ts';
import type {KubeObject} from '../../../src/api/object.ts';
import {envoy} from '../../../src/gen/proto/discovery.js';
import type {Graph} from '../../../src/krt/index.ts';
import {basics, makeGraph, objectsOf, route, web, write} from './harness.ts';

/** Transforms that encode: one run each encodes the resources of one row. */
const encoders = ['binds', 'listeners', 'routes', 'services', 'workloads'].map((name) => `agentgateway-${name}`);

type Work = {
  readonly runs: Readonly<Record<string, number>>;
  readonly sent: readonly ResourceRow[];
  readonly examined: number;
};

function workOf(graph: Graph, change: () => void): Work {
  const sent: ResourceRow[] = [];
  const stop = graph.subscribe(agentgatewayResources, ({changes}) => {
    sent.push(...changes.flatMap((one) => one.new ?? []));
  });
  graph.resetCounters();
  change();
  stop();
  const counters = graph.counters();
  const runs = encoders.map((name) => [name, counters.get(name)?.runs ?? -1] as const);
  const examined = [...counters.values()].reduce((sum, counter) => sum + counter.examined, 0);
  return {runs: Object.fromEntries(runs.filter(([, count]) => count !== 0)), sent, examined};
}

const routes = (count: number): readonly KubeObject[] => {
  const [template] = objectsOf(
    route('r', `[{matches: [{path: {type: Exact, value: /r}}], backendRefs: [${web}]}]`, 'r.example.com'),
  );
  if (template === undefined) throw new Error('no template');
  return Array.from({length: count}, (_, i) => ({...template, metadata: {...template.metadata, name: `r${i}`}}));
};

const namesIn = ({sent}: Work): readonly string[] => sent.map(({name}) => name);

function graphOf(count: number): Graph {
  const graph = makeGraph(objectsOf(basics));
  write(graph, routes(count));
  return graph;
}

const edited = (path: string): readonly KubeObject[] =>
  objectsOf(
    route('r1', `[{matches: [{path: {type: Exact, value: ${path}}}], backendRefs: [${web}]}]`, 'r.example.com'),
  );

const endpointEdited = (): readonly KubeObject[] =>
  objectsOf(
    basics.replace('{ready: true}, targetRef', '{ready: false, serving: true, terminating: true}, targetRef'),
  ).filter(({kind}) => kind === 'EndpointSlice');

describe('work', () => {
  const [small, large] = [graphOf(10), graphOf(1000)];

  it('of a route edit is one Route, however many there are', () => {
    const [few, many] = [small, large].map((graph) => workOf(graph, () => write(graph, edited('/new'))));
    expect(few?.runs).toEqual({'agentgateway-routes': 1});
    expect(few && namesIn(few)).toEqual(['route/default/r1.00.http']);
    expect(many).toEqual(few);
  });

  it('of an endpoint change is its Workload, however many routes there are', () => {
    const [few, many] = [small, large].map((graph) => workOf(graph, () => write(graph, endpointEdited())));
    expect(few?.runs).toEqual({'agentgateway-workloads': 1});
    expect(few && namesIn(few)).toEqual(['Kubernetes//Pod/default/web-a']);
    expect(many).toEqual(few);
  });

  it('of a change that proxies do not see is nothing', () => {
    const [first] = edited('/new');
    if (first === undefined) throw new Error('no route');
    const labelled = {...first, metadata: {...first.metadata, labels: {a: 'b'}, resourceVersion: '7'}};
    expect(workOf(large, () => write(large, [labelled]))).toMatchObject({runs: {}, sent: []});
  });

  it('of a route edit is at most 450 bytes on the wire', () => {
    const {sent} = workOf(large, () => write(large, edited('/other')));
    const {DeltaDiscoveryResponse} = envoy.service.discovery.v3;
    const response = DeltaDiscoveryResponse.encode({
      typeUrl: sent[0]?.type ?? '',
      nonce: '0123456789abcdef',
      resources: sent.map(({name, version, type, bytes}) => ({
        name,
        version,
        resource: {type_url: type, value: bytes},
      })),
    }).finish();
    expect(sent).toHaveLength(1);
    expect(response.length).toBeLessThanOrEqual(450);
  });
});
