/** GRPCRoutes with a real Envoy: gRPC over cleartext HTTP/2, to Services that say nothing of what their ports speak. */
import {beforeAll, expect, it} from 'vitest';
import {describeWithEnvoy} from './harness/envoy.ts';
import {freePort} from './harness/free-port.ts';
import {call, grpcBackend, type GrpcEcho} from './harness/grpc.ts';
import {gateway, http, type Manifest, ref, service} from './harness/manifests.ts';
import {startSluice} from './harness/sluice.ts';

const methods = ['/a.Echo/Say', '/a.Echo/Shout', '/b.Other/Say', '/b.Other/Whisper'];

function grpcRoute(name: string, hostname: string, rules: readonly object[]): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GRPCRoute',
    metadata: {name, namespace: 'default'},
    spec: {parentRefs: [{name: 'gw'}], hostnames: [hostname], rules},
  };
}

describeWithEnvoy('GRPCRoutes', () => {
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const [one, two, three] = [
      await grpcBackend('one', methods),
      await grpcBackend('two', methods),
      await grpcBackend('three', methods),
    ];
    await startSluice({
      manifests: {
        'gateway.yaml': [gateway('gw', [http('http', port)])],
        'services.yaml': [
          ...service('one', [one.port]),
          ...service('two', [two.port]),
          ...service('three', [three.port]),
        ],
        'routes.yaml': [
          grpcRoute('methods', 'methods.test', [
            {backendRefs: [ref('three')]},
            {matches: [{method: {service: 'a.Echo'}}], backendRefs: [ref('two')]},
            {matches: [{method: {service: 'a.Echo', method: 'Say'}}], backendRefs: [ref('one')]},
            {
              matches: [{method: {service: 'b.Other', method: 'Whisper'}, headers: [{name: 'version', value: 'two'}]}],
              backendRefs: [ref('two')],
            },
          ]),
          grpcRoute('named', 'named.test', [
            {matches: [{method: {method: 'Whisper'}}], backendRefs: [ref('one')]},
            {
              matches: [{method: {type: 'RegularExpression', service: '[ab]\\..+', method: 'S.+t'}}],
              filters: [
                {type: 'RequestHeaderModifier', requestHeaderModifier: {set: [{name: 'x-seen', value: 'by-filter'}]}},
              ],
              backendRefs: [ref('two')],
            },
            {matches: [{method: {service: 'a.Echo', method: 'Say'}}], backendRefs: [ref('absent')]},
          ]),
        ],
      },
    });
  });

  const backendOf = async (authority: string, method: string, metadata = {}): Promise<string> => {
    const answer = await call({port, authority, method, metadata});
    return typeof answer === 'string' ? answer : answer.name;
  };

  it.each([
    ['a service and a method', '/a.Echo/Say', {}, 'one'],
    ['a service', '/a.Echo/Shout', {}, 'two'],
    ['nothing', '/b.Other/Say', {}, 'three'],
    ['a header', '/b.Other/Whisper', {version: 'two'}, 'two'],
    ['a header that is not there', '/b.Other/Whisper', {}, 'three'],
  ])('go by %s', async (_, method, metadata, backend) => {
    expect(await backendOf('methods.test', method, metadata)).toBe(backend);
  });

  it('go by a method of any service, and by expressions, with filters', async () => {
    expect(await backendOf('named.test', '/b.Other/Whisper')).toBe('one');
    const answer = await call({port, authority: 'named.test', method: '/a.Echo/Shout'});
    expect(answer).toMatchObject<Partial<GrpcEcho>>({
      name: 'two',
      method: '/a.Echo/Shout',
      metadata: expect.objectContaining({'x-seen': 'by-filter'}),
    });
  });

  it('answer in the terms of gRPC where there is nothing, and where a backend is missing', async () => {
    expect(await backendOf('named.test', '/b.Other/Say')).toBe('UNIMPLEMENTED');
    expect(await backendOf('nobody.test', '/a.Echo/Say')).toBe('UNIMPLEMENTED');
    expect(await backendOf('named.test', '/a.Echo/Say')).toBe('UNAVAILABLE');
  });
});
