/** The cluster of an Envoy's bootstrap by which it reaches its control plane. */
import {isIpAddress} from '../../src/api/ip-address.ts';
import type {JsonObject} from '../../src/api/json.ts';

/** The control plane as an Envoy reaches it. */
export type ControlPlane = {
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
  /**
   * What its certificate is checked with; without, it is spoken to in plain text. `pemFile` is the path of a file that is
   * read once, for an Envoy that can be started anew; `secret` is for one that has to go on running when it is replaced.
   */
  readonly ca?: {readonly pemFile: string} | {readonly secret: WatchedSecret};
  /** What it shows as its bearer token; nothing without. Only Envoys in Pods have one. */
  readonly token?: WatchedSecret;
};

/** A secret that Envoy reads from files, and again whenever the kubelet has replaced what it is made of. */
export type WatchedSecret = {
  readonly name: string;
  /** Path of a file that has the secret as Envoy has secrets, and names the files that its parts are in. */
  readonly file: string;
  /** The folder that those are in: it is the link beside them that is swapped. */
  readonly watched: string;
};

export const xdsCluster = 'xds';

const type = (name: string): JsonObject => ({'@type': `type.googleapis.com/envoy.extensions.${name}`});

export function xdsClusterOf({host, port, ca, token}: ControlPlane): JsonObject {
  return {
    name: xdsCluster,
    // Of both families at once: one after the other, a name server that is slow to say no to the first costs the start.
    ...(isIpAddress(host) ? {type: 'STATIC'} : {type: 'STRICT_DNS', dns_lookup_family: 'ALL'}),
    connect_timeout: '5s',
    load_assignment: {
      cluster_name: xdsCluster,
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: host, port_value: port}}}}]}],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        ...type('upstreams.http.v3.HttpProtocolOptions'),
        // A control plane that vanished without a word is noticed, and another replica tried.
        explicit_http_config: {http2_protocol_options: {connection_keepalive: {interval: '30s', timeout: '5s'}}},
        ...(token && {http_filters: showing(token)}),
      },
    },
    ...(ca && {
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: {
          ...type('transport_sockets.tls.v3.UpstreamTlsContext'),
          ...(!isIpAddress(host) && {sni: host}),
          common_tls_context:
            'secret' in ca
              ? {validation_context_sds_secret_config: readAgain(ca.secret)}
              : {validation_context: checkedWith(host, ca.pemFile)},
        },
      },
    }),
  };
}

/** A certificate of the host, signed by an authority of the file (transport_sockets.tls.v3.CertificateValidationContext). */
export const checkedWith = (host: string, pemFile: string): JsonObject => ({
  trusted_ca: {filename: pemFile},
  match_typed_subject_alt_names: [{san_type: isIpAddress(host) ? 'IP_ADDRESS' : 'DNS', matcher: {exact: host}}],
});

/**
 * Filters of requests to the control plane, each stream of which begins with one; while there is no token, none is sent.
 * Header fields of its gRPC service (`initial_metadata`) could not be read from a file. Envoy 1.37 or later
 * (`header_value_prefix`).
 */
const showing = (token: WatchedSecret): readonly JsonObject[] => [
  {
    name: 'envoy.filters.http.credential_injector',
    typed_config: {
      ...type('filters.http.credential_injector.v3.CredentialInjector'),
      overwrite: true,
      credential: {
        name: 'envoy.http.injected_credentials.generic',
        typed_config: {
          ...type('http.injected_credentials.generic.v3.Generic'),
          credential: readAgain(token),
          header: 'authorization',
          header_value_prefix: 'Bearer ',
        },
      },
    },
  },
  // The one that sends: it must be there, and last.
  {name: 'envoy.filters.http.upstream_codec', typed_config: type('filters.http.upstream_codec.v3.UpstreamCodec')},
];

/** By SDS (transport_sockets.tls.v3.SdsSecretConfig): what a bootstrap itself names is read once and never again. */
const readAgain = ({name, file, watched}: WatchedSecret): JsonObject => ({
  name,
  sds_config: {path_config_source: {path: file, watched_directory: {path: watched}}, resource_api_version: 'V3'},
});
