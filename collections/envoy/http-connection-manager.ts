/** The network filter that speaks HTTP. */
import {envoy} from '../../src/gen/proto/envoy.js';
import {adsSource, corsFilterName, duration, extensionTypes, packAny} from './proto.ts';

type NetworkFilter = envoy.config.listener.v3.IFilter;

/**
 * HTTP filters in their order. Each does nothing until a route has configuration for it, so that a route edit never
 * changes a listener (which would drain its connections).
 */
function httpFilters(): envoy.extensions.filters.network.http_connection_manager.v3.IHttpFilter[] {
  const {Router} = envoy.extensions.filters.http.router.v3;
  return [
    {name: corsFilterName, typedConfig: packAny(extensionTypes.cors)},
    {
      name: 'envoy.filters.http.router',
      typedConfig: packAny(extensionTypes.router, Router.encode({suppressEnvoyHeaders: true}).finish()),
    },
  ];
}

/** Its routes are those of the RouteConfiguration, asked for by ADS; it is open once they are there. */
export function httpConnectionManager(routeConfigName: string): NetworkFilter {
  const {HttpConnectionManager} = envoy.extensions.filters.network.http_connection_manager.v3;
  const {ServerHeaderTransformation} = HttpConnectionManager;
  const manager = HttpConnectionManager.encode({
    statPrefix: routeConfigName,
    rds: {routeConfigName, configSource: {...adsSource, initialFetchTimeout: duration(0)}},
    httpFilters: httpFilters(),
    // Paths are compared as a backend would read them.
    normalizePath: {value: true},
    mergeSlashes: true,
    // The client is whoever has opened the connection.
    useRemoteAddress: {value: true},
    serverHeaderTransformation: ServerHeaderTransformation.PASS_THROUGH,
    // Of any route; Envoy refuses upgrades that nobody has allowed.
    upgradeConfigs: [{upgradeType: 'websocket'}],
    // The values Envoy's documentation advises at an edge.
    http2ProtocolOptions: {
      maxConcurrentStreams: {value: 100},
      initialStreamWindowSize: {value: 64 * 1024},
      initialConnectionWindowSize: {value: 1024 * 1024},
    },
  });
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: packAny(extensionTypes.httpConnectionManager, manager.finish()),
  };
}
