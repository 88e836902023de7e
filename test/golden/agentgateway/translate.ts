/** Manifests through the real graph: what agentgateway proxies are sent, and what statuses say. */
import {agentgatewayResources} from '../../../collections/agentgateway/resources.ts';
import {gatewayStatus} from '../../../collections/status/gateway-status.ts';
import {routeStatus} from '../../../collections/status/route-status.ts';
import type {StatusRow} from '../../../collections/gateway/ir.ts';
import {inputsByGroupKind, settings} from '../../../collections/inputs.ts';
import type {ResourceRow} from '../../../collections/resource.ts';
import {defaultSettings} from '../../../collections/settings.ts';
import {groupKind, type KubeObject, objectKey} from '../../../src/api/object.ts';
import {agentgateway, istio} from '../../../src/gen/proto/agentgateway.js';
import {createGraph, type Graph} from '../../../src/krt/index.ts';
import {validate} from '../../../src/schema/validate.ts';
import type {Manifest} from './golden-case.ts';

const statuses = [gatewayStatus, routeStatus];

export type Translated = {
  /** Protobuf JSON by `<gateway>/<resource name>`. */
  readonly resources: ReadonlyMap<string, unknown>;
  readonly statuses: readonly StatusRow[];
};

/** Valid objects of kinds that the graph has an input for, or the first reason why it has not. */
export function objectsOf(manifests: readonly Manifest[]): readonly KubeObject[] | string {
  const objects: KubeObject[] = [];
  for (const manifest of manifests) {
    const result = validate(structuredClone(manifest));
    if (result.is === 'ignored') return `kind ${result.kind} is not read`;
    if (result.is === 'invalid') {
      return result.violations.map(({path, message}) => `${path.join('.')}: ${message}`).join('; ');
    }
    if (!inputsByGroupKind.has(groupKind(result.object))) return `kind ${result.object.kind} has no input`;
    objects.push(result.object);
  }
  return objects;
}

/** The objects all at once. */
export function translate(objects: readonly KubeObject[]): Translated {
  const graph = newGraph();
  put(graph, objects);
  return taken(graph);
}

/** The objects one by one, backwards, each but the first taken out and put in again. */
export function translateStepByStep(objects: readonly KubeObject[]): Translated {
  const graph = newGraph();
  for (const object of objects.toReversed()) put(graph, [object]);
  for (const object of objects.slice(1)) {
    graph.commit((tx) => tx.delete(inputOf(object), objectKey(object)));
    put(graph, [object]);
  }
  return taken(graph);
}

function newGraph(): Graph {
  const graph = createGraph({outputs: [agentgatewayResources, ...statuses], development: true});
  const controllerNames = {...defaultSettings.controllerNames, agentgateway: 'agentgateway.dev/agentgateway'};
  graph.commit((tx) => tx.set(settings, {...defaultSettings, controllerNames}));
  return graph;
}

function put(graph: Graph, objects: readonly KubeObject[]): void {
  graph.commit((tx) => {
    for (const object of objects) tx.set(inputOf(object), object);
  });
}

function inputOf(object: KubeObject) {
  const input = inputsByGroupKind.get(groupKind(object));
  if (input === undefined) throw new Error(`no input for ${groupKind(object)}`);
  return input;
}

function taken(graph: Graph): Translated {
  const errors = graph.errors();
  if (errors.length > 0) throw new Error(errors.map(({collection, message}) => `${collection}: ${message}`).join('\n'));
  const resources = graph
    .list(agentgatewayResources)
    .map((row) => [`${gatewayOf(row)}/${row.name}`, protoJson(row)] as const);
  const result = {resources: new Map(resources), statuses: statuses.flatMap((status) => graph.list(status))};
  graph.dispose();
  return result;
}

const gatewayOf = ({scope}: ResourceRow): string => scope.slice(scope.indexOf('/') + 1);

/** Body of the resource as protobuf JSON. */
function protoJson(row: ResourceRow): unknown {
  const type = row.type.endsWith('/istio.workload.Address')
    ? istio.workload.Address
    : agentgateway.dev.resource.Resource;
  const [body] = Object.values(type.toObject(type.decode(row.bytes), {enums: String, longs: String, bytes: String}));
  return withDurations(body);
}

/** Only a Duration has seconds and nanos and nothing else. */
function withDurations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDurations);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([key]) => key === 'seconds' || key === 'nanos')) {
    const {seconds = '0', nanos = 0} = value as {readonly seconds?: string; readonly nanos?: number}; // just tested
    return `${Number(seconds) + nanos / 1e9}s`;
  }
  return Object.fromEntries(entries.map(([key, child]) => [key, withDurations(child)]));
}
