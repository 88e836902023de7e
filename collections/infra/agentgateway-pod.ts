import type {AgentgatewayParametersSpec} from '../../src/api/agentgateway-parameters.ts';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import type {Provisioning} from '../settings.ts';
import type {Identity} from './identity.ts';
import type {MeshMember} from './istio.ts';
import type {SessionKey} from './session-key.ts';
import type {SpiffeSocket} from './spiffe.ts';
import {imageReference} from './text.ts';
import {fieldVariable, lowPorts, unprivileged} from './workload.ts';
import {type XdsCa, xdsCaFile} from './xds-ca.ts';
import {xdsToken} from './xds-token.ts';

/** Ports of the proxy itself: admin, metrics, readiness. */
export const agentgatewayPorts = {admin: 15_000, metrics: 15_020, ready: 15_021} as const;

export type AgentgatewayParts = {
  readonly identity: Identity;
  readonly provisioning: Provisioning;
  readonly spec: AgentgatewayParametersSpec;
  readonly sessionKey: SessionKey | undefined;
  readonly mesh: MeshMember | undefined;
  readonly spiffe: SpiffeSocket | undefined;
  readonly ca: XdsCa | undefined;
};

/** Longest and shortest time for ending, in seconds. */
const shutdownOf = ({shutdown}: AgentgatewayParametersSpec) => ({min: 10, max: 60, ...shutdown});

/** The Pod of an agentgateway proxy. */
export function agentgatewayPod(parts: AgentgatewayParts): JsonObject {
  const {identity, provisioning, spec, mesh, spiffe, ca} = parts;
  const {image = {}, resources = {}} = spec;
  const sources = (spec.modelCatalog?.sources ?? []).flatMap(({configMap}) => configMap?.name ?? []);
  const catalogs = [...new Set(sources)].map((name, i) => ({name, volume: `model-catalog-${i}`}));
  // There also where nobody looks at it, as its own controller has it: a Gateway that is taken over stays as it is.
  const token = xdsToken(provisioning.xds.audience ?? 'agentgateway');
  const probe = {httpGet: {path: '/healthz/ready', port: agentgatewayPorts.ready}};
  return {
    serviceAccountName: identity.name,
    terminationGracePeriodSeconds: shutdownOf(spec).max,
    securityContext: lowPorts,
    containers: [
      {
        name: 'agentgateway',
        image: imageReference(provisioning.images.agentgateway, image),
        ...(image.pullPolicy !== undefined && {imagePullPolicy: image.pullPolicy}),
        args: ['-f', '/config/config.yaml'],
        env: environment(parts),
        ports: [{name: 'metrics', containerPort: agentgatewayPorts.metrics, protocol: 'TCP'}],
        resources: deepMerge({requests: {cpu: '100m', memory: '128Mi'}}, resources),
        securityContext: unprivileged,
        readinessProbe: {...probe, periodSeconds: 10},
        startupProbe: {...probe, periodSeconds: 1, failureThreshold: 60, successThreshold: 1, timeoutSeconds: 2},
        volumeMounts: [
          {name: 'config-volume', mountPath: '/config'},
          {name: 'tmp', mountPath: '/tmp'},
          token.volumeMount,
          ...(ca ? [ca.volumeMount] : []),
          ...(mesh?.volumeMounts ?? []),
          ...(spiffe ? [spiffe.volumeMount] : []),
          ...catalogs.map(({name, volume}) => ({
            name: volume,
            mountPath: `/etc/agentgateway/model-catalog/${name}`,
            readOnly: true,
          })),
        ],
      },
    ],
    volumes: [
      {name: 'config-volume', configMap: {name: identity.name}},
      token.volume,
      {name: 'tmp', emptyDir: {}},
      ...(ca ? [ca.volume] : []),
      ...(mesh?.volumes ?? []),
      ...(spiffe ? [spiffe.volume] : []),
      ...catalogs.map(({name, volume}) => ({name: volume, configMap: {name}})),
    ],
  };
}

const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** What the proxy is told by its environment. What the user sets stands behind it, and in place of what has its name. */
function environment({identity, provisioning, spec, sessionKey, mesh, ca}: AgentgatewayParts): readonly JsonObject[] {
  const {host, port} = provisioning.xds;
  const {env = [], logging} = spec;
  const {min, max} = shutdownOf(spec);
  const standard: readonly JsonObject[] = [
    {name: 'TERMINATION_GRACE_PERIOD_SECONDS', value: String(max)},
    {name: 'CONNECTION_MIN_TERMINATION_DEADLINE', value: `${min}s`},
    fieldVariable('NODE_NAME', 'spec.nodeName'),
    fieldVariable('POD_NAMESPACE', 'metadata.namespace'),
    fieldVariable('POD_NAME', 'metadata.name'),
    {name: 'RUST_BACKTRACE', value: '1'},
    {name: 'RUST_LOG', value: logging?.level ?? 'info'},
    ...(sessionKey
      ? [{name: 'SESSION_KEY', valueFrom: {secretKeyRef: {name: sessionKey.secretName, key: 'key'}}}]
      : []),
    {name: 'XDS_ADDRESS', value: `${ca ? 'https' : 'http'}://${urlHost(host)}:${port}`},
    ...(ca ? [{name: 'XDS_ROOT_CA', value: xdsCaFile}] : []),
    fieldVariable('NAMESPACE', 'metadata.namespace'),
    {name: 'GATEWAY', value: identity.name},
    {name: 'CPU_LIMIT', valueFrom: {resourceFieldRef: {resource: 'limits.cpu', divisor: '1'}}},
    fieldVariable('INSTANCE_IP', 'status.podIP'),
    fieldVariable('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    ...(mesh?.env ?? []),
  ];
  const own = new Set<unknown>(env.map(({name}) => name));
  return [...standard.filter(({name}) => !own.has(name)), ...env];
}
