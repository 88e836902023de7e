import {describe, expect, it} from 'vitest';
import {ipBytes} from '../../../collections/agentgateway/ip-bytes.ts';
import {basics, makeGraph, namesOf, objectsOf, remove, resourceOf, route, rowOf, web, write} from './harness.ts';

const serviceKey = 'default/web.default.svc.cluster.local';
const pod = 'Kubernetes//Pod/default/web-a';
const bare = 'Kubernetes/discovery.k8s.io/EndpointSlice/default/web-1/10.0.0.2';
const toWeb = route('r', `[{backendRefs: [${web}]}]`);

const inBase64 = (address: string): string => Buffer.from(ipBytes(address) ?? []).toString('base64');

const addressNames = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !/^(bind|listener|route)\//.test(name));

describe('Services', () => {
  it('are sent with the ports that routes refer to', () => {
    const graph = makeGraph(objectsOf(basics, toWeb));
    const service = {
      name: 'web',
      namespace: 'default',
      hostname: 'web.default.svc.cluster.local',
      addresses: [{address: inBase64('10.96.0.10')}, {address: inBase64('fd00::a')}],
      canonical: true,
    };
    const http = {servicePort: 80, targetPort: 8080, appProtocol: 'HTTP11'};
    expect(resourceOf(graph, serviceKey)).toEqual({...service, ports: [http]});
    expect(rowOf(graph, serviceKey)).toMatchObject({
      type: 'type.googleapis.com/istio.workload.Address',
      scope: 'agentgateway/default/gw',
      refs: [],
      order: 1,
    });
    write(graph, objectsOf(route('s', '[{backendRefs: [{name: web, port: 81}]}]')));
    expect(resourceOf(graph, serviceKey)).toEqual({...service, ports: [http, {servicePort: 81}]});
  });

  it('are sent to the Gateways that refer to them', () => {
    const graph = makeGraph(objectsOf(basics));
    expect(addressNames(namesOf(graph))).toEqual([]);
    const [added] = objectsOf(toWeb);
    if (added === undefined) throw new Error('no route');
    write(graph, [added]);
    expect(addressNames(namesOf(graph))).toEqual([pod, bare, serviceKey]);
    remove(graph, added);
    expect(addressNames(namesOf(graph))).toEqual([]);
  });

  it.each([
    ['appProtocol: kubernetes.io/h2c', 'HTTP2'],
    ['appProtocol: kubernetes.io/ws', 'HTTP11'],
    ['name: grpc-api', 'GRPC'],
    ['name: http2', 'HTTP2'],
    ['name: https-x', 'TLS'],
    ['name: tcp', 'TCP'],
    ['name: other', undefined],
  ])('a port with %s speaks %s', (field, protocol) => {
    const service = `{apiVersion: v1, kind: Service, metadata: {name: p, namespace: default}, spec: {clusterIP: None, ports: [{port: 1, ${field}}]}}`;
    const graph = makeGraph(objectsOf(basics, service, route('r', '[{backendRefs: [{name: p, port: 1}]}]')));
    expect(resourceOf(graph, 'default/p.default.svc.cluster.local')).toMatchObject({
      ports: [{servicePort: 1, targetPort: 1, ...(protocol !== undefined && {appProtocol: protocol})}],
    });
    expect(resourceOf(graph, 'default/p.default.svc.cluster.local')['addresses']).toBeUndefined();
  });
});

describe('Workloads', () => {
  it('of a Pod and of a bare address', () => {
    const graph = makeGraph(objectsOf(basics, toWeb));
    const services = {[serviceKey]: {ports: [{servicePort: 80, targetPort: 8080}]}};
    expect(resourceOf(graph, pod)).toEqual({
      uid: pod,
      name: 'web-a',
      namespace: 'default',
      addresses: [inBase64('10.0.0.1')],
      clusterId: 'Kubernetes',
      workloadType: 'POD',
      locality: {zone: 'a'},
      services,
    });
    expect(resourceOf(graph, bare)).toEqual({
      uid: bare,
      name: 'web-1',
      namespace: 'default',
      addresses: [inBase64('10.0.0.2')],
      clusterId: 'Kubernetes',
      networkMode: 'HOST_NETWORK',
      locality: {zone: 'b'},
      services,
    });
    expect(rowOf(graph, pod)).toMatchObject({type: 'type.googleapis.com/istio.workload.Address', order: 0});
  });

  it('name all Services and ports they stand behind', () => {
    const other = `
apiVersion: v1
kind: Service
metadata: {name: also, namespace: default}
spec: {ports: [{port: 8}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: also-1, namespace: default, labels: {kubernetes.io/service-name: also}}
addressType: IPv4
ports: [{name: "", port: 8080}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: web-a, namespace: default}}]
`;
    const rule = `{backendRefs: [${web}, {name: web, port: 81}, {name: also, port: 8}]}`;
    const graph = makeGraph(objectsOf(basics, other, route('r', `[${rule}]`)));
    expect(resourceOf(graph, pod)['services']).toEqual({
      'default/also.default.svc.cluster.local': {ports: [{servicePort: 8, targetPort: 8080}]},
      [serviceKey]: {
        ports: [
          {servicePort: 80, targetPort: 8080},
          {servicePort: 81, targetPort: 9090},
        ],
      },
    });
  });

  it('that drain are unhealthy', () => {
    const graph = makeGraph(
      objectsOf(
        basics.replace('{ready: true}, targetRef', '{ready: false, serving: true, terminating: true}, targetRef'),
        toWeb,
      ),
    );
    expect(resourceOf(graph, pod)['status']).toBe('UNHEALTHY');
    expect(resourceOf(graph, bare)['status']).toBeUndefined();
  });

  it('stand for the DNS name of a Service without endpoints', () => {
    const services = `
{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: default}, spec: {type: ExternalName, externalName: db.example.com, ports: [{port: 443}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: local, namespace: default}, spec: {ports: [{port: 80, targetPort: 3000}]}}
`;
    const rule = '{backendRefs: [{name: ext, port: 443}, {name: local, port: 80}]}';
    const graph = makeGraph(objectsOf(basics, services, route('r', `[${rule}]`)));
    expect(resourceOf(graph, 'Kubernetes//Service/default/ext')).toEqual({
      uid: 'Kubernetes//Service/default/ext',
      name: 'ext',
      namespace: 'default',
      hostname: 'db.example.com',
      clusterId: 'Kubernetes',
      services: {'default/ext.default.svc.cluster.local': {ports: [{servicePort: 443, targetPort: 443}]}},
    });
    expect(resourceOf(graph, 'Kubernetes//Service/default/local')).toMatchObject({
      hostname: 'local',
      services: {'default/local.default.svc.cluster.local': {ports: [{servicePort: 80, targetPort: 3000}]}},
    });
    expect(namesOf(graph)).toContain('default/ext.default.svc.cluster.local');
  });

  it('carry an address where that is what the host of a Service is', () => {
    const service =
      '{apiVersion: v1, kind: Service, metadata: {name: local, namespace: default}, spec: {ports: [{port: 80}]}}';
    const objects = objectsOf(basics, service, route('r', '[{backendRefs: [{name: local, port: 80}]}]'));
    const graph = makeGraph(objects, undefined, {serviceHost: '127.0.0.1'});
    const workload = resourceOf(graph, 'Kubernetes//Service/default/local');
    expect(workload['addresses']).toEqual([inBase64('127.0.0.1')]);
    expect(workload['hostname']).toBeUndefined();
  });
});

describe('ipBytes', () => {
  it.each([
    ['10.0.0.255', [10, 0, 0, 255]],
    ['::', Array.from({length: 16}, () => 0)],
    ['::1', [...Array.from({length: 15}, () => 0), 1]],
    ['fd00::a:0', [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['::ffff:10.1.2.3', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3]],
  ])('%s', (text, bytes) => {
    expect([...(ipBytes(text) ?? [])]).toEqual(bytes);
  });

  it('is undefined for what is no address', () => {
    for (const text of ['', 'web', '10.0.0', '1::2::3', '10.0.0.256']) expect(ipBytes(text)).toBeUndefined();
  });
});
