import {gateway, object, service, type Case, type Spec, type Table} from './case.ts';

const backendRefs = [{name: 'app', port: 8080}];
const grpcRoute = (...rules: readonly Spec[]) =>
  object('gateway.networking.k8s.io/v1', 'GRPCRoute', 'route', {spec: {parentRefs: [{name: 'gw'}], rules}});
const expression = (method: Spec): Spec => ({
  matches: [{method: {type: 'RegularExpression', ...method}}],
  backendRefs,
});

/** What GRPCRoutes alone can be told; the rest is as for HTTPRoutes, from the same files. */
const cases: readonly Case[] = [
  {
    is: 'Accepted=False/UnsupportedValue',
    says: 'method.service: "(?=a)" is not an RE2 expression',
    from: 'gateway/grpc-rules.ts',
    objects: [service(), gateway(), grpcRoute(expression({service: '(?=a)'}))],
    heal: {apply: [grpcRoute(expression({service: 'a|b'}))]},
    healed: 'Accepted=True/Accepted',
  },
  {
    is: 'PartiallyInvalid=True/UnsupportedValue',
    says: 'Dropped Rule rules[1]: method.method: "(?=a)" is not an RE2 expression',
    from: 'gateway/grpc-rules.ts',
    objects: [service(), gateway(), grpcRoute({backendRefs}, expression({method: '(?=a)'}))],
    heal: {apply: [grpcRoute({backendRefs}, expression({method: 'a'}))]},
    healed: 'absent',
  },
  {
    is: 'ResolvedRefs=False/BackendNotFound',
    says: 'rules[0]: Service @/app does not exist',
    from: 'gateway/rule-backends.ts',
    objects: [gateway(), grpcRoute({backendRefs})],
    heal: {apply: [service()]},
    healed: 'ResolvedRefs=True/ResolvedRefs',
  },
];

export const grpcRouteReasons: Table = {
  kind: 'GRPCRoute',
  of: 'parent',
  good: {Accepted: 'gateway/attachments.ts', ResolvedRefs: 'gateway/route-rules.ts'},
  cases,
};
