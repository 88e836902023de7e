/** Clusters and their endpoints. */
import {describe, expect, it} from 'vitest';
import {gateway, makeWorld, plain, route, service, services, slice, web} from './harness.ts';

const all = route('r', `[{backendRefs: [${web}]}]`);

describe('clusters', () => {
  it('are those that routes of the Gateway refer to, and no others', () => {
    const world = makeWorld([services, plain, all, gateway('[{name: http, port: 81, protocol: HTTP}]', 'second')]);
    expect(world.names('Cluster')).toEqual(['default/web/80']);
    expect(world.names('ClusterLoadAssignment')).toEqual(['default/web/80']);
    expect(world.row('Cluster', 'default/web/80').scope).toBe('envoy/default/gw');
    world.apply(route('r', '[{backendRefs: [{name: api, port: 80}]}]'));
    expect(world.names('Cluster')).toEqual(['default/api/80']);
    world.remove(all);
    expect(world.names('Cluster')).toEqual([]);
  });

  it('ask for their endpoints by ADS', () => {
    const world = makeWorld([services, plain, all]);
    expect(world.resource('Cluster', 'default/web/80')).toMatchObject({
      name: 'default/web/80',
      type: 'EDS',
      edsClusterConfig: {edsConfig: {ads: {}, resourceApiVersion: 'V3'}},
      connectTimeout: {seconds: 5},
      lbPolicy: 'LEAST_REQUEST',
      ignoreHealthOnHostRemoval: true,
    });
  });

  it('are encoded once for all Gateways', () => {
    const world = makeWorld([
      services,
      plain,
      gateway('[{name: http, port: 8080, protocol: HTTP}]', 'second'),
      route('r', `[{backendRefs: [${web}]}]`, '', '[{name: gw}, {name: second}]'),
    ]);
    for (const type of ['.Cluster', '.ClusterLoadAssignment']) {
      const [first, second, ...more] = world.rows().filter((row) => row.type.endsWith(type));
      expect([first?.scope, second?.scope, more.length]).toEqual(['envoy/default/gw', 'envoy/default/second', 0]);
      expect(second?.bytes).toBe(first?.bytes);
    }
  });

  const http2 = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicitHttpConfig: {http2ProtocolOptions: {}},
    },
  };

  it.each([
    ['kubernetes.io/h2c', http2],
    ['kubernetes.io/ws', undefined],
    ['', undefined],
  ])('speak the protocol of the Service port: "%s"', (appProtocol, options) => {
    const world = makeWorld([services, service('web', '10.0.0.1', appProtocol), plain, all]);
    expect(world.resource('Cluster', 'default/web/80')['typedExtensionProtocolOptions']).toEqual(options);
  });

  it('ask DNS where nothing tells the endpoints', () => {
    const external = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {type: ExternalName, externalName: web.example.net, ports: [{port: 80}]}
`;
    const world = makeWorld([services, external, plain, all]);
    expect(world.resource('Cluster', 'default/web/80')).toMatchObject({
      type: 'STRICT_DNS',
      dnsLookupFamily: 'V4_PREFERRED',
      loadAssignment: {
        clusterName: 'default/web/80',
        endpoints: [
          {lbEndpoints: [{endpoint: {address: {socketAddress: {address: 'web.example.net', portValue: 80}}}}]},
        ],
      },
    });
    expect(world.names('ClusterLoadAssignment')).toEqual([]);
  });
});

describe('endpoints', () => {
  const assignmentOf = (endpoints: string): unknown => {
    const world = makeWorld([services, slice('web', endpoints), plain, all]);
    return world.resource('ClusterLoadAssignment', 'default/web/80')['endpoints'];
  };
  const at = (address: string, healthStatus?: string): object => ({
    endpoint: {address: {socketAddress: {address, portValue: 8080}}},
    ...(healthStatus !== undefined && {healthStatus}),
  });
  const leaving = '{ready: false, serving: true, terminating: true}';

  it('are grouped by zone, in an order of their own', () => {
    const endpoints =
      '[{addresses: [10.0.0.3], zone: b}, {addresses: [10.0.0.2], zone: a}, {addresses: [10.0.0.1], zone: b}, {addresses: [10.0.0.4]}]';
    expect(assignmentOf(endpoints)).toEqual([
      {lbEndpoints: [at('10.0.0.4')]},
      {locality: {zone: 'a'}, lbEndpoints: [at('10.0.0.2')]},
      {locality: {zone: 'b'}, lbEndpoints: [at('10.0.0.1'), at('10.0.0.3')]},
    ]);
  });

  it('drain while they terminate, unless nothing else is left', () => {
    const terminating = `{addresses: [10.0.0.2], conditions: ${leaving}}`;
    expect(assignmentOf(`[{addresses: [10.0.0.1]}, ${terminating}]`)).toEqual([
      {lbEndpoints: [at('10.0.0.1'), at('10.0.0.2', 'DRAINING')]},
    ]);
    expect(assignmentOf(`[{addresses: [10.0.0.1], conditions: {ready: false}}, ${terminating}]`)).toEqual([
      {lbEndpoints: [at('10.0.0.2')]},
    ]);
  });

  it('are there even when there are none: the cluster waits for them', () => {
    expect(assignmentOf('[]')).toBeUndefined();
  });
});
