/** The real graph with Envoy's resources as its output, fed with manifests as a provider would. */
import {expect} from 'vitest';
import {parseAllDocuments} from 'yaml';
import {envoyRoutes} from '../../../collections/envoy/routes.ts';
import {envoyResources} from '../../../collections/envoy/resources.ts';
import {inputsByGroupKind, settings} from '../../../collections/inputs.ts';
import type {ResourceRow} from '../../../collections/resource.ts';
import {defaultSettings, type Settings} from '../../../collections/settings.ts';
import {groupKind, type KubeObject, objectKey} from '../../../src/api/object.ts';
import {type AnyCollection, createGraph, type Graph} from '../../../src/krt/index.ts';
import {validate} from '../../../src/schema/validate.ts';
import {base64, ecCertificate, ecKey} from '../../api/test-certificates.ts';
import {lintEnvoy} from '../../lint/envoy.ts';
import {type Plain, plainResource} from '../../lint/envoy-messages.ts';

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

export type World = {
  readonly graph: Graph;
  apply(...texts: readonly string[]): void;
  write(objects: readonly KubeObject[]): void;
  remove(text: string): void;
  settings(own: Partial<Settings>): void;
  rows(): readonly ResourceRow[];
  /** Names of one type, `VirtualHost` for example. */
  names(type: string): readonly string[];
  row(type: string, name: string): ResourceRow;
  resource(type: string, name: string): Plain;
};

/** Every state is linted as it is read. */
export function makeWorld(
  texts: readonly string[],
  own: Partial<Settings> = {},
  outputs: readonly AnyCollection[] = [envoyResources, envoyRoutes],
): World {
  const graph = createGraph({
    outputs,
    development: true,
    onDiagnostic: ({node, message}) => {
      throw new Error(`${node}: ${message}`);
    },
  });
  graph.commit((tx) => tx.set(settings, {...defaultSettings, ...own}));
  const write = (objects: readonly KubeObject[]): void => {
    graph.commit((tx) => {
      for (const object of objects) tx.set(inputOf(object), object);
    });
  };
  write(objectsOf(...texts));
  const rows = (): readonly ResourceRow[] => {
    const all = graph.list(envoyResources);
    expect(lintEnvoy(all)).toEqual([]);
    return all;
  };
  const row = (type: string, name: string): ResourceRow => {
    const found = rows().find((candidate) => candidate.type.endsWith(`.${type}`) && candidate.name === name);
    if (found === undefined) throw new Error(`no ${type} ${name}; there are ${names(type).join(' ')}`);
    return found;
  };
  const names = (type: string): readonly string[] =>
    rows()
      .filter((candidate) => candidate.type.endsWith(`.${type}`))
      .map(({name}) => name);
  return {
    graph,
    apply: (...more) => write(objectsOf(...more)),
    write,
    remove: (text) =>
      graph.commit((tx) => {
        for (const object of objectsOf(text)) tx.delete(inputOf(object), objectKey(object));
      }),
    settings: (changed) => {
      graph.commit((tx) => tx.set(settings, {...defaultSettings, ...own, ...changed}));
    },
    rows,
    names,
    row,
    resource: (type, name) => plainResource(row(type, name)),
  };
}

const inputOf = (object: KubeObject) => {
  const input = inputsByGroupKind.get(groupKind(object));
  if (input === undefined) throw new Error(`no input for ${groupKind(object)}`);
  return input;
};

/** A Gateway of the class in `services`; `listeners` as a YAML list in flow style. */
export const gateway = (listeners: string, name = 'gw', addresses = ''): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: default}
spec:
  gatewayClassName: envoy
  ${addresses === '' ? '' : `addresses: ${addresses}`}
  listeners: ${listeners}
`;

export const plain = gateway('[{name: http, port: 8080, protocol: HTTP}]');

export const slice = (name: string, endpoints: string): string => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: default, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: ${endpoints}
`;

/** The class, and three Services with an endpoint each. */
export const services = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: envoy}
spec: {controllerName: ${defaultSettings.controllerNames.envoy}}
---
${service('web', '10.0.0.1')}
---
${service('api', '10.0.0.2')}
---
${service('copy', '10.0.0.3')}
`;

/** A Service with port 80 and one EndpointSlice. */
export function service(name: string, address: string, appProtocol = ''): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: default}
spec:
  clusterIP: 10.96.0.10
  ports:
  - {name: http, port: 80, targetPort: 8080${appProtocol === '' ? '' : `, appProtocol: ${appProtocol}`}}
---
${slice(name, `[{addresses: [${address}], zone: a, conditions: {ready: true}}]`)}
`;
}

/** An HTTPRoute on the Gateway `gw`; rules in flow style. */
export const route = (name: string, rules: string, hostnames = '', parents = '[{name: gw}]'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: default}
spec:
  parentRefs: ${parents}
  ${hostnames === '' ? '' : `hostnames: [${hostnames}]`}
  rules: ${rules}
`;

/** Flow-style backendRef. */
export const web = '{name: web, port: 80}';

/** A TLS Secret with a certificate that can be used. */
export const certificate = (name: string, chain = ecCertificate, key = ecKey): string => `
apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: default}
type: kubernetes.io/tls
data: {tls.crt: ${base64(chain)}, tls.key: ${base64(key)}}
`;
