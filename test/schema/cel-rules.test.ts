import {describe, expect, it} from 'vitest';
import {gatewayApi, listeners, rule, violationsOf} from './rig.ts';

const port = {port: 80};
const backend = {name: 'a', ...port};
const path = (type: string, value: string): unknown => rule({matches: [{path: {type, value}}]});
const filters = (...list: readonly unknown[]): unknown => rule({filters: list});
const redirectPath = (text: unknown): unknown => filters({type: 'RequestRedirect', requestRedirect: {path: text}});
const auth = (text: object): unknown => filters({type: 'ExternalAuth', externalAuth: {backendRef: backend, ...text}});
const session = (text: unknown): unknown => rule({sessionPersistence: text});
const parents = (...list: readonly unknown[]): unknown => gatewayApi('HTTPRoute', {parentRefs: list});
const http = {name: 'a', port: 80, protocol: 'HTTP'};
const gateway = (more: object): unknown => gatewayApi('Gateway', {gatewayClassName: 'c', listeners: [http], ...more});
const policy = (validation: object, ...targets: readonly object[]): unknown =>
  gatewayApi('BackendTLSPolicy', {
    targetRefs: (targets.length === 0 ? [{}] : targets).map((target) => ({
      group: '',
      kind: 'Service',
      name: 'a',
      ...target,
    })),
    validation: {hostname: 'a.b', ...validation},
  });
const grpc = (method: unknown): unknown => gatewayApi('GRPCRoute', {rules: [{matches: [{method}]}]});
const tlsRoute = (...hostnames: readonly string[]): unknown =>
  gatewayApi('TLSRoute', {hostnames, rules: [{backendRefs: [backend]}]});
const matches = (count: number): unknown => ({matches: Array.from({length: count}, () => ({}))});

const IN_PATH = 'spec.rules[0].matches[0].path: ';
const OF_TYPES = "when type one of ['Exact', 'PathPrefix']";
const IN_FILTER = 'spec.rules[0].filters[0]: filter.';

/** [object, what is wrong with it] for rules of every part of the API. */
const VIOLATIONS: readonly (readonly [unknown, string])[] = [
  [path('Exact', '/a//b'), `${IN_PATH}must not contain '//' ${OF_TYPES}`],
  [path('Exact', '/a/./b'), `${IN_PATH}must not contain '/./' ${OF_TYPES}`],
  [path('PathPrefix', '/a/../b'), `${IN_PATH}must not contain '/../' ${OF_TYPES}`],
  [path('PathPrefix', '/a%2fb'), `${IN_PATH}must not contain '%2f' ${OF_TYPES}`],
  [path('PathPrefix', '/a%2Fb'), `${IN_PATH}must not contain '%2F' ${OF_TYPES}`],
  [path('PathPrefix', '/a/..'), `${IN_PATH}must not end with '/..' ${OF_TYPES}`],
  [path('PathPrefix', '/a/.'), `${IN_PATH}must not end with '/.' ${OF_TYPES}`],
  [path('Exact', 'a'), `${IN_PATH}value must be an absolute path and start with '/' ${OF_TYPES}`],
  [filters({type: 'URLRewrite'}), `${IN_FILTER}urlRewrite must be specified for URLRewrite filter.type`],
  [filters({type: 'RequestMirror'}), `${IN_FILTER}requestMirror must be specified for RequestMirror filter.type`],
  [filters({type: 'ExtensionRef'}), `${IN_FILTER}extensionRef must be specified for ExtensionRef filter.type`],
  [
    filters({type: 'CORS', cors: {}, requestRedirect: {}}),
    `${IN_FILTER}requestRedirect must be nil if the filter.type is not RequestRedirect`,
  ],
  [
    filters({type: 'CORS', cors: {}}, {type: 'CORS', cors: {}}),
    'spec.rules[0].filters: CORS filter cannot be repeated',
  ],
  [
    filters({type: 'RequestRedirect', requestRedirect: {}}, {type: 'URLRewrite', urlRewrite: {}}),
    'spec.rules[0].filters: May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
  ],
  [
    filters({type: 'CORS', cors: {allowMethods: ['GET', '*']}}),
    "spec.rules[0].filters[0].cors.allowMethods: AllowMethods cannot contain '*' alongside other methods",
  ],
  [
    filters({type: 'RequestMirror', requestMirror: {backendRef: backend, percent: 1, fraction: {numerator: 1}}}),
    'spec.rules[0].filters[0].requestMirror: Only one of percent or fraction may be specified in HTTPRequestMirrorFilter',
  ],
  [
    filters({type: 'RequestMirror', requestMirror: {backendRef: backend, fraction: {numerator: 101}}}),
    'spec.rules[0].filters[0].requestMirror.fraction: numerator must be less than or equal to denominator',
  ],
  [
    redirectPath({type: 'ReplaceFullPath'}),
    "spec.rules[0].filters[0].requestRedirect.path: replaceFullPath must be specified when type is set to 'ReplaceFullPath'",
  ],
  [
    redirectPath({type: 'ReplacePrefixMatch', replacePrefixMatch: '/', replaceFullPath: '/'}),
    "spec.rules[0].filters[0].requestRedirect.path: type must be 'ReplaceFullPath' when replaceFullPath is set",
  ],
  [
    auth({protocol: 'HTTP'}),
    "spec.rules[0].filters[0].externalAuth: http must be specified when protocol is set to 'HTTP'",
  ],
  [
    auth({protocol: 'HTTP', http: {}, grpc: {}}),
    "spec.rules[0].filters[0].externalAuth: protocol must be 'GRPC' when grpc is set",
  ],
  [
    rule({
      matches: [{}, {}],
      filters: [{type: 'URLRewrite', urlRewrite: {path: {type: 'ReplacePrefixMatch', replacePrefixMatch: '/'}}}],
    }),
    'spec.rules[0]: When using URLRewrite filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified',
  ],
  [
    rule({backendRefs: [backend], filters: [{type: 'RequestRedirect', requestRedirect: {}}]}),
    'spec.rules[0]: RequestRedirect filter must not be used together with backendRefs',
  ],
  [rule({backendRefs: [{name: 'a'}]}), 'spec.rules[0].backendRefs[0]: Must have port for Service reference'],
  [
    rule({backendRefs: [{group: 'gateway.networking.x-k8s.io', kind: 'XBackend', ...backend}]}),
    'spec.rules[0].backendRefs[0]: Must not have port for Backend reference',
  ],
  [
    rule({timeouts: {request: '1s', backendRequest: '1s1ms'}}),
    'spec.rules[0].timeouts: backendRequest timeout cannot be longer than request timeout',
  ],
  [session({type: 'Header'}), 'spec.rules[0].sessionPersistence: header must be specified for Header type'],
  [
    session({cookie: {lifetimeType: 'Permanent'}}),
    'spec.rules[0].sessionPersistence: AbsoluteTimeout must be specified when cookie lifetimeType is Permanent',
  ],
  [
    parents({name: 'a'}, {name: 'a', sectionName: 'b'}),
    'spec.parentRefs: sectionName or port must be specified when parentRefs includes 2 or more references to the same parent',
  ],
  [
    parents({name: 'a', namespace: 'n', port: 1}, {name: 'a', namespace: 'n', port: 1}),
    'spec.parentRefs: sectionName or port must be unique when parentRefs includes 2 or more references to the same parent',
  ],
  [
    gatewayApi('HTTPRoute', {rules: [{name: 'a'}, {}, {name: 'a'}]}),
    'spec.rules: Rule name must be unique within the route',
  ],
  [
    gatewayApi('HTTPRoute', {rules: [matches(64), matches(64), matches(1)]}),
    'spec.rules: While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must be less than 128',
  ],
  [grpc({}), "spec.rules[0].matches[0].method: One or both of 'service' or 'method' must be specified"],
  [
    grpc({service: 'a b'}),
    String.raw`spec.rules[0].matches[0].method: service must only contain valid characters (matching ^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$)`,
  ],
  [tlsRoute('1.2.3.4'), 'spec.hostnames: Hostnames cannot contain an IP'],
  [
    listeners({...http, protocol: 'TCP', hostname: 'a.b'}),
    "spec.listeners: hostname must not be specified for protocols ['TCP', 'UDP']",
  ],
  [
    listeners({...http, tls: {options: {a: 'b'}}}),
    "spec.listeners: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
  ],
  [
    listeners({...http, protocol: 'HTTPS', tls: {mode: 'Passthrough'}}),
    'spec.listeners: tls mode must be Terminate for protocol HTTPS',
  ],
  [listeners({...http, protocol: 'TLS'}), 'spec.listeners: tls mode must be set for protocol TLS'],
  [
    listeners({...http, protocol: 'HTTPS', tls: {}}),
    'spec.listeners[0].tls: certificateRefs or options must be specified when mode is Terminate',
  ],
  [
    listeners(http, {...http, name: 'b'}),
    'spec.listeners: Combination of port, protocol and hostname must be unique for each listener',
  ],
  [
    listeners({...http, protocol: 'TCP', filters: {requests: []}}),
    'spec.listeners[0]: filters may only be set when protocol is HTTP or HTTPS',
  ],
  [gateway({addresses: [{value: '1.2.3.4'}, {value: '1.2.3.4'}]}), 'spec.addresses: IPAddress values must be unique'],
  [
    gateway({addresses: [{value: '1.2.3.4', routability: 'k8s.io/a'}]}),
    'spec.addresses[0].routability: Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved',
  ],
  [
    gateway({addresses: [{value: '1.2.3.4', routability: 'Not_a_Domain/a'}]}),
    'spec.addresses[0].routability: Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved',
  ],
  [
    gateway({infrastructure: {labels: {'a/b/c': ''}}}),
    'spec.infrastructure.labels: Label keys must be in the form of an optional DNS subdomain prefix followed by a required name segment of up to 63 characters.',
  ],
  [policy({}), 'spec.validation: exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set'],
  [
    policy({wellKnownCACertificates: 'System', subjectAltNames: [{type: 'URI', hostname: 'a.b', uri: 'a://b'}]}),
    'spec.validation.subjectAltNames[0]: SubjectAltName element must not contain Hostname, if Type is not set to Hostname',
  ],
  [
    policy({wellKnownCACertificates: 'System'}, {}, {sectionName: 'a'}),
    'spec.targetRefs: sectionName must be specified when targetRefs includes 2 or more references to the same target',
  ],
];

describe('CEL rules', () => {
  it.each(VIOLATIONS)('%# %j', (value, message) => {
    expect(violationsOf(value)).toContain(message);
  });

  it('come only after the structure is right', () => {
    expect(violationsOf(rule({backendRefs: [{name: 'a'}, {}]}))).toEqual([
      'spec.rules[0].backendRefs[1].name: is required',
    ]);
  });

  it.each([
    path('RegularExpression', 'a//b%2f#'),
    parents({name: 'a', port: 1}, {name: 'a', port: 2}, {name: 'b'}),
    parents({name: 'a', namespace: 'x'}, {name: 'a', namespace: 'z'}),
    tlsRoute('a.b', '*.a.b'),
    grpc({service: 'Pkg.V1', method: 'Get_1'}),
    rule({timeouts: {request: '0s', backendRequest: '10s'}}),
    listeners({...http, hostname: 'a.b'}, {...http, name: 'b'}),
    listeners({...http, protocol: 'HTTPS', tls: {options: {a: 'b'}}}),
    gateway({addresses: [{value: '1.2.3.4', routability: 'a.b/c'}]}),
    gatewayApi('HTTPRoute', {rules: [matches(64), matches(64)]}),
  ])('are kept by %j', (value) => {
    expect(violationsOf(value)).toEqual([]);
  });
});
