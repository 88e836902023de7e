import type {EnvoyParameters} from '../../src/api/gateway-parameters.ts';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import type {Provisioning} from '../settings.ts';
import {envoyConfigFile, envoyConfigFolder, envoyPorts} from './envoy-config.ts';
import type {Identity} from './identity.ts';
import {imageReference} from './text.ts';
import {fieldVariable, lowPorts, type Mounted, unprivileged} from './workload.ts';

/** The Pod of an Envoy; `mounted` is what it needs for its control plane. */
export function envoyPod(
  identity: Identity,
  {images}: Provisioning,
  {envoyContainer = {}, podTemplate = {}, omitDefaultSecurityContext = false}: EnvoyParameters,
  mounted: readonly Mounted[],
): JsonObject {
  const {image = {}, resources = {}, bootstrap = {}, env = [], extraArgs = [], extraVolumeMounts = []} = envoyContainer;
  const {livenessProbe, gracefulShutdown, imagePullSecrets, nodeSelector, affinity, tolerations} = podTemplate;
  const {topologySpreadConstraints, priorityClassName, extraVolumes = []} = podTemplate;
  const securityContext = envoyContainer.securityContext ?? (omitDefaultSecurityContext ? undefined : unprivileged);
  const podSecurityContext = podTemplate.securityContext ?? (omitDefaultSecurityContext ? undefined : lowPorts);
  const pauseSeconds = gracefulShutdown?.enabled === false ? 0 : (gracefulShutdown?.sleepTimeSeconds ?? 10);
  const standard: readonly JsonObject[] = [
    fieldVariable('POD_NAME', 'metadata.name'),
    fieldVariable('POD_NAMESPACE', 'metadata.namespace'),
  ];
  const own = new Set<unknown>(env.map(({name}) => name));
  const ready = {httpGet: {path: '/ready', port: envoyPorts.ready}};
  const levels = Object.entries(bootstrap.componentLogLevels ?? {}).map(([name, level]) => `${name}:${level}`);
  return {
    serviceAccountName: identity.name,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: podTemplate.terminationGracePeriodSeconds ?? 60,
    ...(podSecurityContext && {securityContext: podSecurityContext}),
    ...(imagePullSecrets && {imagePullSecrets}),
    ...(nodeSelector && {nodeSelector}),
    ...(affinity && {affinity}),
    ...(tolerations && {tolerations}),
    ...(topologySpreadConstraints && {topologySpreadConstraints}),
    ...(priorityClassName !== undefined && {priorityClassName}),
    containers: [
      {
        name: 'envoy',
        image: imageReference(images.envoy, image),
        ...(image.pullPolicy !== undefined && {imagePullPolicy: image.pullPolicy}),
        command: ['envoy'],
        args: [
          '--config-path',
          `${envoyConfigFolder}/${envoyConfigFile}`,
          // One Envoy a Pod: nothing to hand over to, and no file in shared memory.
          '--disable-hot-restart',
          '--service-node',
          '$(POD_NAME).$(POD_NAMESPACE)',
          '--log-level',
          bootstrap.logLevel ?? 'info',
          ...(levels.length > 0 ? ['--component-log-level', levels.join(',')] : []),
          ...extraArgs,
        ],
        env: [...standard.filter(({name}) => !own.has(name)), ...env],
        ports: [{name: 'metrics', containerPort: envoyPorts.metrics, protocol: 'TCP'}],
        resources: deepMerge({requests: {cpu: '100m', memory: '128Mi'}}, resources),
        ...(securityContext && {securityContext}),
        ...(livenessProbe && {livenessProbe}),
        readinessProbe: podTemplate.readinessProbe ?? {...ready, periodSeconds: 10},
        startupProbe: podTemplate.startupProbe ?? {...ready, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2},
        // Until everybody knows that the Pod is going, requests come and are answered.
        ...(pauseSeconds > 0 && {lifecycle: {preStop: {sleep: {seconds: pauseSeconds}}}}),
        volumeMounts: [
          {name: 'config', mountPath: envoyConfigFolder, readOnly: true},
          {name: 'tmp', mountPath: '/tmp'},
          ...mounted.map(({volumeMount}) => volumeMount),
          ...extraVolumeMounts,
        ],
      },
    ],
    volumes: [
      {name: 'config', configMap: {name: identity.name}},
      {name: 'tmp', emptyDir: {}},
      ...mounted.map(({volume}) => volume),
      ...extraVolumes,
    ],
  };
}
