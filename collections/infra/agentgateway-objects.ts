import type {Context} from '../../src/krt/index.ts';
import type {GatewayRow} from '../gateway/ir.ts';
import type {Provisioning} from '../settings.ts';
import {agentgatewayConfig} from './agentgateway-config.ts';
import {agentgatewayPod, agentgatewayPorts} from './agentgateway-pod.ts';
import {identityOf} from './identity.ts';
import {meshMember} from './istio.ts';
import {type Manifest, manifest, overlaid} from './manifest.ts';
import {agentgatewayParametersOf} from './parameters.ts';
import {scaling} from './scaling.ts';
import {gatewayService, type ListenerPort} from './service.ts';
import {sessionKeyOf, sessionSecret} from './session-key.ts';
import {spiffeSocket} from './spiffe.ts';
import {checksum} from './text.ts';
import {gatewayWorkload, scraped} from './workload.ts';
import {xdsCaOf} from './xds-ca.ts';

/**
 * What is to exist for a Gateway of agentgateway. The same objects, with the same names, as its own controller makes, so
 * that a Gateway can be taken over. Throws StrategicMergeError.
 */
export function agentgatewayObjects(
  ctx: Context,
  gateway: GatewayRow,
  listeners: readonly ListenerPort[],
  provisioning: Provisioning,
): readonly Manifest[] {
  const identity = identityOf(gateway, provisioning.version);
  const {merged: spec, overlays} = agentgatewayParametersOf(ctx, gateway.parameters);
  const ca = xdsCaOf(identity, provisioning.xds);
  const spiffe = spiffeSocket(spec.spiffe);
  const mesh = meshMember(ctx, spec.istio, provisioning.istio);
  const ownKey = spec.env?.some(({name}) => name === 'SESSION_KEY') === true;
  const sessionKey = ownKey ? undefined : sessionKeyOf(ctx, identity);
  const config = agentgatewayConfig(spec, spiffe);

  const account = manifest('v1', 'ServiceAccount', identity, {body: {automountServiceAccountToken: false}});
  const service = gatewayService(
    identity,
    {
      listeners,
      hidden: [...Object.values(agentgatewayPorts), ...gateway.internalPorts],
      empty: provisioning.emptyServicePort,
    },
    {address: gateway.addresses[0]},
  );
  const kind = spec.workload?.kind ?? 'Deployment';
  const workload = overlaid(
    gatewayWorkload(identity, {
      kind,
      podLabels: mesh?.podLabels ?? {},
      podAnnotations: {
        ...scraped(agentgatewayPorts.metrics),
        'checksum/config': checksum(config),
        ...(sessionKey && {'checksum/session-key': checksum(sessionKey.text)}),
        ...ca?.annotations,
      },
      podSpec: agentgatewayPod({identity, provisioning, spec, sessionKey, mesh, spiffe, ca}),
    }),
    overlays(kind === 'Deployment' ? 'deployment' : 'daemonSet'),
  );
  return [
    overlaid(account, overlays('serviceAccount')),
    manifest('v1', 'ConfigMap', identity, {body: {data: {'config.yaml': config}}}),
    ...(ca ? [ca.object] : []),
    ...(sessionKey ? [sessionSecret(identity, sessionKey)] : []),
    overlaid(service, overlays('service')),
    workload,
    ...scaling(identity, workload, {
      podDisruptionBudget: overlays('podDisruptionBudget'),
      // A DaemonSet has a proxy on every node, and no more.
      ...(kind === 'Deployment' && {horizontalPodAutoscaler: overlays('horizontalPodAutoscaler')}),
    }),
  ];
}
