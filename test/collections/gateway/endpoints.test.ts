import {describe, expect, it} from 'vitest';
import {backends} from '../../../collections/gateway/backends.ts';
import {endpoints} from '../../../collections/gateway/endpoints.ts';
import {gatewayBackends} from '../../../collections/gateway/gateway-backends.ts';
import {gatewayYaml, routeYaml, serviceYaml, sliceYaml, startWorld, type World} from './world.ts';

const base =
  gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]') +
  routeYaml('parentRefs: [{name: gw}]\nrules: [{backendRefs: [{name: s, port: 80}]}]');

const start = (yaml: string, settings = {}): World =>
  startWorld([backends, endpoints, gatewayBackends], base + yaml, {settings});

const address = (ip: string, more = ''): string => `{addresses: [${ip}]${more}}`;

const told = ({graph}: World): unknown =>
  graph.get(endpoints, 'default/s/80')?.endpoints.map(({address, port, health}) => `${address}:${port} ${health}`);

describe('backends', () => {
  it('are the Service ports that rules refer to, and no others', () => {
    const world = start(
      serviceYaml('unused') +
        serviceYaml('s', {
          ports: '[{name: web, port: 80, targetPort: http, appProtocol: kubernetes.io/h2c}, {name: x, port: 81}]',
          spec: 'clusterIPs: [10.0.0.1, "fd00::1"]',
        }) +
        sliceYaml('s', '[]'),
    );
    expect(world.graph.list(backends)).toEqual([
      {
        key: 'default/s/80',
        namespace: 'default',
        service: 's',
        portName: 'web',
        port: 80,
        targetPort: 'http',
        protocol: 'h2c',
        use: 'plain',
        discovery: {type: 'slices'},
        addresses: ['10.0.0.1', 'fd00::1'],
      },
    ]);
    world.remove('gateway.networking.k8s.io/HTTPRoute', 'default/web');
    expect(world.graph.list(backends)).toEqual([]);
  });

  it.each<[string, string, object, object]>([
    [
      'no slices, files',
      serviceYaml('s', {ports: '[{port: 80, targetPort: 9000}]'}),
      {},
      {type: 'dns', host: 's', port: 9000},
    ],
    [
      'no slices, a named target port',
      serviceYaml('s', {ports: '[{port: 80, targetPort: web}]'}),
      {},
      {type: 'dns', host: 's', port: 80},
    ],
    ['no slices, no target port', serviceYaml('s', {ports: '[{port: 80}]'}), {}, {type: 'dns', host: 's', port: 80}],
    [
      'no slices, a pattern for host names',
      serviceYaml('s'),
      {serviceHost: '{name}.{namespace}.test'},
      {type: 'dns', host: 's.default.test', port: 8080},
    ],
    ['no slices, in a cluster', serviceYaml('s'), {provider: 'kubernetes'}, {type: 'slices'}],
    [
      'an external name',
      serviceYaml('s', {spec: 'type: ExternalName\nexternalName: example.org'}) + sliceYaml('s', '[]'),
      {},
      {type: 'dns', host: 'example.org', port: 80},
    ],
    [
      'a headless Service with slices',
      serviceYaml('s', {spec: 'clusterIP: None'}) + sliceYaml('s', '[]'),
      {},
      {type: 'slices'},
    ],
  ])('are discovered: %s', (_, yaml, settings, discovery) => {
    expect(start(yaml, settings).graph.list(backends)).toMatchObject([{discovery, addresses: []}]);
  });

  it('are known per Gateway', () => {
    const world = start(
      serviceYaml('s') +
        gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]', {name: 'other', className: 'agentgateway'}),
    );
    const keys = (): string[] => world.graph.list(gatewayBackends).map(({key, dialect}) => `${dialect} ${key}`);
    expect(keys()).toEqual(['envoy default/gw|default/s/80']);
    world.apply(
      routeYaml('parentRefs: [{name: other}, {name: gw}]\nrules: [{backendRefs: [{name: s, port: 80}]}]', {
        name: 'second',
      }),
    );
    expect(keys()).toEqual(['envoy default/gw|default/s/80', 'agentgateway default/other|default/s/80']);
    world.remove('gateway.networking.k8s.io/HTTPRoute', 'default/web');
    expect(keys()).toHaveLength(2);
    world.remove('gateway.networking.k8s.io/HTTPRoute', 'default/second');
    expect(keys()).toEqual([]);
  });
});

describe('endpoints', () => {
  it('come from all slices of the Service, sorted and without duplicates', () => {
    const world = start(
      serviceYaml('s') +
        sliceYaml(
          's',
          `[${address('10.0.0.3')}, ${address('10.0.0.1', ', zone: z, targetRef: {kind: Pod, name: p}')}]`,
        ) +
        sliceYaml(
          's',
          `[${address('10.0.0.2')}, ${address('10.0.0.3', ', conditions: {ready: false, serving: true, terminating: true}')}]`,
          {name: 's-2'},
        ) +
        sliceYaml('other', `[${address('10.0.0.9')}]`) +
        sliceYaml('s', `[${address('10.0.0.8')}]`, {namespace: 'elsewhere'}),
    );
    expect(world.graph.list(endpoints)).toEqual([
      {
        key: 'default/s/80',
        endpoints: [
          {address: '10.0.0.1', port: 8080, zone: 'z', health: 'healthy', pod: 'default/p', slice: 's-1'},
          {address: '10.0.0.2', port: 8080, zone: '', health: 'healthy', slice: 's-2'},
          {address: '10.0.0.3', port: 8080, zone: '', health: 'healthy', slice: 's-1'},
        ],
      },
    ]);
  });

  it.each([
    ['', 'healthy'],
    ['ready: true', 'healthy'],
    ['ready: true, serving: true, terminating: true', 'healthy'],
    ['ready: false', undefined],
    ['ready: false, serving: true', undefined],
    ['ready: false, serving: false, terminating: true', undefined],
    ['ready: false, serving: true, terminating: true', 'draining'],
  ])('with conditions {%s} are %s', (conditions, health) => {
    const world = start(serviceYaml('s') + sliceYaml('s', `[${address('10.0.0.1', `, conditions: {${conditions}}`)}]`));
    expect(told(world)).toEqual(health === undefined ? [] : [`10.0.0.1:8080 ${health}`]);
  });

  it('are found by the name of the port, whatever its number', () => {
    const ports = '[{name: metrics, port: 80}, {name: web, port: 9999}]';
    const world = start(
      serviceYaml('s', {ports: '[{name: web, port: 80, targetPort: web}, {name: metrics, port: 81}]'}) +
        sliceYaml('s', `[${address('10.0.0.1')}]`, {ports}),
    );
    expect(told(world)).toEqual(['10.0.0.1:9999 healthy']);
  });

  it.each([
    ['a port of another name', '[{name: x, port: 8080}]', 'IPv4', '10.0.0.1'],
    ['a port of another protocol', '[{port: 8080, protocol: UDP}]', 'IPv4', '10.0.0.1'],
    ['no ports', '[]', 'IPv4', '10.0.0.1'],
    ['names instead of addresses', '[{port: 8080}]', 'FQDN', 'example.org'],
  ])('are not taken from slices with %s', (_, ports, type, ip) => {
    expect(told(start(serviceYaml('s') + sliceYaml('s', `[${address(ip)}]`, {ports, type})))).toEqual([]);
  });

  it.each([
    ['', ['10.0.0.1:8080 healthy']],
    ['clusterIPs: ["fd00::1", 10.0.0.9]', ['fd00::2:8080 healthy']],
  ])('of two families are those of the first of the Service (%j)', (spec, expected) => {
    const world = start(
      serviceYaml('s', {spec}) +
        sliceYaml('s', `[${address('10.0.0.1')}]`) +
        sliceYaml('s', `[${address('"fd00::2"')}]`, {name: 's-6', type: 'IPv6'}),
    );
    expect(told(world)).toEqual(expected);
  });

  it('of one family are used whatever that of the Service', () => {
    const world = start(serviceYaml('s') + sliceYaml('s', `[${address('"fd00::2"')}]`, {type: 'IPv6'}));
    expect(told(world)).toEqual(['fd00::2:8080 healthy']);
  });
});
