/**
 * Names of Envoy resources. They follow from what a resource is for, never from positions or from the order of things,
 * so that an edit elsewhere renames nothing (a renamed listener drains its connections).
 */
import type {PortListener} from '../gateway/ir.ts';

/** A listener is named by its port: several listeners of a Gateway share it. */
export const listenerName = (port: number): string => `tcp-${port}`;

/**
 * All plain HTTP listeners of a port share one RouteConfiguration; each HTTPS listener has its own, because the
 * connection has chosen it by SNI before any Host is known.
 */
export function routeConfigurationName(port: number, listener: Pick<PortListener, 'name' | 'protocol'>): string {
  return listener.protocol === 'HTTPS' ? `https-${port}-${listener.name}` : `http-${port}`;
}

/** A RouteConfiguration of a Gateway. */
export const routeConfigurationKey = (gateway: string, name: string): string => `${gateway}|${name}`;

export function parseRouteConfigurationKey(key: string): {readonly gateway: string; readonly name: string} {
  const [gateway = '', name = ''] = key.split('|');
  return {gateway, name};
}

/** A cluster, and its ClusterLoadAssignment, are named by the key of the backend: `namespace/service/port`. */
export const clusterName = (backend: string): string => backend;

/** Never defined: the share of traffic that goes to it is answered by `cluster_not_found_response_code`. */
export const invalidBackendCluster = 'invalid-backend';

/** The domain of a VirtualHost: `''` stands for all hosts. */
export const domainOf = (hostname: string): string => (hostname === '' ? '*' : hostname);

/** Envoy finds the RouteConfiguration of a VirtualHost by what stands before the last slash. */
export const virtualHostName = (routeConfiguration: string, domain: string): string =>
  `${routeConfiguration}/${domain}`;

/** What the parts of a VirtualHost are grouped by. None of the three can contain the separator. */
export const hostKey = (gateway: string, routeConfiguration: string, hostname: string): string =>
  `${gateway}|${routeConfiguration}|${domainOf(hostname)}`;

export function parseHostKey(key: string): {
  readonly gateway: string;
  readonly routeConfiguration: string;
  readonly domain: string;
} {
  const [gateway = '', routeConfiguration = '', domain = ''] = key.split('|');
  return {gateway, routeConfiguration, domain};
}

/** A certificate as one Gateway uses it. */
export const certificateUseKey = (gateway: string, certificate: string): string => `${gateway}|${certificate}`;

export function parseCertificateUseKey(key: string): {readonly gateway: string; readonly certificate: string} {
  const [gateway = '', certificate = ''] = key.split('|');
  return {gateway, certificate};
}
