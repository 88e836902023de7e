/** Type URLs, and the small messages that recur all over Envoy's configuration. */
import type {google} from '../../src/gen/proto/envoy.js';
import {envoy} from '../../src/gen/proto/envoy.js';

const url = <Name extends string>(name: Name) => `type.googleapis.com/${name}` as const;

/** The resource types that Envoy asks for. */
export const resourceTypes = {
  listener: url('envoy.config.listener.v3.Listener'),
  routeConfiguration: url('envoy.config.route.v3.RouteConfiguration'),
  virtualHost: url('envoy.config.route.v3.VirtualHost'),
  cluster: url('envoy.config.cluster.v3.Cluster'),
  loadAssignment: url('envoy.config.endpoint.v3.ClusterLoadAssignment'),
  secret: url('envoy.extensions.transport_sockets.tls.v3.Secret'),
} as const;

/** Messages that are carried in an Any. */
export const extensionTypes = {
  httpConnectionManager: url('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
  router: url('envoy.extensions.filters.http.router.v3.Router'),
  cors: url('envoy.extensions.filters.http.cors.v3.Cors'),
  corsPolicy: url('envoy.extensions.filters.http.cors.v3.CorsPolicy'),
  tcpProxy: url('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'),
  tlsInspector: url('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector'),
  downstreamTls: url('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
  httpProtocolOptions: url('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
  previousHosts: url('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate'),
} as const;

export const corsFilterName = 'envoy.filters.http.cors';

type Any = google.protobuf.IAny;

/** Nothing in it: the message with all defaults. */
const empty = new Uint8Array(0);

export const packAny = (type: string, bytes: Uint8Array = empty): Any => ({type_url: type, value: bytes});

/** From milliseconds. */
export function duration(milliseconds: number): google.protobuf.IDuration {
  const seconds = Math.floor(milliseconds / 1000);
  return {seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000};
}

/** "Ask the control plane, on the stream that is open anyway." */
export const adsSource: envoy.config.core.v3.IConfigSource = {
  ads: {},
  resourceApiVersion: envoy.config.core.v3.ApiVersion.V3,
};

export function socketAddress(address: string, portValue: number): envoy.config.core.v3.IAddress {
  return {socketAddress: {address, portValue}};
}

/** A share as Envoy's FractionalPercent, which knows three denominators: exact where possible, else in millionths. */
export function fraction(numerator: number, denominator: number): envoy.type.v3.IFractionalPercent {
  const {DenominatorType} = envoy.type.v3.FractionalPercent;
  if (denominator === 100) return {numerator, denominator: DenominatorType.HUNDRED};
  const millionths = Math.round((numerator / denominator) * 1_000_000);
  return {numerator: millionths, denominator: DenominatorType.MILLION};
}

/** Messages one after the other are one message: protobuf merges fields, and appends repeated ones. */
export function concatMessages(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
