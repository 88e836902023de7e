/** Gateways with the annotation `example.com/health-port` get a listener more, which answers how many routes they have. */
import {
  attachmentsByGateway,
  type Extension,
  gateways,
  gatewayScope,
  managedGateways,
  resourceRow,
} from 'sluice/collections';
import {envoy, extensionTypes, packAny, resourceTypes, socketAddress} from 'sluice/envoy';
import {derive} from 'sluice/krt';

const {Listener} = envoy.config.listener.v3;
const {HttpConnectionManager} = envoy.extensions.filters.network.http_connection_manager.v3;

const healthListeners = derive('health-listeners', {
  from: managedGateways,
  rows: (ctx, {key, dialect, addresses: [address = '0.0.0.0']}) => {
    const port = ctx.get(gateways, key, ({metadata}) => Number(metadata.annotations?.['example.com/health-port'] ?? 0));
    if (dialect !== 'envoy' || !port) return undefined;
    const text = `${key}: ${ctx.count(attachmentsByGateway, key)} routes\n`;
    return resourceRow({
      scope: gatewayScope('envoy', key),
      type: resourceTypes.listener,
      name: 'health',
      bytes: Listener.encode({
        name: 'health',
        address: socketAddress(address, port),
        filterChains: [{filters: [answering(text)]}],
      }).finish(),
      refs: [],
    });
  },
});

/** The network filter that speaks HTTP, with one answer for all. */
function answering(text: string): envoy.config.listener.v3.IFilter {
  const directResponse = {status: 200, body: {inlineString: text}};
  const manager = HttpConnectionManager.encode({
    statPrefix: 'health',
    routeConfig: {virtualHosts: [{name: 'health', domains: ['*'], routes: [{match: {prefix: '/'}, directResponse}]}]},
    httpFilters: [{name: 'envoy.filters.http.router', typedConfig: packAny(extensionTypes.router)}],
  });
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: packAny(extensionTypes.httpConnectionManager, manager.finish()),
  };
}

export default {resources: [healthListeners]} satisfies Extension;
