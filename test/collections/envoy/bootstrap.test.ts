import {expect, it} from 'vitest';
import {envoyBootstrap, gatewayMetadataKey} from '../../../collections/envoy/bootstrap.ts';

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
