import type {EnvoyParameters, StatsMatcher} from '../../src/api/gateway-parameters.ts';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import {envoyBootstrap} from './envoy-bootstrap.ts';
import {envoyXds} from './envoy-xds-files.ts';
import type {Provisioning} from '../settings.ts';

/** Ports of an Envoy itself; those that kgateway's have, so that probes and scrapers which name them go on working. */
export const envoyPorts = {admin: 19_000, ready: 8082, metrics: 9091} as const;

/** Where an Envoy has its configuration, and the file it begins with; it knows the format by the ending. */
export const envoyConfigFolder = '/etc/envoy';
export const envoyConfigFile = 'envoy.json';

/** The files that an Envoy of a Gateway is started with, by name. `gateway` is `namespace/name`. */
export function envoyConfig(
  gateway: string,
  {xds}: Provisioning,
  {envoyContainer, stats}: EnvoyParameters,
): {readonly [name: string]: string} {
  const {controlPlane, files} = envoyXds(xds, envoyConfigFolder);
  const {enableReadinessProbeProxyProtocol: proxyProtocol = false} = envoyContainer?.bootstrap ?? {};
  const {enabled = true, enableStatsRoute = true} = stats ?? {};
  const prefixes = {
    '/metrics': stats?.routePrefixRewrite ?? '/stats/prometheus?usedonly',
    ...(enableStatsRoute && {'/stats': stats?.statsRoutePrefixRewrite ?? '/stats'}),
  };
  const bootstrap = envoyBootstrap({
    gateway,
    xds: controlPlane,
    admin: {port: envoyPorts.admin},
    listeners: {
      ready: {port: envoyPorts.ready, proxyProtocol},
      ...(enabled && {stats: {port: envoyPorts.metrics, prefixes}}),
    },
  });
  const whole = deepMerge(bootstrap, wished(envoyContainer?.bootstrap, stats));
  return {[envoyConfigFile]: `${JSON.stringify(whole, undefined, 2)}\n`, ...files};
}

type Bootstrap = NonNullable<EnvoyParameters['envoyContainer']>['bootstrap'];

/** What users may say of a bootstrap, in the words of Envoy. */
function wished({logFormat, dnsResolver}: Bootstrap = {}, stats: EnvoyParameters['stats']): JsonObject {
  const {inclusionList, exclusionList} = stats?.matcher ?? {};
  const matcher = inclusionList
    ? {inclusion_list: {patterns: inclusionList.map(stringMatcher)}}
    : exclusionList && {exclusion_list: {patterns: exclusionList.map(stringMatcher)}};
  return {
    ...(logFormat && {
      application_log_config: {
        log_format: logFormat.json ? {json_format: logFormat.json} : {text_format: logFormat.text ?? ''},
      },
    }),
    ...(matcher && {stats_config: {stats_matcher: matcher}}),
    ...(dnsResolver?.udpMaxQueries !== undefined && {
      typed_dns_resolver_config: {
        name: 'envoy.network.dns_resolver.cares',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
          udp_max_queries: dnsResolver.udpMaxQueries,
        },
      },
    }),
  };
}

const stringMatcher = ({safeRegex, ignoreCase, ...match}: StatsMatcher): JsonObject => ({
  ...match,
  ...(safeRegex !== undefined && {safe_regex: {regex: safeRegex}}),
  ...(ignoreCase !== undefined && {ignore_case: ignoreCase}),
});
