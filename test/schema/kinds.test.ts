import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {KINDS, writeTypes} from '../../src/schema/generate-types.ts';
import type {KindSchema} from '../../src/schema/structural.ts';
import {EXAMPLES} from './examples.ts';
import {gatewayApi, rule, valid, violationsOf} from './rig.ts';
import {validate} from '../../src/schema/validate.ts';

describe('every kind', () => {
  const kinds = Object.entries(EXAMPLES);

  it.each(kinds)('%s: a full example is valid, before and after', (kind, make) => {
    const object = valid(make());
    expect(object.kind).toBe(kind);
    expect(valid(structuredClone(object))).toEqual(object);
  });

  it.each(kinds)('%s: an unknown field at the top is refused', (_kind, make) => {
    expect(violationsOf({...make(), sepc: {}})).toEqual(['sepc: unknown field']);
  });

  it('is covered: there is an example for every generated schema', () => {
    const generated = readdirSync(join(import.meta.dirname, '../../src/gen/schemas')).map((name) =>
      name.replace('.json', ''),
    );
    expect(kinds.map(([kind]) => kind.toLowerCase())).toEqual(expect.arrayContaining(generated));
  });
});

describe('the generated types', () => {
  it('are those of the generated schemas', () => {
    const folder = join(import.meta.dirname, '../../src/gen');
    const schemas = KINDS.map((kind): KindSchema =>
      JSON.parse(readFileSync(join(folder, 'schemas', `${kind.toLowerCase()}.json`), 'utf8')),
    );
    const source = schemas[0]?.generated.split('generate.ts, ')[1] ?? '';
    expect(readFileSync(join(folder, 'gateway-api.ts'), 'utf8')).toBe(writeTypes(schemas, source));
  });
});

describe('served versions', () => {
  it.each([
    ['GatewayClass', ['v1', 'v1beta1']],
    ['Gateway', ['v1', 'v1beta1']],
    ['HTTPRoute', ['v1', 'v1beta1']],
    ['ReferenceGrant', ['v1', 'v1beta1']],
    ['ListenerSet', ['v1']],
    ['GRPCRoute', ['v1']],
    ['TLSRoute', ['v1', 'v1alpha2', 'v1alpha3']],
    ['TCPRoute', ['v1', 'v1alpha2']],
    ['UDPRoute', ['v1', 'v1alpha2']],
    ['BackendTLSPolicy', ['v1', 'v1alpha3']],
  ])('%s is read as %j and as nothing else', (kind, versions) => {
    for (const version of ['v1', 'v1beta1', 'v1alpha2', 'v1alpha3', 'v2']) {
      const example = {...EXAMPLES[kind]?.(), apiVersion: `gateway.networking.k8s.io/${version}`};
      const served = versions.map((name) => `gateway.networking.k8s.io/${name}`).join(', ');
      const refused = [`apiVersion: ${kind} has no version "gateway.networking.k8s.io/${version}", only ${served}`];
      expect(violationsOf(example)).toEqual(versions.includes(version) ? [] : refused);
    }
  });

  it('fills in the hostnames that TLSRoute v1alpha2 may leave out', () => {
    const spec = {rules: [{backendRefs: [{name: 'a', port: 1}]}]};
    expect(valid(gatewayApi('TLSRoute', spec, 'v1alpha2'))).toMatchObject({spec: {hostnames: []}});
    expect(violationsOf(gatewayApi('TLSRoute', spec))).toEqual(['spec.hostnames: is required']);
  });
});

describe('kinds that are not read', () => {
  it.each([
    ['apps/v1', 'Deployment'],
    ['v1', 'Pod'],
    ['v1', 'ServiceAccount'],
    ['rbac.authorization.k8s.io/v1', 'Role'],
    ['networking.istio.io/v1', 'Gateway'],
    ['gateway.networking.x-k8s.io/v1alpha1', 'XBackend'],
    ['example.com/v1', 'Anything'],
  ])('%s %s is passed over, whatever it holds', (apiVersion, kind) => {
    expect(validate({apiVersion, kind, spec: 7})).toEqual({is: 'ignored', apiVersion, kind});
  });

  it('is a violation where the group is known and the kind is not', () => {
    expect(violationsOf(gatewayApi('HTTPRoutes', {}))).toEqual([
      'kind: there is no kind "HTTPRoutes" in "gateway.networking.k8s.io/v1"',
    ]);
    expect(violationsOf({apiVersion: 'v1', kind: 'EndpointSlice', metadata: {name: 'a'}})).toEqual([
      'kind: there is no kind "EndpointSlice" in "v1" (it is a kind of discovery.k8s.io)',
    ]);
  });
});

describe('defaults', () => {
  it('are those of the CRDs', () => {
    expect(valid(gatewayApi('HTTPRoute', {}))).toEqual({
      ...gatewayApi('HTTPRoute', {rules: [{matches: [{path: {type: 'PathPrefix', value: '/'}}]}]}),
      metadata: {name: 'x', namespace: 'default'},
    });
    expect(
      valid(rule({backendRefs: [{name: 'a', port: 80}], retry: {}, matches: [{headers: [{name: 'a', value: 'b'}]}]})),
    ).toMatchObject({
      spec: {
        rules: [
          {
            matches: [{path: {type: 'PathPrefix', value: '/'}, headers: [{name: 'a', value: 'b', type: 'Exact'}]}],
            backendRefs: [{group: '', kind: 'Service', name: 'a', port: 80, weight: 1}],
            retry: {attempts: 1},
          },
        ],
      },
    });
    const gateway = gatewayApi('Gateway', {
      gatewayClassName: 'c',
      listeners: [{name: 'a', port: 443, protocol: 'HTTPS', tls: {certificateRefs: [{name: 's'}]}}],
    });
    expect(valid(gateway)).toMatchObject({
      spec: {
        listeners: [
          {
            allowedRoutes: {namespaces: {from: 'Same'}},
            tls: {mode: 'Terminate', certificateRefs: [{group: '', kind: 'Secret', name: 's'}]},
          },
        ],
      },
    });
  });

  it('do not share what they write', () => {
    const first = valid(gatewayApi('HTTPRoute', {}));
    const second = valid(gatewayApi('HTTPRoute', {}));
    if (first.kind !== 'HTTPRoute' || second.kind !== 'HTTPRoute') throw new Error('unreachable');
    expect(first.spec.rules).toEqual(second.spec.rules);
    expect(first.spec.rules).not.toBe(second.spec.rules);
  });

  it('take the place of nulls, which are nothing to an API server', () => {
    expect(valid(gatewayApi('HTTPRoute', {hostnames: null, parentRefs: null, rules: null}))).toMatchObject({
      spec: {rules: [{matches: [{path: {type: 'PathPrefix', value: '/'}}]}]},
    });
    expect(violationsOf(gatewayApi('HTTPRoute', {hostnames: [null]}))).toEqual([
      'spec.hostnames[0]: must be a string, is null',
    ]);
    expect(violationsOf(rule({backendRefs: [{name: null, port: 1}]}))).toEqual([
      'spec.rules[0].backendRefs[0].name: is required',
    ]);
  });
});

describe('what validation makes of an object', () => {
  it('drops status and what a server writes into metadata', () => {
    const dumped = {
      ...gatewayApi('HTTPRoute', {}),
      metadata: {
        name: 'x',
        namespace: 'n',
        uid: 'u',
        generation: 3,
        resourceVersion: '9',
        managedFields: [{}],
        creationTimestamp: null,
        annotations: {'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes'},
      },
      status: {parents: 5},
    };
    expect(valid(dumped)).toEqual({
      ...gatewayApi('HTTPRoute', {rules: [{matches: [{path: {type: 'PathPrefix', value: '/'}}]}]}),
      metadata: {name: 'x', namespace: 'n', uid: 'u', annotations: {kept: 'yes'}},
    });
  });

  it('folds stringData of a Secret into data', () => {
    expect(valid(EXAMPLES['Secret']?.())).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {name: 'cert', namespace: 'certs'},
      type: 'kubernetes.io/tls',
      data: {'tls.crt': 'YQ==', 'tls.key': Buffer.from('k\u00e9y').toString('base64')},
      immutable: false,
    });
  });

  it.each([
    undefined,
    null,
    7,
    'text',
    [],
    {},
    {apiVersion: 7, kind: []},
    {apiVersion: 'v1', kind: 'Service', metadata: []},
  ])('never throws: %j', (value) => {
    expect(violationsOf(value).length).toBeGreaterThan(0);
  });
});
