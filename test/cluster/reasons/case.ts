/**
 * What the tables of this folder are made of: for each reason of a condition objects that bring it about, and the change that makes
 * it go away. Plain data: every `@` in it stands for the name of the case, which is that of its namespace too; objects of a
 * namespaced kind that name no namespace are in that one. A kind that is new gets a file here, with its table, which is listed in
 * reasons.test.ts.
 */
import type {KubeObject} from '../../rig/objects.ts';

/** `Accepted=False/InvalidParameters`: type, status, reason. */
export type Outcome = `${string}=${'True' | 'False'}/${string}`;

export type Change = {
  /** Applied in this order. Those that are no part of the case otherwise are removed when the change is undone. */
  readonly apply?: readonly KubeObject[];
  readonly remove?: readonly KubeObject[];
  /** Statuses that somebody else would write; undone by taking their fields away. */
  readonly statuses?: readonly KubeObject[];
};

export type Case = {
  readonly is: Outcome;
  /** Part of its message. */
  readonly says: string;
  /** The file of collections in which this reason is given. */
  readonly from: string;
  /** Applied in this order; the last of the kind of the table is looked at. */
  readonly objects: readonly KubeObject[];
  /** The listener that is looked at; `http` by default. Nothing to kinds without listeners. */
  readonly listener?: string;
  readonly heal: Change;
  /** What the condition is afterwards, or that there is none of its type. */
  readonly healed: Outcome | 'absent';
  /**
   * How often the status is written in all, at least and at most: for the objects, for what heals, and for that undone, once each by
   * default.
   */
  readonly writes?: readonly [number, number];
};

/** The reasons of one list of conditions. */
export type Table = {
  readonly kind: string;
  /** Whose conditions: those of the object, of one of its listeners, or of a route towards its parent. */
  readonly of: 'object' | 'listener' | 'parent';
  /** The files that give the reasons of conditions that are as they should be. */
  readonly good: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
};

export type Spec = Readonly<Record<string, unknown>>;

type Meta = Omit<Partial<KubeObject['metadata']>, 'name'>;

export const object = (apiVersion: string, kind: string, name: string, fields: Spec, meta: Meta = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: {name, ...meta},
  ...fields,
});

const gatewayApi = 'gateway.networking.k8s.io/v1';

export const gatewayClass = (spec: Spec): KubeObject =>
  object(gatewayApi, 'GatewayClass', '@', {spec: {controllerName: 'sluice.dev/envoy', ...spec}});

/** One listener, `http`, of port 80 unless others are given. */
export const listener = (fields: Spec = {}): Spec => ({name: 'http', port: 80, protocol: 'HTTP', ...fields});

const gatewaySpec = (listeners: readonly Spec[], spec: Spec): Spec => ({gatewayClassName: 'envoy', listeners, ...spec});

/** `gw`, whose proxies somebody else runs, and which therefore has the address that it asks for. */
export const gateway = (listeners: readonly Spec[] = [listener()], spec: Spec = {}): KubeObject =>
  object(
    gatewayApi,
    'Gateway',
    'gw',
    {spec: gatewaySpec(listeners, {addresses: [{value: '192.0.2.1'}], ...spec})},
    {annotations: {'sluice.dev/self-managed': 'true'}},
  );

/** `gw`, with a Deployment and a Service that Sluice makes. */
export const managedGateway = (listeners: readonly Spec[] = [listener()], spec: Spec = {}): KubeObject =>
  object(gatewayApi, 'Gateway', 'gw', {spec: gatewaySpec(listeners, spec)});

/** Attached to `gw`, with a backend that is there once `service` is. */
export const route = (spec: Spec = {}): KubeObject =>
  object(gatewayApi, 'HTTPRoute', 'route', {
    spec: {parentRefs: [{name: 'gw'}], rules: [{backendRefs: [{name: 'app', port: 8080}]}], ...spec},
  });

export const service = (port: Spec = {}, meta: Meta = {}): KubeObject =>
  object('v1', 'Service', 'app', {spec: {ports: [{name: 'main', port: 8080, ...port}]}}, meta);

/** Lets objects of the namespace of the case refer to those of another. */
export const grant = (
  namespace: string,
  from: string,
  to: {readonly group: string; readonly kind: string},
): KubeObject =>
  object(
    gatewayApi,
    'ReferenceGrant',
    'grant',
    {spec: {from: [{group: 'gateway.networking.k8s.io', kind: from, namespace: '@'}], to: [to]}},
    {namespace},
  );

/** A second namespace. */
export const otherNamespace = object('v1', 'Namespace', '@-other', {});
