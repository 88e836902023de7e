import type {GatewayRow} from '../gateway/ir.ts';
import type {Provisioning} from '../settings.ts';
import {envoyConfig, envoyPorts} from './envoy-config.ts';
import {envoyPod} from './envoy-pod.ts';
import {identityOf} from './identity.ts';
import {type Manifest, manifest, overlaid} from './manifest.ts';
import type {EnvoyParametersOf} from './parameters.ts';
import {scaling} from './scaling.ts';
import {gatewayService, type ListenerPort} from './service.ts';
import {checksum} from './text.ts';
import {gatewayWorkload, scraped} from './workload.ts';
import {xdsCaOf} from './xds-ca.ts';
import {xdsToken} from './xds-token.ts';

/** What is to exist for a Gateway of Envoy. Throws StrategicMergeError. */
export function envoyObjects(
  gateway: GatewayRow,
  listeners: readonly ListenerPort[],
  provisioning: Provisioning,
  {merged: spec, overlays}: EnvoyParametersOf,
): readonly Manifest[] {
  const identity = identityOf(gateway, provisioning.version);
  const ca = xdsCaOf(identity, provisioning.xds);
  const {audience} = provisioning.xds;
  const files = envoyConfig(gateway.key, provisioning, spec);
  const {podTemplate = {}, deployment = {}, service = {}, serviceAccount = {}, stats} = spec;

  const account = manifest('v1', 'ServiceAccount', identity, {
    labels: serviceAccount.extraLabels ?? {},
    annotations: serviceAccount.extraAnnotations ?? {},
    body: {automountServiceAccountToken: false},
  });
  const {extraLabels = {}, extraAnnotations = {}, ports: wantedPorts = [], ...serviceSpec} = service;
  const nodePorts = new Map(
    wantedPorts.flatMap(({port, nodePort}) => (nodePort === undefined ? [] : [[port, nodePort] as const])),
  );
  const workload = overlaid(
    gatewayWorkload(identity, {
      kind: 'Deployment',
      podLabels: podTemplate.extraLabels ?? {},
      podAnnotations: {
        ...(stats?.enabled !== false && scraped(envoyPorts.metrics)),
        ...podTemplate.extraAnnotations,
        // Not of the authority: Envoy reads that again.
        'checksum/config': checksum(Object.values(files).join('')),
      },
      podSpec: envoyPod(identity, provisioning, spec, [
        ...(ca ? [ca] : []),
        ...(audience === undefined ? [] : [xdsToken(audience)]),
      ]),
      spec: deployment,
    }),
    overlays('deploymentOverlay'),
  );
  return [
    overlaid(account, overlays('serviceAccountOverlay')),
    manifest('v1', 'ConfigMap', identity, {body: {data: files}}),
    ...(ca ? [ca.object] : []),
    overlaid(
      gatewayService(
        identity,
        {listeners, hidden: Object.values(envoyPorts), empty: provisioning.emptyServicePort, nodePorts},
        {address: gateway.addresses[0], labels: extraLabels, annotations: extraAnnotations, spec: serviceSpec},
      ),
      overlays('serviceOverlay'),
    ),
    workload,
    ...scaling(identity, workload, {
      podDisruptionBudget: overlays('podDisruptionBudget'),
      horizontalPodAutoscaler: overlays('horizontalPodAutoscaler'),
      verticalPodAutoscaler: overlays('verticalPodAutoscaler'),
    }),
  ];
}
