import {describe, expect, test} from 'vitest';
import {envoy} from '../../src/gen/proto/envoy.js';
import {fromProtoJson, toProtoJson, typeUrl} from './schemas.ts';

const {Listener} = envoy.config.listener.v3;
const {HttpConnectionManager} = envoy.extensions.filters.network.http_connection_manager.v3;
const {Router} = envoy.extensions.filters.http.router.v3;
const {Cors, CorsPolicy} = envoy.extensions.filters.http.cors.v3;
const {VirtualHost} = envoy.config.route.v3;
const {Cluster} = envoy.config.cluster.v3;
const {ClusterLoadAssignment} = envoy.config.endpoint.v3;
const {DownstreamTlsContext, Secret} = envoy.extensions.transport_sockets.tls.v3;
const {HttpProtocolOptions} = envoy.extensions.upstreams.http.v3;

/** Encodes, reads as protobuf JSON, writes that JSON again: the same bytes must come out. */
function json(name: string, bytes: Uint8Array): unknown {
  const value = toProtoJson(typeUrl(name), bytes);
  const again = fromProtoJson(JSON.parse(JSON.stringify(value)));
  expect(Buffer.from(again.bytes).equals(bytes)).toBe(true);
  return value;
}

const any = (name: string, value: Uint8Array) => ({type_url: typeUrl(name), value});

describe('Envoy resources', () => {
  test('a listener with a connection manager, its filters and a TLS context in Anys', () => {
    const manager = HttpConnectionManager.encode({
      statPrefix: 'http',
      codecType: HttpConnectionManager.CodecType.AUTO,
      rds: {
        routeConfigName: 'default/gw.80',
        configSource: {ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3, initialFetchTimeout: {}},
      },
      useRemoteAddress: {value: true},
      streamIdleTimeout: {seconds: 90, nanos: 500_000_000},
      httpFilters: [
        {
          name: 'envoy.filters.http.cors',
          typedConfig: any('envoy.extensions.filters.http.cors.v3.Cors', Cors.encode({}).finish()),
        },
        {
          name: 'envoy.filters.http.router',
          typedConfig: any('envoy.extensions.filters.http.router.v3.Router', Router.encode({}).finish()),
        },
      ],
    }).finish();
    const tls = DownstreamTlsContext.encode({
      commonTlsContext: {
        alpnProtocols: ['h2', 'http/1.1'],
        tlsCertificateSdsSecretConfigs: [{name: 'default/cert', sdsConfig: {ads: {}}}],
      },
    }).finish();
    const bytes = Listener.encode({
      name: 'default/gw/443',
      address: {socketAddress: {address: '0.0.0.0', portValue: 443}},
      filterChains: [
        {
          name: 'a.example.com',
          filterChainMatch: {serverNames: ['a.example.com']},
          filters: [
            {
              name: 'envoy.filters.network.http_connection_manager',
              typedConfig: any(
                'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                manager,
              ),
            },
          ],
          transportSocket: {
            name: 'envoy.transport_sockets.tls',
            typedConfig: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', tls),
          },
        },
      ],
    }).finish();

    expect(json('envoy.config.listener.v3.Listener', bytes)).toEqual({
      '@type': typeUrl('envoy.config.listener.v3.Listener'),
      name: 'default/gw/443',
      address: {socketAddress: {address: '0.0.0.0', portValue: 443}},
      filterChains: [
        {
          name: 'a.example.com',
          filterChainMatch: {serverNames: ['a.example.com']},
          filters: [
            {
              name: 'envoy.filters.network.http_connection_manager',
              typedConfig: {
                '@type': typeUrl('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
                statPrefix: 'http',
                rds: {
                  routeConfigName: 'default/gw.80',
                  configSource: {ads: {}, resourceApiVersion: 'V3', initialFetchTimeout: '0s'},
                },
                useRemoteAddress: true,
                streamIdleTimeout: '90.500s',
                httpFilters: [
                  {
                    name: 'envoy.filters.http.cors',
                    typedConfig: {'@type': typeUrl('envoy.extensions.filters.http.cors.v3.Cors')},
                  },
                  {
                    name: 'envoy.filters.http.router',
                    typedConfig: {'@type': typeUrl('envoy.extensions.filters.http.router.v3.Router')},
                  },
                ],
              },
            },
          ],
          transportSocket: {
            name: 'envoy.transport_sockets.tls',
            typedConfig: {
              '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
              commonTlsContext: {
                alpnProtocols: ['h2', 'http/1.1'],
                tlsCertificateSdsSecretConfigs: [{name: 'default/cert', sdsConfig: {ads: {}}}],
              },
            },
          },
        },
      ],
    });
    expect(Listener.encode(Listener.decode(bytes)).finish()).toEqual(bytes);
  });

  test('a virtual host with every kind of action and a filter configured per route', () => {
    const cors = CorsPolicy.encode({allowOriginStringMatch: [{exact: 'https://a.example'}], maxAge: '5'}).finish();
    const bytes = VirtualHost.encode({
      name: 'a.example.com',
      domains: ['a.example.com', 'a.example.com:*'],
      routes: [
        {
          name: 'r0',
          match: {pathSeparatedPrefix: '/v1', headers: [{name: 'x', stringMatch: {exact: 'y'}}]},
          route: {
            weightedClusters: {
              clusters: [
                {name: 'c0', weight: {value: 0}},
                {name: 'c1', weight: {value: 3}},
              ],
            },
            timeout: {seconds: 10},
            retryPolicy: {retryOn: '5xx', numRetries: {value: 2}},
          },
          typedPerFilterConfig: {
            'envoy.filters.http.cors': any('envoy.extensions.filters.http.cors.v3.CorsPolicy', cors),
          },
        },
        {
          match: {safeRegex: {regex: '/a.*'}},
          redirect: {
            responseCode: envoy.config.route.v3.RedirectAction.RedirectResponseCode.FOUND,
            hostRedirect: 'b.example.com',
          },
        },
        {match: {path: '/gone'}, directResponse: {status: 500, body: {inlineString: 'no'}}},
      ],
    }).finish();

    expect(json('envoy.config.route.v3.VirtualHost', bytes)).toEqual({
      '@type': typeUrl('envoy.config.route.v3.VirtualHost'),
      name: 'a.example.com',
      domains: ['a.example.com', 'a.example.com:*'],
      routes: [
        {
          name: 'r0',
          match: {pathSeparatedPrefix: '/v1', headers: [{name: 'x', stringMatch: {exact: 'y'}}]},
          route: {
            weightedClusters: {
              clusters: [
                {name: 'c0', weight: 0},
                {name: 'c1', weight: 3},
              ],
            },
            timeout: '10s',
            retryPolicy: {retryOn: '5xx', numRetries: 2},
          },
          typedPerFilterConfig: {
            'envoy.filters.http.cors': {
              '@type': typeUrl('envoy.extensions.filters.http.cors.v3.CorsPolicy'),
              allowOriginStringMatch: [{exact: 'https://a.example'}],
              maxAge: '5',
            },
          },
        },
        {match: {safeRegex: {regex: '/a.*'}}, redirect: {responseCode: 'FOUND', hostRedirect: 'b.example.com'}},
        {match: {path: '/gone'}, directResponse: {status: 500, body: {inlineString: 'no'}}},
      ],
    });
    expect(VirtualHost.decode(bytes).routes?.map((route) => route.action)).toEqual([
      'route',
      'redirect',
      'directResponse',
    ]);
  });

  test('an EDS cluster with HTTP/2 options and its endpoints', () => {
    const options = HttpProtocolOptions.encode({explicitHttpConfig: {http2ProtocolOptions: {}}}).finish();
    const cluster = Cluster.encode({
      name: 'default/web/80',
      type: Cluster.DiscoveryType.EDS,
      edsClusterConfig: {edsConfig: {ads: {}}},
      connectTimeout: {seconds: 5},
      lbPolicy: Cluster.LbPolicy.LEAST_REQUEST,
      typedExtensionProtocolOptions: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          options,
        ),
      },
    }).finish();
    expect(json('envoy.config.cluster.v3.Cluster', cluster)).toMatchObject({
      type: 'EDS',
      lbPolicy: 'LEAST_REQUEST',
      connectTimeout: '5s',
      typedExtensionProtocolOptions: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {explicitHttpConfig: {http2ProtocolOptions: {}}},
      },
    });

    const assignment = ClusterLoadAssignment.encode({
      clusterName: 'default/web/80',
      endpoints: [
        {
          locality: {region: 'r', zone: 'z'},
          loadBalancingWeight: {value: 1},
          lbEndpoints: [
            {
              endpoint: {address: {socketAddress: {address: '10.0.0.1', portValue: 8080}}},
              healthStatus: envoy.config.core.v3.HealthStatus.HEALTHY,
            },
          ],
        },
      ],
    }).finish();
    expect(json('envoy.config.endpoint.v3.ClusterLoadAssignment', assignment)).toMatchObject({
      endpoints: [{lbEndpoints: [{healthStatus: 'HEALTHY'}], loadBalancingWeight: 1}],
    });
  });

  test('a secret keeps its bytes', () => {
    const bytes = Secret.encode({
      name: 'default/cert',
      tlsCertificate: {
        certificateChain: {inlineBytes: new Uint8Array([0, 1, 255])},
        privateKey: {inlineString: 'key'},
      },
    }).finish();
    expect(json('envoy.extensions.transport_sockets.tls.v3.Secret', bytes)).toEqual({
      '@type': typeUrl('envoy.extensions.transport_sockets.tls.v3.Secret'),
      name: 'default/cert',
      tlsCertificate: {certificateChain: {inlineBytes: 'AAH/'}, privateKey: {inlineString: 'key'}},
    });
    const read = Secret.decode(bytes).tlsCertificate?.certificateChain?.inlineBytes;
    expect([...(read ?? [])]).toEqual([0, 1, 255]);
  });

  test('static bootstrap, fromObject and toObject', () => {
    const {Bootstrap} = envoy.config.bootstrap.v3;
    const plain = {
      node: {id: 'n', cluster: 'c'},
      dynamicResources: {adsConfig: {apiType: 'DELTA_GRPC', transportApiVersion: 'V3'}},
      admin: {address: {pipe: {path: '/tmp/admin'}}},
    };
    const bytes = Bootstrap.encode(Bootstrap.fromObject(plain)).finish();
    expect(Bootstrap.toObject(Bootstrap.decode(bytes), {enums: String})).toEqual(plain);
  });
});
