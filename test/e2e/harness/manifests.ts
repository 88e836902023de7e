/** Manifests in as few words as a test needs. Everything is in namespace `default` unless it says otherwise. */
import type {Backend} from './backends.ts';

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
  readonly [field: string]: unknown;
};
type Fields = Readonly<Record<string, unknown>>;
type Named = {readonly name: string; readonly namespace?: string};

const gatewayApi = 'gateway.networking.k8s.io/v1';
const metadata = ({name, namespace = 'default'}: Named): Manifest['metadata'] => ({name, namespace});

/** Of class `envoy`, bound on 127.0.0.1 only. */
export function gateway(name: string, listeners: readonly Fields[], namespace = 'default'): Manifest {
  const addresses = [{type: 'IPAddress', value: '127.0.0.1'}];
  const spec = {gatewayClassName: 'envoy', addresses, listeners};
  return {apiVersion: gatewayApi, kind: 'Gateway', metadata: {name, namespace}, spec};
}

/** An HTTP listener; further fields such as `hostname` and `allowedRoutes` as they stand in the manifest. */
export const http = (name: string, port: number, more: Fields = {}): Fields => ({
  name,
  port,
  protocol: 'HTTP',
  ...more,
});

/** An HTTPS listener with the certificate in the Secret `secret`. */
export const https = (name: string, port: number, secret: string, more: Fields = {}): Fields => ({
  name,
  port,
  protocol: 'HTTPS',
  tls: {mode: 'Terminate', certificateRefs: [{name: secret}]},
  ...more,
});

export type RouteOptions = {
  /** Name of the Gateway `gw` by default, or whole parentRefs. */
  readonly parents?: string | readonly Fields[];
  readonly hostnames?: readonly string[];
  readonly namespace?: string;
  /** creationTimestamp. */
  readonly created?: string;
};

export function route(name: string, rules: readonly Fields[], options: RouteOptions = {}): Manifest {
  const {parents = 'gw', hostnames, namespace, created} = options;
  const parentRefs = typeof parents === 'string' ? [{name: parents}] : parents;
  return {
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: {
      ...metadata({name, ...(namespace !== undefined && {namespace})}),
      ...(created !== undefined && {creationTimestamp: created}),
    },
    spec: {parentRefs, ...(hostnames && {hostnames}), rules},
  };
}

/** A rule for a path prefix, to one backend by name, with whatever else it has. */
export const prefixRule = (value: string, backend: string, more: Fields = {}): Fields => ({
  matches: [prefix(value)],
  backendRefs: [ref(backend)],
  ...more,
});

export const prefix = (value: string): Fields => ({path: {type: 'PathPrefix', value}});
export const exact = (value: string): Fields => ({path: {type: 'Exact', value}});
export const regex = (value: string): Fields => ({path: {type: 'RegularExpression', value}});

/** Port 80 of a Service. */
export const ref = (name: string, more: Fields = {}): Fields => ({name, port: 80, ...more});

export type ServiceOptions = {
  readonly namespace?: string;
  readonly appProtocol?: string;
};

/** A Service with port 80, and an EndpointSlice with a ready endpoint on 127.0.0.1 for each of these ports. */
export function service(name: string, ports: readonly number[], options: ServiceOptions = {}): readonly Manifest[] {
  const {namespace = 'default', appProtocol} = options;
  const port = {name: 'http', port: 80, targetPort: 80, ...(appProtocol !== undefined && {appProtocol})};
  const spec = {clusterIP: '10.96.0.1', ports: [port]};
  return [{apiVersion: 'v1', kind: 'Service', metadata: {name, namespace}, spec}, ...slices(name, ports, namespace)];
}

/** EndpointSlices of a Service: one per port, since a slice has one port for all of its addresses. */
export function slices(name: string, ports: readonly number[], namespace = 'default'): readonly Manifest[] {
  const labels = {'kubernetes.io/service-name': name};
  const each = (port: number | undefined, index: number): Manifest => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {name: `${name}-${index}`, namespace, labels},
    addressType: 'IPv4',
    ports: [{name: 'http', port: port ?? 80}],
    endpoints: port === undefined ? [] : [{addresses: ['127.0.0.1'], conditions: {ready: true}}],
  });
  return ports.length === 0 ? [each(undefined, 0)] : ports.map(each);
}

/** Services, named like the backends behind them. */
export const servicesOf = (backends: readonly Backend[]): readonly Manifest[] =>
  backends.flatMap(({name, port}) => service(name, [port]));

/** A kubernetes.io/tls Secret. */
export function tlsSecret(
  name: string,
  pair: {readonly certificate: string; readonly key: string},
  namespace = 'default',
): Manifest {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const data = {'tls.crt': base64(pair.certificate), 'tls.key': base64(pair.key)};
  return {apiVersion: 'v1', kind: 'Secret', metadata: {name, namespace}, type: 'kubernetes.io/tls', data};
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Manifest {
  return {apiVersion: 'v1', kind: 'Namespace', metadata: {name, labels}};
}

/** HTTPRoutes of namespace `from` may refer to all Services of namespace `to`. */
export function grant(to: string, from: string): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: {name: `routes-of-${from}`, namespace: to},
    spec: {
      from: [{group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: from}],
      to: [{group: '', kind: 'Service'}],
    },
  };
}
