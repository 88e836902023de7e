import {load} from 'js-yaml';
import type {AgentgatewayParametersSpec} from '../../src/api/agentgateway-parameters.ts';
import type {JsonObject} from '../../src/api/json.ts';
import type {Context} from '../../src/krt/index.ts';
import {configMaps} from '../inputs.ts';
import type {Provisioning} from '../settings.ts';
import {tokenVolume} from './workload.ts';

/** What makes a proxy part of an Istio mesh. */
export type MeshMember = {
  readonly podLabels: {readonly [name: string]: string};
  readonly env: readonly JsonObject[];
  readonly volumes: readonly JsonObject[];
  readonly volumeMounts: readonly JsonObject[];
};

/** Undefined where neither the parameters nor the settings want it, or the parameters say no. */
export function meshMember(
  ctx: Context,
  wanted: AgentgatewayParametersSpec['istio'],
  mesh: Provisioning['istio'],
): MeshMember | undefined {
  if (!(wanted?.enabled ?? (wanted !== undefined || mesh !== undefined))) return undefined;
  const namespace = mesh?.namespace ?? 'istio-system';
  const config = mesh?.revision === undefined ? 'istio' : `istio-${mesh.revision}`;
  const meshTrustDomain = ctx.get(configMaps, `${namespace}/${config}`, ({data}) => trustDomainIn(data?.['mesh']));
  const clusterId = wanted?.clusterId ?? mesh?.clusterId;
  const network = wanted?.network ?? mesh?.network;
  const more = wanted?.additionalTrustDomains ?? [];
  return {
    // The proxy takes part by itself: nobody is to capture its traffic or put a sidecar beside it.
    podLabels: {'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false'},
    env: [
      {name: 'CA_ADDRESS', value: wanted?.caAddress ?? `https://istiod.${namespace}.svc:15012`},
      {name: 'TRUST_DOMAIN', value: wanted?.trustDomain ?? meshTrustDomain ?? 'cluster.local'},
      ...(more.length > 0 ? [{name: 'ADDITIONAL_TRUST_DOMAINS', value: more.join(',')}] : []),
      ...(clusterId === undefined ? [] : [{name: 'CLUSTER_ID', value: clusterId}]),
      ...(network === undefined ? [] : [{name: 'NETWORK', value: network}]),
    ],
    volumes: [
      {name: 'istiod-ca-cert', configMap: {name: 'istio-ca-root-cert'}},
      tokenVolume('istio-token', 'istio-ca'),
    ],
    volumeMounts: [
      {name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio', readOnly: true},
      {name: 'istio-token', mountPath: '/var/run/secrets/tokens', readOnly: true},
    ],
  };
}

/** Of the mesh configuration as Istio stores it, in YAML. */
function trustDomainIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const config = load(text);
    const trustDomain =
      typeof config === 'object' && config !== null && 'trustDomain' in config ? config.trustDomain : '';
    return typeof trustDomain === 'string' && trustDomain !== '' ? trustDomain : undefined;
  } catch {
    return undefined;
  }
}
