/** A graph fed with manifests, validated and completed as providers do it. */
import {parseAllDocuments} from 'yaml';
import {inputsByGroupKind, settings} from '../../../collections/inputs.ts';
import {defaultSettings, type Settings} from '../../../collections/settings.ts';
import {groupKind, type KubeObject} from '../../../src/api/object.ts';
import {type AnyCollection, createGraph, type Graph} from '../../../src/krt/index.ts';
import {type AnyObject, isKind, type Kind} from '../../../src/schema/objects.ts';
import {validate} from '../../../src/schema/validate.ts';
import {base64, ecCertificate, ecKey} from '../../api/test-certificates.ts';

/** The objects of a YAML stream, with defaults; throws where an API server would refuse one. */
export function objectsOf(yaml: string): readonly AnyObject[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const value: unknown = document.toJS();
    if (value === null) return [];
    const result = validate(value);
    if (result.is !== 'valid') throw new Error(`not valid: ${JSON.stringify(result)}`);
    return result.object;
  });
}

export type World = {
  readonly graph: Graph;
  /** Adds or replaces objects, all in one commit. */
  apply(...objects: readonly (string | KubeObject)[]): void;
  /** Deletes objects by `group/Kind` and key. */
  remove(kind: string, key: string): void;
};

export function startWorld(
  outputs: readonly AnyCollection[],
  yaml: string,
  options: {readonly settings?: Partial<Settings>; readonly development?: boolean} = {},
): World {
  const {development = true} = options;
  const graph = createGraph({
    outputs,
    development,
    onDiagnostic: ({node, message}) => {
      throw new Error(`${node}: ${message}`);
    },
  });
  graph.commit((tx) => tx.set(settings, {...defaultSettings, ...options.settings}));
  const world: World = {
    graph,
    apply: (...objects) => {
      const parsed = objects.flatMap((object) => (typeof object === 'string' ? objectsOf(object) : object));
      graph.commit((tx) => {
        for (const object of parsed) tx.set(inputOf(groupKind(object)), object);
      });
    },
    remove: (kind, key) => {
      graph.commit((tx) => tx.delete(inputOf(kind), key));
    },
  };
  world.apply(classes, yaml);
  return world;
}

function inputOf(kind: string) {
  const input = inputsByGroupKind.get(kind);
  if (input === undefined) throw new Error(`there is no input for ${kind}`);
  return input;
}

/** The first object of a kind in a YAML stream, to change it in ways that validation would refuse. */
export function objectOf<K extends Kind>(yaml: string, kind: K): Extract<AnyObject, {readonly kind: K}> {
  const found = objectsOf(yaml).find(isKind(kind));
  if (found === undefined) throw new Error(`there is no ${kind} in the manifests`);
  return found;
}

const classes = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: envoy}
spec: {controllerName: sluice.dev/envoy}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: agentgateway}
spec: {controllerName: sluice.dev/agentgateway}
`;

export const gatewayYaml = (spec: string, {name = 'gw', namespace = 'default', className = 'envoy'} = {}): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  gatewayClassName: ${className}
${indent(spec)}
`;

export const routeYaml = (spec: string, {name = 'web', namespace = 'default', created = ''} = {}): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: ${namespace}${created === '' ? '' : `, creationTimestamp: "${created}"`}}
spec:
${indent(spec)}
`;

export const serviceYaml = (
  name: string,
  {namespace = 'default', ports = '[{port: 80, targetPort: 8080}]', spec = ''} = {},
): string => `
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  ports: ${ports}
${indent(spec)}
`;

export const tlsSecretYaml = (
  name: string,
  {namespace = 'default', certificate = ecCertificate, key = ecKey} = {},
): string => `
---
apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: ${namespace}}
type: kubernetes.io/tls
data: {tls.crt: ${base64(certificate)}, tls.key: ${base64(key)}}
`;

export const grantYaml = (from: string, to: string, {name = 'grant', namespace = 'default'} = {}): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: ${name}, namespace: ${namespace}}
spec: {from: [${from}], to: [${to}]}
`;

export const namespaceYaml = (name: string, labels = '{}'): string => `
---
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: ${labels}}
`;

export const sliceYaml = (
  service: string,
  endpoints: string,
  {namespace = 'default', name = `${service}-1`, ports = '[{port: 8080}]', type = 'IPv4'} = {},
): string => `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${service}}}
addressType: ${type}
endpoints: ${endpoints}
ports: ${ports}
`;

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ');
}
