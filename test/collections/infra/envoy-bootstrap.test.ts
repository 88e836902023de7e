import {expect, it} from 'vitest';
import {envoyBootstrap, gatewayMetadataKey} from '../../../collections/infra/envoy-bootstrap.ts';

it('tells who the Envoy is and where its control plane is', () => {
  const bootstrap = envoyBootstrap({gateway: 'default/gw', xds: {host: '127.0.0.1', port: 18_000}});
  expect(bootstrap).toMatchObject({
    node: {id: 'default/gw', cluster: 'default/gw', metadata: {[gatewayMetadataKey]: 'default/gw'}},
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        set_node_on_first_message_only: true,
        grpc_services: [{envoy_grpc: {cluster_name: 'xds', retry_policy: {retry_back_off: {max_interval: '5s'}}}}],
      },
      cds_config: {ads: {}},
      lds_config: {ads: {}},
    },
    static_resources: {
      clusters: [
        {
          name: 'xds',
          type: 'STATIC',
          load_assignment: {
            endpoints: [
              {lb_endpoints: [{endpoint: {address: {socket_address: {address: '127.0.0.1', port_value: 18_000}}}}]},
            ],
          },
        },
      ],
    },
  });
  expect(bootstrap).toHaveProperty(
    'overload_manager.resource_monitors.0.typed_config.max_active_downstream_connections',
  );
  expect(bootstrap).not.toHaveProperty('admin');
});

it.each([
  ['a socket', {path: '/run/envoy.sock'}, {pipe: {path: '/run/envoy.sock'}}],
  ['a port of the host itself', {port: 15_000}, {socket_address: {address: '127.0.0.1', port_value: 15_000}}],
])('puts the admin interface on %s', (_what, admin, address) => {
  const bootstrap = envoyBootstrap({
    gateway: 'default/gw',
    nodeId: 'pod-1',
    xds: {host: 'sluice.example', port: 1},
    admin,
  });
  expect(bootstrap).toMatchObject({
    node: {id: 'pod-1'},
    admin: {address},
    static_resources: {clusters: [{type: 'STRICT_DNS'}]},
  });
});

it('speaks TLS to a control plane whose certificate can be checked', () => {
  const socketOf = (host: string): unknown => {
    const {static_resources: resources} = envoyBootstrap({
      gateway: 'default/gw',
      xds: {host, port: 1, ca: {pemFile: '/ca.crt'}},
    });
    return resources;
  };
  expect(socketOf('sluice.example')).toMatchObject({
    clusters: [
      {
        transport_socket: {
          name: 'envoy.transport_sockets.tls',
          typed_config: {
            sni: 'sluice.example',
            common_tls_context: {
              validation_context: {
                trusted_ca: {filename: '/ca.crt'},
                match_typed_subject_alt_names: [{san_type: 'DNS', matcher: {exact: 'sluice.example'}}],
              },
            },
          },
        },
      },
    ],
  });
  expect(JSON.stringify(socketOf('192.0.2.1'))).toContain('"san_type":"IP_ADDRESS"');
  expect(JSON.stringify(socketOf('192.0.2.1'))).not.toContain('sni');
});

it('reads again what may be replaced while it runs', () => {
  const ca = {secret: {name: 'the-ca', file: '/etc/ca.json', watched: '/ca'}};
  const token = {name: 'the-token', file: '/etc/token.json', watched: '/tokens'};
  const {static_resources: resources} = envoyBootstrap({
    gateway: 'g/w',
    xds: {host: 'sluice.example', port: 1, ca, token},
  });
  const source = (path: string, watched: string) => ({
    path_config_source: {path, watched_directory: {path: watched}},
    resource_api_version: 'V3',
  });
  expect(resources).toMatchObject({
    clusters: [
      {
        transport_socket: {
          typed_config: {
            sni: 'sluice.example',
            common_tls_context: {
              validation_context_sds_secret_config: {name: 'the-ca', sds_config: source('/etc/ca.json', '/ca')},
            },
          },
        },
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            http_filters: [
              {
                name: 'envoy.filters.http.credential_injector',
                typed_config: {
                  overwrite: true,
                  credential: {
                    typed_config: {
                      header: 'authorization',
                      header_value_prefix: 'Bearer ',
                      credential: {name: 'the-token', sds_config: source('/etc/token.json', '/tokens')},
                    },
                  },
                },
              },
              {name: 'envoy.filters.http.upstream_codec'},
            ],
          },
        },
      },
    ],
  });
});

it('shows nothing and checks nothing where it is told of neither', () => {
  const text = JSON.stringify(envoyBootstrap({gateway: 'g/w', xds: {host: '127.0.0.1', port: 1}}));
  for (const word of ['transport_socket', 'http_filters', 'authorization']) expect(text).not.toContain(word);
});

it('lets others see whether it is ready, and its statistics', () => {
  const xds = {host: '127.0.0.1', port: 1};
  const stats = {port: 3, prefixes: {'/metrics': '/stats/prometheus'}};
  const listeners = {ready: {port: 2}, stats};
  const {static_resources: resources} = envoyBootstrap({gateway: 'g/w', xds, admin: {port: 4}, listeners});
  expect(resources).toMatchObject({
    clusters: [{name: 'xds'}, {name: 'admin'}],
    listeners: [
      {name: 'ready', address: {socket_address: {port_value: 2}}},
      {name: 'stats', address: {socket_address: {port_value: 3}}},
    ],
  });
  expect(JSON.stringify(resources)).toContain('"prefix_rewrite":"/stats/prometheus"');
  // Without an admin interface there is nothing to see.
  expect(envoyBootstrap({gateway: 'g/w', xds, listeners})).toEqual(envoyBootstrap({gateway: 'g/w', xds}));
});
