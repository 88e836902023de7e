/** The kinds that are read from an API server, and how. */
import type {EndpointSlice} from '../api/core.ts';
import type {KubeObject} from '../api/object.ts';
import {endpointSliceOf, nodeOf, podOf} from './projections.ts';
import type {RawObject} from './watch-event.ts';

export type KubeKind = {
  /** `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** That we can read, the best first. A server need not have all of them, or any where the kind is of a CRD. */
  readonly versions: readonly string[];
  /** Objects that do not fit are not sent by the server. */
  readonly fieldSelector?: string;
  /** `written`: by us. LiveObjects has those that are written or read. */
  readonly status: 'written' | 'read' | 'dropped';
  /** Makes the row of what has been checked: `head` has what all objects have, without status. */
  readonly project?: (head: KubeObject, raw: RawObject) => KubeObject;
};

export const groupKindOf = ({group, kind}: Pick<KubeKind, 'group' | 'kind'>): string => `${group}/${kind}`;

export const apiVersionOf = ({group}: Pick<KubeKind, 'group'>, version: string): string =>
  group === '' ? version : `${group}/${version}`;

/** Path of all objects of a version, or of those of one namespace. */
export function collectionPath(kind: KubeKind, version: string, namespace?: string): string {
  const root = kind.group === '' ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  return `${root}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${kind.plural}`;
}

/** Large, or secret beyond need: releases of Helm, tokens of ServiceAccounts and of nodes, passwords of registries. */
const SECRET_TYPES_LEFT_OUT = [
  'helm.sh/release.v1',
  'kubernetes.io/service-account-token',
  'kubernetes.io/dockercfg',
  'kubernetes.io/dockerconfigjson',
  'bootstrap.kubernetes.io/token',
];

function core(kind: string, plural: string, more: Partial<KubeKind> = {}): KubeKind {
  return {group: '', kind, plural, namespaced: true, versions: ['v1'], status: 'dropped', ...more};
}

/** What traffic is routed to, and what that is protected with. */
export const coreKinds: readonly KubeKind[] = [
  core('Namespace', 'namespaces', {namespaced: false}),
  core('Node', 'nodes', {namespaced: false, project: nodeOf}),
  core('Secret', 'secrets', {fieldSelector: SECRET_TYPES_LEFT_OUT.map((type) => `type!=${type}`).join(',')}),
  core('ConfigMap', 'configmaps'),
  // Where load balancers have made it reachable stands in its status.
  core('Service', 'services', {status: 'read'}),
  core('Pod', 'pods', {project: podOf, fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed'}),
  core('EndpointSlice', 'endpointslices', {
    group: 'discovery.k8s.io',
    // The schema of the kind has been checked.
    project: (head, raw) => endpointSliceOf(head, raw as unknown as EndpointSlice),
  }),
];

const GATEWAY = 'gateway.networking.k8s.io';
const GATEWAY_X = 'gateway.networking.x-k8s.io';

function ofCrd(group: string, kind: string, versions: readonly string[], more: Partial<KubeKind> = {}): KubeKind {
  const plural = more.plural ?? `${kind.toLowerCase()}s`;
  return {group, kind, plural, namespaced: true, versions, status: 'written', ...more};
}

/** Gateway API v1.7, experimental channel; versions of older bundles too, as long as they say the same. */
export const gatewayKinds: readonly KubeKind[] = [
  ofCrd(GATEWAY, 'GatewayClass', ['v1', 'v1beta1'], {plural: 'gatewayclasses', namespaced: false}),
  ofCrd(GATEWAY, 'ReferenceGrant', ['v1', 'v1beta1'], {status: 'dropped'}),
  ofCrd(GATEWAY, 'BackendTLSPolicy', ['v1', 'v1alpha3'], {plural: 'backendtlspolicies'}),
  ofCrd(GATEWAY, 'Gateway', ['v1', 'v1beta1']),
  ofCrd(GATEWAY, 'ListenerSet', ['v1']),
  ofCrd(GATEWAY, 'HTTPRoute', ['v1', 'v1beta1']),
  ofCrd(GATEWAY, 'GRPCRoute', ['v1']),
  ofCrd(GATEWAY, 'TLSRoute', ['v1', 'v1alpha3', 'v1alpha2']),
  ofCrd(GATEWAY, 'TCPRoute', ['v1', 'v1alpha2']),
  ofCrd(GATEWAY, 'UDPRoute', ['v1', 'v1alpha2']),
  ofCrd(GATEWAY_X, 'XBackend', ['v1alpha1']),
  ofCrd(GATEWAY_X, 'XBackendTrafficPolicy', ['v1alpha1'], {plural: 'xbackendtrafficpolicies'}),
  ofCrd(GATEWAY_X, 'XTelemetryPolicy', ['v1alpha1'], {plural: 'xtelemetrypolicies'}),
  ofCrd(GATEWAY_X, 'XMesh', ['v1alpha1'], {plural: 'xmeshes', namespaced: false}),
];

const AGENTGATEWAY = 'agentgateway.dev';
const KGATEWAY = 'gateway.kgateway.dev';
const ALPHA = ['v1alpha1'];

/** Extensions that are accepted as they are. */
export const extensionKinds: readonly KubeKind[] = [
  ofCrd(AGENTGATEWAY, 'AgentgatewayParameters', ALPHA, {plural: 'agentgatewayparameters'}),
  ofCrd(KGATEWAY, 'GatewayParameters', ALPHA, {plural: 'gatewayparameters'}),
  ofCrd(AGENTGATEWAY, 'AgentgatewayBackend', ALPHA),
  ofCrd(AGENTGATEWAY, 'AgentgatewayPolicy', ALPHA, {plural: 'agentgatewaypolicies'}),
  ofCrd(KGATEWAY, 'GatewayExtension', ALPHA),
  ofCrd(KGATEWAY, 'Backend', ALPHA),
  ofCrd(KGATEWAY, 'BackendConfigPolicy', ALPHA, {plural: 'backendconfigpolicies'}),
  ofCrd(KGATEWAY, 'DirectResponse', ALPHA),
  ofCrd(KGATEWAY, 'ListenerPolicy', ALPHA, {plural: 'listenerpolicies'}),
  ofCrd(KGATEWAY, 'TrafficPolicy', ALPHA, {plural: 'trafficpolicies'}),
];

/** In this order: what is referred to comes before what refers to it. */
export const kubeKinds: readonly KubeKind[] = [...coreKinds, ...extensionKinds, ...gatewayKinds];
