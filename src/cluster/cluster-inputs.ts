/** What the graph is given in a cluster besides objects: the settings, and a seed for session keys. */
import {randomBytes} from 'node:crypto';
import {sessionSeed, settings} from '../../collections/inputs.ts';
import type {Provisioning, Settings} from '../../collections/settings.ts';
import type {StaticConfig} from '../config/static-config.ts';
import {createInputs, type Inputs} from '../inputs.ts';

/** `ca`: PEM of what proxies check the xDS server with, if with anything; asked whenever the settings are written. */
export function createClusterInputs(config: StaticConfig, version: string, ca: () => string | undefined): Inputs {
  return createInputs((tx) => {
    tx.set(settings, clusterSettings(config, version, ca()));
    tx.set(sessionSeed, {key: 'seed', privateKey: randomBytes(32).toString('hex')});
  });
}

export function clusterSettings(config: StaticConfig, version: string, ca: string | undefined): Settings {
  const {controllerNames, clusterDomain, serviceHost, envoy} = config;
  const provisioning = provisioningOf(config, version, ca);
  return {
    key: 'settings',
    provider: 'kubernetes',
    controllerNames,
    clusterDomain,
    serviceHost,
    envoy: {virtualHosts: envoy.virtualHosts},
    ...(provisioning && {provisioning}),
  };
}

function provisioningOf(
  {provision, xds}: StaticConfig,
  version: string,
  ca: string | undefined,
): Provisioning | undefined {
  const {enabled, envoyImage, agentgatewayImage, emptyServicePort, istio} = provision;
  const {serviceHost: host, servicePort: port, auth} = xds;
  // The configuration has been checked: whoever provisions has both.
  if (!enabled || host === undefined || port === undefined) return undefined;
  return {
    version,
    images: {envoy: envoyImage, agentgateway: agentgatewayImage},
    xds: {host, port, ...(ca !== undefined && {ca}), ...(auth.enabled && {audience: auth.audience})},
    emptyServicePort,
    ...(istio && {istio}),
  };
}
