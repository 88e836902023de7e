import type {Reason} from '../../src/api/conditions.ts';
import type {Service} from '../../src/api/core.ts';
import {gatewayGroup, refersTo, refKey} from '../../src/api/refs.ts';
import {backendProtocol, findServicePort} from '../../src/api/service-port.ts';
import type {BackendObjectReference, HTTPRouteRule} from '../../src/gen/gateway-api.ts';
import type {Context} from '../../src/krt/index.ts';
import {services} from '../inputs.ts';
import {granted} from './grants.ts';
import type {BackendTarget, WeightedBackend} from './ir.ts';
import {extensionProblem, filtersProblem, noFilters, routeFilters} from './rule-filters.ts';
import {matchesOnlyPrefixes} from './rule-problem.ts';

/** Who refers to a backend. */
export type Referrer = {readonly kind: 'HTTPRoute' | 'GRPCRoute'; readonly namespace: string};

/**
 * The backend a reference of a route leads to, or why it leads nowhere. The order of the checks: kind, permission,
 * existence, port; without permission nothing can be found out (Gateway API v1, HTTPBackendRef).
 */
export function resolveBackend(ctx: Context, ref: BackendObjectReference, {kind, namespace}: Referrer): BackendTarget {
  const key = refKey(ref, namespace);
  if (!refersTo(ref, '', 'Service')) {
    return invalid('InvalidKind', `${ref.kind} of group "${ref.group}" is not supported as a backend`);
  }
  const from = {group: gatewayGroup, kind, namespace};
  const to = {group: '', kind: 'Service', namespace: ref.namespace ?? namespace, name: ref.name};
  if (!granted(ctx, {from, to})) return invalid('RefNotPermitted', `no ReferenceGrant allows Service ${key}`);
  const {port} = ref;
  // What the rest of the Service says is for backends.ts; a route runs again only when this answer changes.
  const found = ctx.get(services, key, (service): {readonly problem?: Reason} => {
    const problem = portProblem(service, port, key);
    return problem === undefined ? {} : {problem};
  });
  if (found === undefined) {
    const missing = port === undefined ? {} : {service: {namespace: to.namespace, service: ref.name, port}};
    return {...invalid('BackendNotFound', `Service ${key} does not exist`), ...missing};
  }
  if (found.problem !== undefined) return {kind: 'invalid', ...found.problem};
  return {kind: 'backend', backend: kind === 'GRPCRoute' ? `${key}/${port}/grpc` : `${key}/${port}`};
}

const invalid = (reason: string, message: string): BackendTarget => ({kind: 'invalid', reason, message});

function portProblem(service: Service, port: number | undefined, key: string): Reason | undefined {
  if (port === undefined) return {reason: 'BackendNotFound', message: `Service ${key}: the reference names no port`};
  const found = findServicePort(service, port);
  if (found === undefined) return {reason: 'BackendNotFound', message: `Service ${key} has no TCP port ${port}`};
  if (backendProtocol(found.appProtocol) !== undefined) return undefined;
  const message = `Service ${key}: appProtocol ${found.appProtocol} of port ${port} is not supported`;
  return {reason: 'UnsupportedProtocol', message};
}

/** The backendRefs of a rule with weights and filters. A backend whose filters cannot be done is invalid. */
export function resolveBackends(ctx: Context, rule: HTTPRouteRule, from: Referrer): readonly WeightedBackend[] {
  return (rule.backendRefs ?? []).map((ref) => {
    const target = resolveBackend(ctx, ref, from);
    const refs = ref.filters ?? [];
    if (refs.length === 0) return {weight: ref.weight, target, filters: noFilters};
    const problem = extensionProblem(refs, 'backend') ?? filtersProblem(refs, 'backend', matchesOnlyPrefixes(rule));
    const filters = routeFilters(refs, (mirrored) => resolveBackend(ctx, mirrored, from));
    if (problem === undefined || target.kind === 'invalid') return {weight: ref.weight, target, filters};
    return {weight: ref.weight, target: {kind: 'invalid', ...problem}, filters: noFilters};
  });
}
