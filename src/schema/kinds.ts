/** The kinds Sluice reads, with their schemas, and those it lets pass. */
import backendTlsPolicy from '../gen/schemas/backendtlspolicy.json' with {type: 'json'};
import gateway from '../gen/schemas/gateway.json' with {type: 'json'};
import gatewayClass from '../gen/schemas/gatewayclass.json' with {type: 'json'};
import grpcRoute from '../gen/schemas/grpcroute.json' with {type: 'json'};
import httpRoute from '../gen/schemas/httproute.json' with {type: 'json'};
import listenerSet from '../gen/schemas/listenerset.json' with {type: 'json'};
import referenceGrant from '../gen/schemas/referencegrant.json' with {type: 'json'};
import tcpRoute from '../gen/schemas/tcproute.json' with {type: 'json'};
import tlsRoute from '../gen/schemas/tlsroute.json' with {type: 'json'};
import udpRoute from '../gen/schemas/udproute.json' with {type: 'json'};
import {CONFIG_MAP, ENDPOINT_SLICE, NAMESPACE, SECRET, SERVICE} from './core-kinds.ts';
import type {NameRule} from './metadata.ts';
import type {CrdNode, KindSchema} from './structural.ts';

export type KindInfo = {
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly names: NameRule;
  /** Served version -> schema of the object, `metadata` and `status` left out. */
  readonly versions: Readonly<Record<string, CrdNode>>;
};

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';

const GENERATED = [
  backendTlsPolicy,
  gateway,
  gatewayClass,
  grpcRoute,
  httpRoute,
  listenerSet,
  referenceGrant,
  tcpRoute,
  tlsRoute,
  udpRoute,
].map((schema): KindInfo => {
  // The type inferred from a JSON module has `string` where a schema has one of a few words.
  const {group, kind, namespaced, versions} = schema as unknown as KindSchema;
  const stripped = Object.entries(versions).map(([version, node]) => [version, withoutCommonFields(node)] as const);
  return {group, kind, namespaced, names: 'subdomain', versions: Object.fromEntries(stripped)};
});

const CORE: readonly KindInfo[] = [
  {group: '', kind: 'Namespace', namespaced: false, names: 'label', versions: {v1: NAMESPACE}},
  {group: '', kind: 'Service', namespaced: true, names: 'service', versions: {v1: SERVICE}},
  {group: '', kind: 'Secret', namespaced: true, names: 'subdomain', versions: {v1: SECRET}},
  {group: '', kind: 'ConfigMap', namespaced: true, names: 'subdomain', versions: {v1: CONFIG_MAP}},
  {
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    namespaced: true,
    names: 'subdomain',
    versions: {v1: ENDPOINT_SLICE},
  },
];

const KINDS: ReadonlyMap<string, KindInfo> = new Map(
  [...GENERATED, ...CORE].map((info) => [`${info.group}/${info.kind}`, info]),
);

/** Kinds of the core group that may stand in a folder and say nothing to Sluice. */
const OTHER_CORE = new Set(
  'Binding ComponentStatus Endpoints Event LimitRange Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota ServiceAccount'.split(
    ' ',
  ),
);

export type Lookup =
  | {readonly is: 'known'; readonly info: KindInfo; readonly schema: CrdNode}
  | {readonly is: 'ignored'}
  | {readonly is: 'wrong'; readonly field: 'apiVersion' | 'kind'; readonly message: string};

/** The kind, whatever the version. */
export function kindInfo(apiVersion: string, kind: string): KindInfo | undefined {
  return KINDS.get(`${groupOf(apiVersion)}/${kind}`);
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** What an apiVersion and kind stand for. Kinds of foreign groups are none of our business. */
export function lookUp(apiVersion: string, kind: string): Lookup {
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const info = kindInfo(apiVersion, kind);
  if (info !== undefined) {
    const schema = Object.hasOwn(info.versions, version) ? info.versions[version] : undefined;
    if (schema !== undefined) return {is: 'known', info, schema};
    const served = Object.keys(info.versions).map((name) => (group === '' ? name : `${group}/${name}`));
    return {
      is: 'wrong',
      field: 'apiVersion',
      message: `${kind} has no version ${JSON.stringify(apiVersion)}, only ${served.join(', ')}`,
    };
  }
  if (group === '' ? !OTHER_CORE.has(kind) : group === GATEWAY_GROUP) {
    const homes = [...KINDS.values()].filter((known) => known.kind === kind).map((known) => known.group);
    const hint = homes.length === 0 ? '' : ` (it is a kind of ${homes.join(', ')})`;
    return {
      is: 'wrong',
      field: 'kind',
      message: `there is no kind ${JSON.stringify(kind)} in ${JSON.stringify(apiVersion)}${hint}`,
    };
  }
  return {is: 'ignored'};
}

/** Metadata is checked by hand, status is nobody's to bring along. */
function withoutCommonFields(node: CrdNode): CrdNode {
  const {apiVersion: _a, kind: _k, metadata: _m, status: _s, ...properties} = node.properties ?? {};
  return {...node, properties};
}
