import {envoy} from '../../src/gen/proto/envoy.js';
import {derive} from '../../src/krt/index.ts';
import type {PortListener, PortRow} from '../gateway/ir.ts';
import {ports} from '../gateway/ports.ts';
import {settings} from '../inputs.ts';
import {gatewayScope, resourceRow, type ResourceRow} from '../resource.ts';
import {httpConnectionManager} from './http-connection-manager.ts';
import {terminatesHttps} from './listener-kind.ts';
import {invalidBackendCluster, listenerName, routeConfigurationName} from './names.ts';
import {adsSource, extensionTypes, packAny, resourceTypes, socketAddress} from './proto.ts';

type FilterChain = envoy.config.listener.v3.IFilterChain;

/**
 * One Envoy listener per port: a single filter chain for plain HTTP, one per HTTPS or TLS listener otherwise, chosen by
 * SNI. A port for which there is no chain has no listener, since Envoy refuses empty ones.
 */
export const envoyListeners = derive('envoy-listeners', {
  from: ports,
  reads: [settings],
  rows: (ctx, port): ResourceRow | undefined => {
    const filterChains = port.dialect === 'envoy' ? chainsOf(port) : [];
    if (filterChains.length === 0) return undefined;
    const [address, ...additional] = addressesOf(port);
    const {Listener} = envoy.config.listener.v3;
    const name = listenerName(port.port);
    const bytes = Listener.encode({
      name,
      statPrefix: name,
      ...(address && {address}),
      additionalAddresses: additional.map((more) => ({address: more})),
      filterChains,
      // Always there with TLS, so that a chain more or less changes chains only, and Envoy keeps the others' connections.
      listenerFilters: port.kind === 'TLS' ? [tlsInspector] : [],
      perConnectionBufferLimitBytes: {value: 32 * 1024},
      ...(ctx.get(settings, 'settings', (row) => row.provider) === 'file' && aloneOnPort),
    }).finish();
    return resourceRow({
      scope: gatewayScope('envoy', port.gateway),
      type: resourceTypes.listener,
      name,
      bytes,
      refs: [],
    });
  },
});

/**
 * Envoys of one host share a port by default, each taking some of its connections. One that wants what another Gateway
 * has is to be refused it.
 */
const aloneOnPort = {enableReusePort: {value: false}};

const tlsInspector = {
  name: 'envoy.filters.listener.tls_inspector',
  typedConfig: packAny(extensionTypes.tlsInspector),
};

/** `0.0.0.0` where none is given: `::` cannot be bound on hosts without IPv6. */
function addressesOf({addresses, port}: PortRow): envoy.config.core.v3.IAddress[] {
  return (addresses.length === 0 ? ['0.0.0.0'] : addresses).map((address) => socketAddress(address, port));
}

function chainsOf(port: PortRow): FilterChain[] {
  if (port.kind === 'TLS') {
    return port.listeners.flatMap((listener) => {
      if (listener.protocol === 'TLS') return streamChain(port.port, listener);
      return terminatesHttps(listener) ? httpsChain(port.port, listener) : [];
    });
  }
  const name = routeConfigurationName(port.port, {name: '', protocol: 'HTTP'});
  return [{name, filters: [httpConnectionManager(name)]}];
}

function httpsChain(port: number, listener: PortListener): FilterChain {
  const name = routeConfigurationName(port, listener);
  return {
    name,
    ...matching(listener),
    filters: [httpConnectionManager(name)],
    transportSocket: downstreamTls(listener.tls?.certificates ?? [], ['h2', 'http/1.1']),
  };
}

/** A TLS listener leads nowhere as long as no route is attached: its connections are taken, and closed. */
function streamChain(port: number, listener: PortListener): FilterChain {
  const {TcpProxy} = envoy.extensions.filters.network.tcp_proxy.v3;
  const name = `tls-${port}-${listener.name}`;
  const proxy = TcpProxy.encode({statPrefix: name, cluster: invalidBackendCluster}).finish();
  return {
    name,
    ...matching(listener),
    filters: [{name: 'envoy.filters.network.tcp_proxy', typedConfig: packAny(extensionTypes.tcpProxy, proxy)}],
    ...(listener.tls?.mode === 'Terminate' && {transportSocket: downstreamTls(listener.tls.certificates, [])}),
  };
}

const matching = ({hostname}: PortListener): Pick<FilterChain, 'filterChainMatch'> =>
  hostname === '' ? {} : {filterChainMatch: {serverNames: [hostname]}};

/** Certificates are asked for by name, so that a new one does not touch the listener. */
function downstreamTls(
  certificates: readonly string[],
  alpnProtocols: string[],
): envoy.config.core.v3.ITransportSocket {
  const {DownstreamTlsContext} = envoy.extensions.transport_sockets.tls.v3;
  const context = DownstreamTlsContext.encode({
    commonTlsContext: {
      alpnProtocols,
      tlsCertificateSdsSecretConfigs: certificates.map((name) => ({name, sdsConfig: adsSource})),
    },
  });
  return {name: 'envoy.transport_sockets.tls', typedConfig: packAny(extensionTypes.downstreamTls, context.finish())};
}
