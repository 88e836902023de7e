/** The real graph with agentgateway's resources as its outputs, fed with manifests as a provider would. */
import {parseAllDocuments} from 'yaml';
import {inputsByGroupKind, settings} from '../../../collections/inputs.ts';
import {agentgatewayResources} from '../../../collections/agentgateway/resources.ts';
import type {ResourceRow} from '../../../collections/resource.ts';
import {defaultSettings, type Settings} from '../../../collections/settings.ts';
import {groupKind, type KubeObject, objectKey} from '../../../src/api/object.ts';
import {agentgateway, istio} from '../../../src/gen/proto/agentgateway.js';
import {type AnyCollection, createGraph, type Graph} from '../../../src/krt/index.ts';
import {validate} from '../../../src/schema/validate.ts';

/** Manifests, validated and with defaults. */
export function objectsOf(...texts: readonly string[]): readonly KubeObject[] {
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .flatMap((document) => {
      const value: unknown = document.toJS();
      if (value === null || value === undefined) return [];
      const result = validate(value);
      if (result.is === 'valid') return [result.object];
      throw new Error(`${JSON.stringify(value)}: ${JSON.stringify(result)}`);
    });
}

export function makeGraph(
  objects: readonly KubeObject[],
  outputs: readonly AnyCollection[] = [agentgatewayResources],
  own: Partial<Settings> = {},
): Graph {
  const graph = createGraph({
    outputs,
    development: true,
    onDiagnostic: ({node, message}) => {
      throw new Error(`${node}: ${message}`);
    },
  });
  graph.commit((tx) => tx.set(settings, {...defaultSettings, ...own}));
  write(graph, objects);
  return graph;
}

const inputOf = (object: KubeObject) => {
  const input = inputsByGroupKind.get(groupKind(object));
  if (input === undefined) throw new Error(`no input for ${groupKind(object)}`);
  return input;
};

export function write(graph: Graph, objects: readonly KubeObject[]): void {
  graph.commit((tx) => {
    for (const object of objects) tx.set(inputOf(object), object);
  });
}

export function remove(graph: Graph, object: KubeObject): void {
  graph.commit((tx) => tx.delete(inputOf(object), objectKey(object)));
}

export const rowsOf = (graph: Graph): readonly ResourceRow[] => graph.list(agentgatewayResources);

export const namesOf = (graph: Graph): readonly string[] => rowsOf(graph).map(({name}) => name);

/** The row of that resource name. */
export function rowOf(graph: Graph, name: string): ResourceRow {
  const found = rowsOf(graph).filter((row) => row.name === name);
  const [row] = found;
  if (row === undefined || found.length > 1)
    throw new Error(`${found.length} resources ${name}: ${namesOf(graph).join(' ')}`);
  return row;
}

/** The message of a resource as plain data: enums by name, bytes in base64, absent fields absent. */
export function messageOf(row: ResourceRow): Readonly<Record<string, unknown>> {
  const type = row.type.endsWith('/istio.workload.Address')
    ? istio.workload.Address
    : agentgateway.dev.resource.Resource;
  const [message] = Object.values(type.toObject(type.decode(row.bytes), {enums: String, longs: Number, bytes: String}));
  return message as Readonly<Record<string, unknown>>; // a oneof of messages is all that both types have
}

export const resourceOf = (graph: Graph, name: string): Readonly<Record<string, unknown>> =>
  messageOf(rowOf(graph, name));

/** One Gateway with an HTTP listener, and a Service with two endpoints. */
export const basics = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: agentgateway}
spec: {controllerName: ${defaultSettings.controllerNames.agentgateway}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  gatewayClassName: agentgateway
  listeners:
  - {name: http, port: 8080, protocol: HTTP}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10, "fd00::a"]
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: admin, port: 81, targetPort: metrics}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports:
- {name: http, port: 8080}
- {name: admin, port: 9090}
endpoints:
- {addresses: [10.0.0.1], zone: a, conditions: {ready: true}, targetRef: {kind: Pod, name: web-a, namespace: default}}
- {addresses: [10.0.0.2], zone: b, conditions: {ready: true}}
`;

/** An HTTPRoute on the Gateway of `basics`; `spec` is what stands under `spec`, in flow style or indented by two. */
export const route = (name: string, rules: string, hostnames = ''): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: default}
spec:
  parentRefs: [{name: gw}]
  ${hostnames === '' ? '' : `hostnames: [${hostnames}]`}
  rules: ${rules}
`;

/** Flow-style backendRef to the Service of `basics`. */
export const web = '{name: web, port: 80}';
