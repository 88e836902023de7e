import * as fc from 'fast-check';
import type {
  GRPCRoute,
  GRPCRouteFilter,
  GRPCRouteMatch,
  GRPCRouteRule,
  HTTPRoute,
  HTTPRouteBackendRef,
  HTTPRouteFilter,
  HTTPRouteRule,
} from '../../src/gen/gateway-api.ts';
import {compact, gatewayName, hostname, maybe, namespace, routeName, serviceName} from './names.ts';

const group = 'gateway.networking.k8s.io';

const parentRef = fc
  .record({
    kind: fc.constantFrom('Gateway', 'Gateway', 'Gateway', 'Gateway', 'Other'),
    name: gatewayName,
    namespace: maybe(namespace, 3),
    sectionName: maybe(fc.constantFrom('l0', 'l1'), 5),
    port: maybe(fc.constantFrom(80, 443), 8),
  })
  .map((ref) => compact({group, ...ref}));

const path = fc.constantFrom(
  {type: 'PathPrefix' as const, value: '/'},
  {type: 'PathPrefix' as const, value: '/a/'},
  {type: 'PathPrefix' as const, value: '/a/b'},
  {type: 'PathPrefix' as const, value: '/b'},
  {type: 'Exact' as const, value: '/a'},
  {type: 'Exact' as const, value: '/b'},
  {type: 'RegularExpression' as const, value: '/a.*'},
  {type: 'RegularExpression' as const, value: '(?=x)'},
);

const match = fc
  .record({
    path,
    method: maybe(fc.constantFrom('GET' as const, 'POST' as const), 3),
    headers: maybe(fc.constant([{name: 'Version', type: 'Exact' as const, value: 'one'}]), 3),
    queryParams: maybe(fc.constant([{name: 'q', type: 'Exact' as const, value: 'v'}]), 4),
  })
  .map(compact);

const serviceRef = fc
  .record({
    kind: fc.constantFrom('Service', 'Service', 'Service', 'Service', 'Other'),
    name: serviceName,
    namespace: maybe(namespace, 4),
    port: fc.constantFrom(80, 80, 80, 81),
  })
  .map((ref) => compact({group: '', ...ref}));

const headers = fc.constantFrom<HTTPRouteFilter>(
  {type: 'RequestHeaderModifier', requestHeaderModifier: {set: [{name: 'a', value: '1'}], remove: ['b']}},
  {type: 'ResponseHeaderModifier', responseHeaderModifier: {add: [{name: 'c', value: '2'}]}},
  {type: 'ExtensionRef', extensionRef: {group: 'x.io', kind: 'X', name: 'x'}},
  {type: 'URLRewrite', urlRewrite: {hostname: 'h.test', path: {type: 'ReplaceFullPath', replaceFullPath: '/full'}}},
);
const mirror = serviceRef.map((backendRef): HTTPRouteFilter => ({
  type: 'RequestMirror',
  requestMirror: {backendRef, percent: 50},
}));
const ruleFilter = fc.oneof(headers, mirror);

const backendRef: fc.Arbitrary<HTTPRouteBackendRef> = fc
  .record({
    ref: serviceRef,
    weight: fc.integer({min: 0, max: 3}),
    filters: maybe(fc.uniqueArray(headers, {maxLength: 1}), 5),
  })
  .map(({ref, ...rest}) => compact({...ref, ...rest}));

const forwarding = fc
  .record({
    matches: fc.array(match, {minLength: 1, maxLength: 2}),
    filters: fc.uniqueArray(ruleFilter, {maxLength: 2, selector: ({type}) => type}),
    backendRefs: fc.array(backendRef, {maxLength: 3}),
    timeouts: maybe(fc.constantFrom({request: '10s'}, {backendRequest: '500ms'}), 4),
    retry: maybe(fc.constantFrom({attempts: 0}, {attempts: 2, codes: [500, 503]}), 4),
  })
  .map(compact);
const redirecting = fc.record({
  matches: fc.array(match, {minLength: 1, maxLength: 2}),
  filters: fc.constant<HTTPRouteFilter[]>([
    {type: 'RequestRedirect', requestRedirect: {scheme: 'https', statusCode: 301}},
  ]),
});
const rule: fc.Arbitrary<HTTPRouteRule> = fc.oneof(
  {weight: 5, arbitrary: forwarding},
  {weight: 1, arbitrary: redirecting},
);

/** All but the rules. */
const placed = {
  name: routeName,
  namespace,
  generation: fc.integer({min: 1, max: 3}),
  creationTimestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', undefined),
  parentRefs: fc.oneof(
    {weight: 8, arbitrary: fc.array(parentRef, {minLength: 1, maxLength: 2})},
    {weight: 1, arbitrary: fc.constant([])},
  ),
  hostnames: maybe(fc.uniqueArray(hostname, {minLength: 1, maxLength: 2})),
};

export const httpRouteObject: fc.Arbitrary<HTTPRoute> = fc
  .record({...placed, rules: fc.array(rule, {minLength: 1, maxLength: 3})})
  .map(({name, namespace, generation, creationTimestamp, ...spec}) => ({
    apiVersion: `${group}/v1`,
    kind: 'HTTPRoute',
    metadata: compact({name, namespace, generation, creationTimestamp}),
    spec: compact(spec),
  }));

const grpcMatch: fc.Arbitrary<GRPCRouteMatch> = fc
  .record({
    method: maybe(
      fc.constantFrom<NonNullable<GRPCRouteMatch['method']>>(
        {type: 'Exact', service: 'a.Echo', method: 'Say'},
        {type: 'Exact', service: 'a.Echo'},
        {type: 'Exact', method: 'Say'},
        {type: 'RegularExpression', service: 'a|b'},
        {type: 'RegularExpression', method: '(?=x)'},
      ),
      4,
    ),
    headers: maybe(fc.constant([{name: 'Version', type: 'Exact' as const, value: 'one'}]), 3),
  })
  .map(compact);

const grpcFilter = fc.oneof(
  fc.constantFrom<GRPCRouteFilter>(
    {type: 'RequestHeaderModifier', requestHeaderModifier: {set: [{name: 'a', value: '1'}]}},
    {type: 'ExtensionRef', extensionRef: {group: 'x.io', kind: 'X', name: 'x'}},
  ),
  serviceRef.map((backendRef): GRPCRouteFilter => ({type: 'RequestMirror', requestMirror: {backendRef}})),
);

const grpcRule: fc.Arbitrary<GRPCRouteRule> = fc
  .record({
    matches: maybe(fc.array(grpcMatch, {minLength: 1, maxLength: 2}), 4),
    filters: maybe(fc.uniqueArray(grpcFilter, {maxLength: 2, selector: ({type}) => type}), 3),
    backendRefs: maybe(
      fc.array(
        fc.record({ref: serviceRef, weight: fc.integer({min: 0, max: 3})}).map(({ref, weight}) => ({...ref, weight})),
        {maxLength: 2},
      ),
      5,
    ),
  })
  .map(compact);

/** Mostly with the names of HTTPRoutes, so that those of two kinds are not mixed up. */
export const grpcRouteObject: fc.Arbitrary<GRPCRoute> = fc
  .record({...placed, rules: maybe(fc.array(grpcRule, {maxLength: 2}), 8)})
  .map(({name, namespace, generation, creationTimestamp, ...spec}) => ({
    apiVersion: `${group}/v1`,
    kind: 'GRPCRoute',
    metadata: compact({name, namespace, generation, creationTimestamp}),
    spec: compact(spec),
  }));
