/** Gateways in a cluster: graphs that are to make what runs for them. */
import {graphOutputs, provisioned, statuses} from '../../../collections/index.ts';
import type {GatewayProvisioningRow} from '../../../collections/infra/provisioned.ts';
import {sessionSeed} from '../../../collections/inputs.ts';
import type {DesiredCondition} from '../../../collections/gateway/ir.ts';
import type {Provisioning} from '../../../collections/settings.ts';
import type {AgentgatewayParameters, AgentgatewayParametersSpec} from '../../../src/api/agentgateway-parameters.ts';
import type {EnvoyParameters, GatewayParameters} from '../../../src/api/gateway-parameters.ts';
import {isJsonObject, type Json, type JsonObject} from '../../../src/api/json.ts';
import {startWorld, type World} from '../gateway/world.ts';

export const provisioning: Provisioning = {
  version: '1.0.0',
  images: {
    envoy: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'v1'},
    agentgateway: {registry: 'ghcr.io', repository: 'agentgateway', tag: 'v2'},
  },
  xds: {host: 'sluice.sluice-system.svc', port: 18_000},
  emptyServicePort: 443,
};

export type ClusterWorld = World & {
  readonly object: (name: string) => JsonObject | undefined;
  /** `Kind/name` of all that is made, sorted. */
  readonly made: () => readonly string[];
  readonly mode: (gateway?: string) => GatewayProvisioningRow | undefined;
  readonly condition: (type: string, gateway?: string) => DesiredCondition | undefined;
  readonly addresses: () => readonly string[];
};

export function startCluster(yaml: string, more: Partial<Provisioning> | 'nothing' = {}): ClusterWorld {
  const settings = more === 'nothing' ? {} : {provisioning: {...provisioning, ...more}};
  const world = startWorld(graphOutputs, yaml, {settings: {provider: 'kubernetes', ...settings}});
  world.graph.commit((tx) => tx.set(sessionSeed, {key: 'seed', privateKey: '5e'.repeat(32)}));
  const statusOf = (gateway: string) => {
    const status = world.graph.get(statuses, `Gateway/default/${gateway}`)?.status;
    return status?.kind === 'Gateway' ? status : undefined;
  };
  return {
    ...world,
    object: (name) => world.graph.get(provisioned.objects, name.replace('/', '/default/'))?.object,
    made: () => world.graph.list(provisioned.objects).map(({object}) => `${object.kind}/${object.metadata.name}`),
    mode: (gateway = 'gw') => world.graph.get(provisioned.gateways, `default/${gateway}`),
    condition: (type, gateway = 'gw') => statusOf(gateway)?.conditions.find((condition) => condition.type === type),
    addresses: () => statusOf('gw')?.addresses.map((address) => `${address.type} ${address.value}`) ?? [],
  };
}

export const ofAgentgateway = (spec: AgentgatewayParametersSpec, name = 'parameters'): AgentgatewayParameters => ({
  apiVersion: 'agentgateway.dev/v1alpha1',
  kind: 'AgentgatewayParameters',
  metadata: {name, namespace: 'default'},
  spec,
});

export const ofEnvoy = (kube: EnvoyParameters | 'self', name = 'parameters'): GatewayParameters => ({
  apiVersion: 'gateway.kgateway.dev/v1alpha1',
  kind: 'GatewayParameters',
  metadata: {name, namespace: 'default'},
  spec: kube === 'self' ? {selfManaged: {}} : {kube},
});

/** A field deep in an object: `spec.template.spec.containers.0.env`. */
export function at(object: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((value, name) => {
    if (Array.isArray(value)) return value[Number(name)];
    return isJsonObject(value) ? value[name] : undefined;
  }, object);
}

export const containerAt = (object: Json | undefined, path: string): Json | undefined =>
  at(object, `spec.template.spec.containers.0.${path}`);
