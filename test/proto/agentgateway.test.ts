import {describe, expect, test} from 'vitest';
import {agentgateway, istio} from '../../src/gen/proto/agentgateway.js';
import {fromProtoJson, toProtoJson, typeUrl} from './schemas.ts';

const {Bind, Listener, Resource, TLSConfig} = agentgateway.dev.resource;
const {Address, Workload} = istio.workload;

const resourceType = typeUrl('agentgateway.dev.resource.Resource');
const addressType = typeUrl('istio.workload.Address');

/** What the proxy reads, and the proof that the same JSON makes the same bytes. */
function json(type: string, bytes: Uint8Array): unknown {
  const value = toProtoJson(type, bytes);
  expect(Buffer.from(fromProtoJson(JSON.parse(JSON.stringify(value))).bytes).equals(bytes)).toBe(true);
  return value;
}

describe('agentgateway resources', () => {
  test('a bind: numbers and bytes on the wire', () => {
    const bytes = Resource.encode({bind: {key: '80/d/g', port: 80, protocol: Bind.Protocol.TLS}}).finish();
    const bind = [0x0a, 6, ...new TextEncoder().encode('80/d/g'), 0x10, 80, 0x18, 2];
    expect([...bytes]).toEqual([0x0a, bind.length, ...bind]);
    expect(Resource.decode(bytes).kind).toBe('bind');
    expect(json(resourceType, bytes)).toEqual({
      '@type': resourceType,
      bind: {key: '80/d/g', port: 80, protocol: 'TLS'},
    });
  });

  test('a listener with TLS', () => {
    const bytes = Resource.encode({
      listener: {
        key: 'default/gw.https',
        bindKey: '443/default/gw',
        name: {gatewayName: 'gw', gatewayNamespace: 'default', listenerName: 'https'},
        hostname: '*.example.com',
        protocol: agentgateway.dev.resource.Protocol.HTTPS,
        tls: {
          cert: new Uint8Array([1, 2]),
          privateKey: new Uint8Array([3]),
          minVersion: TLSConfig.TLSVersion.TLS_V1_3,
          mtlsMode: TLSConfig.MTLSMode.DISABLE,
        },
      },
    }).finish();
    expect(json(resourceType, bytes)).toEqual({
      '@type': resourceType,
      listener: {
        key: 'default/gw.https',
        bindKey: '443/default/gw',
        name: {gatewayName: 'gw', gatewayNamespace: 'default', listenerName: 'https'},
        hostname: '*.example.com',
        protocol: 'HTTPS',
        tls: {cert: 'AQI=', privateKey: 'Aw==', minVersion: 'TLS_V1_3', mtlsMode: 'DISABLE'},
      },
    });
    expect(Listener.toObject(Listener.fromObject({key: 'a', protocol: 'TLS'}), {enums: String})).toEqual({
      key: 'a',
      protocol: 'TLS',
    });
  });

  test('a route with matches, weights and filters', () => {
    const bytes = Resource.encode({
      route: {
        key: 'default/r.00.http',
        listenerKey: 'default/gw.http',
        name: {kind: 'HTTPRoute', name: 'r', namespace: 'default', ruleName: ''},
        hostnames: ['a.example.com'],
        matches: [{path: {pathPrefix: '/'}, headers: [{name: 'x', exact: ''}], method: {exact: 'GET'}}],
        backends: [
          {backend: {service: {namespace: 'default', hostname: 'web.default.svc.cluster.local'}, port: 80}, weight: 1},
        ],
        trafficPolicies: [{timeout: {request: {seconds: 1, nanos: 1_000_000}}}],
      },
    }).finish();
    expect(json(resourceType, bytes)).toEqual({
      '@type': resourceType,
      route: {
        key: 'default/r.00.http',
        listenerKey: 'default/gw.http',
        // An optional string and a oneof member are kept even when empty.
        name: {kind: 'HTTPRoute', name: 'r', namespace: 'default', ruleName: ''},
        hostnames: ['a.example.com'],
        matches: [{path: {pathPrefix: '/'}, headers: [{name: 'x', exact: ''}], method: {exact: 'GET'}}],
        backends: [
          {backend: {service: {namespace: 'default', hostname: 'web.default.svc.cluster.local'}, port: 80}, weight: 1},
        ],
        trafficPolicies: [{timeout: {request: '1.001s'}}],
      },
    });
  });

  test('a service and a workload', () => {
    const service = Address.encode({
      service: {
        name: 'web',
        namespace: 'default',
        hostname: 'web.default.svc.cluster.local',
        ports: [{servicePort: 80, targetPort: 8080, appProtocol: istio.workload.AppProtocol.HTTP11}],
      },
    }).finish();
    expect(Address.decode(service).type).toBe('service');
    expect(json(addressType, service)).toMatchObject({service: {ports: [{servicePort: 80, appProtocol: 'HTTP11'}]}});

    const workload = Address.encode({
      workload: {
        uid: 'Kubernetes//Pod/default/web-1',
        addresses: [new Uint8Array([127, 0, 0, 1])],
        status: istio.workload.WorkloadStatus.UNHEALTHY,
        services: {'default/web.default.svc.cluster.local': {ports: [{servicePort: 80, targetPort: 8080}]}},
        capacity: {value: 0},
      },
    }).finish();
    expect(json(addressType, workload)).toEqual({
      '@type': addressType,
      workload: {
        uid: 'Kubernetes//Pod/default/web-1',
        addresses: ['fwAAAQ=='],
        status: 'UNHEALTHY',
        services: {'default/web.default.svc.cluster.local': {ports: [{servicePort: 80, targetPort: 8080}]}},
        capacity: 0,
      },
    });
    expect(Workload.decode(Workload.encode({}).finish()).capacity ?? undefined).toBeUndefined();
  });
});
