/** Objects of the namespace `shop`, where the Pods of echo-deployment.yaml are. */
import type {KeyPair} from '../e2e/harness/certificates.ts';
import type {KubeObject} from '../rig/objects.ts';

type Fields = Readonly<Record<string, unknown>>;

export const namespace = 'shop';
const apiVersion = 'gateway.networking.k8s.io/v1';

export const httpListener: Fields = {name: 'http', port: 8080, protocol: 'HTTP'};

/** Of class `envoy`; with a listener for HTTP on port 8080 where `spec` says nothing else. */
export const gateway = (name: string, spec: Fields = {}): KubeObject => ({
  apiVersion,
  kind: 'Gateway',
  metadata: {name, namespace},
  spec: {gatewayClassName: 'envoy', listeners: [httpListener], ...spec},
});

/** Name of the response header that tells how often a route was edited. */
export const editHeader = 'x-edit';

export type RouteOptions = {
  /** Gateways; `web` by default. */
  readonly parents?: readonly string[];
  readonly hostnames?: readonly string[];
  /** Service; `echo` by default. */
  readonly backend?: string;
  readonly edit?: number;
};

/** To port 3000 of a Service. */
export const route = (name: string, options: RouteOptions = {}): KubeObject => {
  const {parents = ['web'], hostnames, backend = 'echo', edit} = options;
  const mark = {
    type: 'ResponseHeaderModifier',
    responseHeaderModifier: {set: [{name: editHeader, value: String(edit)}]},
  };
  return {
    apiVersion,
    kind: 'HTTPRoute',
    metadata: {name, namespace},
    spec: {
      parentRefs: parents.map((parent) => ({name: parent})),
      ...(hostnames !== undefined && {hostnames}),
      rules: [{...(edit !== undefined && {filters: [mark]}), backendRefs: [{name: backend, port: 3000}]}],
    },
  };
};

/** As it is known to the API server, for reading. */
export const named = (version: string, kind: string, name: string, where = namespace): KubeObject => ({
  apiVersion: version,
  kind,
  metadata: {name, namespace: where},
});

export const tlsSecret = (name: string, {certificate, key}: KeyPair): KubeObject => {
  const data = {'tls.crt': certificate, 'tls.key': key};
  return {...named('v1', 'Secret', name), type: 'kubernetes.io/tls', stringData: data};
};
