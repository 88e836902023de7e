import {describe, expect, it} from 'vitest';
import {gatewayClassStatus} from '../../../collections/status/gateway-class-status.ts';
import {gatewayStatus} from '../../../collections/status/gateway-status.ts';
import {routeStatus} from '../../../collections/status/route-status.ts';
import type {DesiredCondition, StatusRow} from '../../../collections/gateway/ir.ts';
import {supportedFeatures} from '../../../collections/gateway/supported-features.ts';
import {nacks} from '../../../collections/inputs.ts';
import type {Gateway} from '../../../src/gen/gateway-api.ts';
import {
  gatewayYaml,
  objectOf,
  routeYaml,
  serviceYaml,
  startWorld,
  tlsSecretYaml,
  type World,
} from '../gateway/world.ts';

const outputs = [gatewayClassStatus, gatewayStatus, routeStatus];
const start = (yaml: string, settings = {}): World => startWorld(outputs, yaml, {settings});

const told = (conditions: readonly DesiredCondition[]): string[] =>
  conditions.map(({type, status, reason}) => `${type}=${status}/${reason}`);

function gatewayOf({graph}: World, key = 'Gateway/default/gw'): Extract<StatusRow['status'], {kind: 'Gateway'}> {
  const status = graph.get(gatewayStatus, key)?.status;
  if (status?.kind !== 'Gateway') throw new Error(`${key} has no status`);
  return status;
}

function parentsOf({graph}: World, key = 'HTTPRoute/default/web') {
  const status = graph.get(routeStatus, key)?.status;
  return status?.kind === 'Route' ? status.parents : [];
}

describe('gateway-class-status', () => {
  const classYaml = (spec: string): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: mine}
spec: {${spec}}
`;

  it('accepts classes of ours and lists features, sorted and at most 64', () => {
    const {graph} = start(classYaml('controllerName: sluice.dev/agentgateway'));
    const row = graph.get(gatewayClassStatus, 'GatewayClass/mine');
    expect(row).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      name: 'mine',
      generation: 1,
    });
    expect(row?.namespace).toBeUndefined();
    const status = row?.status.kind === 'GatewayClass' ? row.status : undefined;
    expect(told(status?.conditions ?? [])).toEqual(['Accepted=True/Accepted']);
    const names = status?.supportedFeatures.map(({name}) => name) ?? [];
    expect(names).toEqual([...new Set(names)].toSorted());
    expect(names).toEqual(supportedFeatures.agentgateway);
    expect(names).toContain('HTTPRoute');
    expect(names.length).toBeLessThanOrEqual(64);
  });

  it('leaves foreign classes alone', () => {
    const {graph} = start(classYaml('controllerName: example.com/x'));
    expect(graph.get(gatewayClassStatus, 'GatewayClass/mine')).toBeUndefined();
  });

  it('refuses parameters it does not know, and the Gateways of such a class', () => {
    const parameters = 'parametersRef: {group: x.io, kind: X, name: x}';
    const world = start(
      classYaml(`controllerName: sluice.dev/envoy, ${parameters}`) +
        gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]', {className: 'mine'}),
    );
    expect(world.graph.get(gatewayClassStatus, 'GatewayClass/mine')?.status).toMatchObject({
      conditions: [{type: 'Accepted', status: 'False', reason: 'InvalidParameters'}],
    });
    expect(told(gatewayOf(world).conditions).slice(0, 2)).toEqual([
      'Accepted=False/InvalidParameters',
      'Programmed=False/Invalid',
    ]);
  });
});

describe('gateway-status', () => {
  it('is all of it at once', () => {
    const world = start(
      gatewayYaml('listeners: [{name: http, port: 80, protocol: HTTP}]') +
        routeYaml('parentRefs: [{name: gw}]') +
        routeYaml('parentRefs: [{name: gw}]', {name: 'second'}),
    );
    expect(world.graph.get(gatewayStatus, 'Gateway/default/gw')).toEqual({
      key: 'Gateway/default/gw',
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      namespace: 'default',
      name: 'gw',
      generation: 1,
      status: {
        kind: 'Gateway',
        conditions: [
          {type: 'Accepted', status: 'True', reason: 'Accepted', message: ''},
          {type: 'Programmed', status: 'True', reason: 'Programmed', message: ''},
          {type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: ''},
        ],
        addresses: [{type: 'IPAddress', value: '127.0.0.1'}],
        listeners: [
          {
            name: 'http',
            attachedRoutes: 2,
            supportedKinds: [
              {group: 'gateway.networking.k8s.io', kind: 'HTTPRoute'},
              {group: 'gateway.networking.k8s.io', kind: 'GRPCRoute'},
            ],
            conditions: [
              {type: 'Accepted', status: 'True', reason: 'Accepted', message: ''},
              {type: 'Conflicted', status: 'False', reason: 'NoConflicts', message: ''},
              {type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: ''},
              {type: 'Programmed', status: 'True', reason: 'Programmed', message: ''},
            ],
          },
        ],
      },
    });
  });

  it('carries the generation of the object', () => {
    const world = start('');
    const gateway = objectOf(gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]'), 'Gateway');
    world.apply({...gateway, metadata: {...gateway.metadata, generation: 3}});
    expect(world.graph.get(gatewayStatus, 'Gateway/default/gw')?.generation).toBe(3);
  });

  it.each<[string, string, string[]]>([
    [
      'only unsupported listeners',
      'listeners: [{name: a, port: 80, protocol: ODD}]',
      ['Accepted=False/ListenersNotValid', 'Programmed=False/Invalid', 'ResolvedRefs=True/ResolvedRefs'],
    ],
    [
      'some unsupported listeners',
      'listeners: [{name: a, port: 80, protocol: ODD}, {name: b, port: 80, protocol: HTTP}]',
      ['Accepted=True/ListenersNotValid', 'Programmed=True/Programmed', 'ResolvedRefs=True/ResolvedRefs'],
    ],
    [
      'listeners in conflict next to a good one',
      'listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: TLS, tls: {mode: Passthrough}}, {name: c, port: 81, protocol: HTTP}]',
      ['Accepted=True/ListenersNotValid', 'Programmed=True/Programmed', 'ResolvedRefs=True/ResolvedRefs'],
    ],
    [
      'a missing certificate',
      'listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}}]',
      ['Accepted=True/Accepted', 'Programmed=False/Invalid', 'ResolvedRefs=False/ListenersNotResolved'],
    ],
    [
      'a missing certificate next to a good listener',
      'listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}}, {name: b, port: 80, protocol: HTTP}]',
      ['Accepted=True/Accepted', 'Programmed=True/Programmed', 'ResolvedRefs=False/ListenersNotResolved'],
    ],
    [
      'an address of a type that is not supported',
      'listeners: [{name: a, port: 80, protocol: HTTP}]\naddresses: [{type: Hostname, value: a.com}]',
      ['Accepted=False/UnsupportedAddress', 'Programmed=False/Invalid', 'ResolvedRefs=True/ResolvedRefs'],
    ],
    [
      'parameters that are not supported',
      'listeners: [{name: a, port: 80, protocol: HTTP}]\ninfrastructure: {parametersRef: {group: x.io, kind: X, name: x}}',
      ['Accepted=False/InvalidParameters', 'Programmed=False/Invalid', 'ResolvedRefs=True/ResolvedRefs'],
    ],
  ])('tells %s', (_, spec, expected) => {
    expect(told(gatewayOf(start(gatewayYaml(spec))).conditions)).toEqual(expected);
  });

  it('names the listeners that are not accepted', () => {
    const spec = 'listeners: [{name: a, port: 80, protocol: ODD}, {name: b, port: 80, protocol: HTTP}]';
    expect(gatewayOf(start(gatewayYaml(spec))).conditions[0]?.message).toBe(
      'not accepted: listener a; accepted: listener b',
    );
  });

  it('programs nothing of a Gateway that is not accepted', () => {
    const spec = 'listeners: [{name: a, port: 80, protocol: HTTP}]\naddresses: [{type: Hostname, value: a.com}]';
    const {addresses, listeners} = gatewayOf(start(gatewayYaml(spec)));
    expect(addresses).toEqual([]);
    expect(listeners.map(({conditions}) => told(conditions))).toEqual([
      [
        'Accepted=True/Accepted',
        'Conflicted=False/NoConflicts',
        'ResolvedRefs=True/ResolvedRefs',
        'Programmed=False/Invalid',
      ],
    ]);
  });

  it.each<[string, object, string[], string]>([
    ['[{value: 127.0.0.2}, {value: "::1"}]', {}, ['127.0.0.2', '::1'], 'Programmed=True/Programmed'],
    ['[{type: IPAddress}]', {}, ['127.0.0.1'], 'Programmed=True/Programmed'],
    ['[{type: IPAddress}, {value: 127.0.0.2}]', {}, ['127.0.0.2'], 'Programmed=True/Programmed'],
    ['[{value: 10.0.0.1}]', {provider: 'kubernetes'}, ['10.0.0.1'], 'Programmed=True/Programmed'],
    ['[]', {provider: 'kubernetes'}, [], 'Programmed=False/AddressNotAssigned'],
  ])('assigns addresses %s of provider %j', (addresses, settings, expected, programmed) => {
    const spec = `listeners: [{name: a, port: 80, protocol: HTTP}]\naddresses: ${addresses}`;
    const status = gatewayOf(start(gatewayYaml(spec), settings));
    expect(status.addresses.map(({value}) => value)).toEqual(expected);
    expect(told(status.conditions)[1]).toBe(programmed);
  });

  it('tells an address that is none, and serves the others', () => {
    const world = start('');
    const gateway = objectOf(gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]'), 'Gateway');
    const withAddresses = (...values: string[]): Gateway => ({
      ...gateway,
      spec: {...gateway.spec, addresses: values.map((value) => ({type: 'IPAddress', value}))},
    });
    world.apply(withAddresses('nonsense', '127.0.0.2'));
    expect(gatewayOf(world).addresses).toEqual([{type: 'IPAddress', value: '127.0.0.2'}]);
    expect(told(gatewayOf(world).conditions).slice(0, 2)).toEqual([
      'Accepted=True/Accepted',
      'Programmed=False/AddressNotUsable',
    ]);
    world.apply(withAddresses('nonsense'));
    expect(told(gatewayOf(world).conditions)[0]).toBe('Accepted=False/UnsupportedAddress');
  });

  it('counts only routes that are accepted, also where the listener is not programmed', () => {
    const world = start(
      gatewayYaml(`
listeners:
- {name: tls, port: 443, protocol: HTTPS, hostname: a.com, tls: {certificateRefs: [{name: x}]}}
- {name: http, port: 80, protocol: HTTP}`) +
        routeYaml('parentRefs: [{name: gw}]\nhostnames: [b.com]') +
        routeYaml('parentRefs: [{name: gw}]', {name: 'all'}) +
        routeYaml('parentRefs: [{name: gw, sectionName: x}]', {name: 'none'}) +
        routeYaml('parentRefs: [{name: gw}]\nrules: [{matches: [{path: {type: RegularExpression, value: "("}}]}]', {
          name: 'bad',
        }),
    );
    const counts = (): unknown =>
      gatewayOf(world).listeners.map(({name, attachedRoutes}) => `${name} ${attachedRoutes}`);
    expect(counts()).toEqual(['http 2', 'tls 1']);
    world.remove('gateway.networking.k8s.io/HTTPRoute', 'default/all');
    expect(counts()).toEqual(['http 1', 'tls 0']);
  });

  it('heals when the certificate comes', () => {
    const world = start(
      gatewayYaml('listeners: [{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}]'),
    );
    world.apply(tlsSecretYaml('cert'));
    expect(told(gatewayOf(world).conditions)).toEqual([
      'Accepted=True/Accepted',
      'Programmed=True/Programmed',
      'ResolvedRefs=True/ResolvedRefs',
    ]);
  });

  it('tells what a proxy refused, and forgets it', () => {
    const world = start(gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]'));
    const row = {
      client: '1',
      scope: 'envoy/default/gw',
      type: 't',
      name: 'port-80',
      message: 'cannot bind',
      warning: false,
    };
    world.graph.commit((tx) => tx.set(nacks, {key: 'x', ...row}));
    expect(gatewayOf(world).conditions[1]?.message).toBe('refused by a proxy: port-80: cannot bind');
    world.graph.commit((tx) => tx.delete(nacks, 'x'));
    expect(gatewayOf(world).conditions[1]?.message).toBe('');
  });
});

describe('http-route-status', () => {
  const base =
    gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]') +
    gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]', {name: 'other', className: 'agentgateway'}) +
    serviceYaml('s');

  it('has an entry per parentRef of ours, with the reference as it stands', () => {
    const world = start(base + routeYaml('parentRefs: [{name: gw}, {name: none}, {name: other, sectionName: x}]'));
    expect(world.graph.get(routeStatus, 'HTTPRoute/default/web')).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      namespace: 'default',
      name: 'web',
      generation: 1,
    });
    const group = {group: 'gateway.networking.k8s.io', kind: 'Gateway'};
    expect(parentsOf(world)).toEqual([
      {
        parentRef: {...group, name: 'gw'},
        controllerName: 'sluice.dev/envoy',
        conditions: [
          {type: 'Accepted', status: 'True', reason: 'Accepted', message: ''},
          {type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: ''},
        ],
      },
      {
        parentRef: {...group, name: 'other', sectionName: 'x'},
        controllerName: 'sluice.dev/agentgateway',
        conditions: [
          {
            type: 'Accepted',
            status: 'False',
            reason: 'NoMatchingParent',
            message: 'Gateway default/other has no listener that is named x',
          },
          {type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: ''},
        ],
      },
    ]);
  });

  it('keeps more than ten parentRefs in order', () => {
    const refs = Array.from({length: 12}, (_, i) => `{name: gw, sectionName: s${i}}`).join(', ');
    const world = start(base + routeYaml(`parentRefs: [${refs}]`));
    expect(parentsOf(world).map(({parentRef}) => parentRef['sectionName'])).toEqual(
      Array.from({length: 12}, (_, i) => `s${i}`),
    );
  });

  it('has no row without a Gateway of ours', () => {
    expect(start(base + routeYaml('parentRefs: [{name: none}]')).graph.list(routeStatus)).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    [
      'a missing backend',
      '[{backendRefs: [{name: none, port: 80}]}]',
      ['Accepted=True/Accepted', 'ResolvedRefs=False/BackendNotFound'],
    ],
    ['no backends', '[{}]', ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs']],
    [
      'the first of several problems',
      '[{backendRefs: [{name: s, port: 80}, {kind: X, name: x}]}, {backendRefs: [{name: none, port: 80}]}]',
      ['Accepted=True/Accepted', 'ResolvedRefs=False/InvalidKind'],
    ],
    [
      'a mirror to a missing backend',
      '[{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: none, port: 80}}}], backendRefs: [{name: s, port: 80}]}]',
      ['Accepted=True/Accepted', 'ResolvedRefs=False/BackendNotFound'],
    ],
    [
      'some rules that cannot be done',
      '[{backendRefs: [{name: s, port: 80}]}, {matches: [{path: {type: RegularExpression, value: "("}}]}]',
      ['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs', 'PartiallyInvalid=True/UnsupportedValue'],
    ],
    [
      'only rules that cannot be done',
      '[{filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: s, port: 80}}}]}]',
      ['Accepted=False/UnsupportedValue', 'ResolvedRefs=True/ResolvedRefs'],
    ],
    // It was said that all references are resolved, those of filters being none that anybody looked at.
    [
      'a filter of an unknown kind',
      '[{filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: X, name: x}}]}]',
      ['Accepted=False/UnsupportedValue', 'ResolvedRefs=False/InvalidKind'],
    ],
    [
      'a filter of an unknown kind in one of several rules',
      '[{backendRefs: [{name: s, port: 80}]}, {filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: X, name: x}}]}]',
      ['Accepted=True/Accepted', 'ResolvedRefs=False/InvalidKind', 'PartiallyInvalid=True/UnsupportedValue'],
    ],
    [
      'a filter of an unknown kind for one backend',
      '[{backendRefs: [{name: s, port: 80, filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: X, name: x}}]}]}]',
      ['Accepted=True/Accepted', 'ResolvedRefs=False/InvalidKind'],
    ],
  ])('tells %s', (_, rules, expected) => {
    const world = start(base + routeYaml(`parentRefs: [{name: gw}]\nrules: ${rules}`));
    expect(parentsOf(world).map(({conditions}) => told(conditions))).toEqual([expected]);
  });

  it('names the rules that were dropped', () => {
    const rules = '[{}, {matches: [{path: {type: RegularExpression, value: "("}}]}]';
    const world = start(base + routeYaml(`parentRefs: [{name: gw}]\nrules: ${rules}`));
    expect(parentsOf(world)[0]?.conditions[2]?.message).toMatch(/^Dropped Rule rules\[1\]: path: "\(" is not an RE2/);
  });

  it('tells what it ignores', () => {
    const rules = '[{sessionPersistence: {type: Cookie, cookie: {}}, backendRefs: [{name: s, port: 80}]}]';
    const world = start(base + routeYaml(`parentRefs: [{name: gw}]\nrules: ${rules}`));
    expect(parentsOf(world)[0]?.conditions[0]).toEqual({
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: 'not supported and ignored: rules[0].sessionPersistence',
    });
  });
});
