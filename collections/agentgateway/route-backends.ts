/** Backends of a rule as the proxy wants them, invalid ones included: each answers 500 for its share. */
import type {BackendTarget, RouteRuleRow, WeightedBackend} from '../gateway/ir.ts';
import type {BackendReference, RouteBackend} from './messages.ts';
import {backendPolicies, hasUnsupported} from './route-policies.ts';
import {serviceHostname} from './names.ts';

export type ServicePortRef = {readonly namespace: string; readonly service: string; readonly port: number};

/** How a target is found: the Service port behind a backend's key. */
export type FindBackend = (backend: string) => ServicePortRef | undefined;

export type Resolver = {readonly find: FindBackend; readonly clusterDomain: string};

/**
 * What a target is called on the wire. A missing Service is referred to all the same, so that nothing changes but the
 * answer when it appears; of what may not be referred to nothing is said (undefined); an unknown kind is empty.
 */
export function backendReference(target: BackendTarget, {find, clusterDomain}: Resolver): BackendReference | undefined {
  switch (target.kind) {
    case 'backend': {
      const found = find(target.backend);
      return found && serviceReference(found, clusterDomain);
    }
    case 'invalid':
      if (target.service !== undefined) return serviceReference(target.service, clusterDomain);
      return target.reason === 'InvalidKind' ? {} : undefined;
  }
}

const serviceReference = ({namespace, service, port}: ServicePortRef, clusterDomain: string): BackendReference => ({
  service: {namespace, hostname: serviceHostname(namespace, service, clusterDomain)},
  port,
});

export function routeBackends(rule: RouteRuleRow, port: number, resolver: Resolver): RouteBackend[] {
  return rule.backends.map((backend) => routeBackend(backend, port, resolver));
}

function routeBackend({weight, target, filters}: WeightedBackend, port: number, resolver: Resolver): RouteBackend {
  if (hasUnsupported(filters)) return {weight};
  const backend = backendReference(target, resolver);
  const policies = backendPolicies(filters, {port, mirrorReference: ({target}) => backendReference(target, resolver)});
  return {...(backend && {backend}), weight, ...(policies.length > 0 && {backendPolicies: policies})};
}

/**
 * The rule with what its only backend asks for and the proxy knows for whole rules only (rewrites, CORS) moved to the
 * rule: with one backend that is the same. With several it stays, and those backends answer 500.
 */
export function withBackendFiltersLifted(rule: RouteRuleRow): RouteRuleRow {
  const [only, second] = rule.backends;
  if (only === undefined || second !== undefined || !hasUnsupported(only.filters)) return rule;
  const {rewrite, cors, ...rest} = only.filters;
  if ((rewrite && rule.filters.rewrite) || (cors && rule.filters.cors)) return rule;
  return {
    ...rule,
    filters: {...rule.filters, ...(rewrite && {rewrite}), ...(cors && {cors})},
    backends: [{...only, filters: rest}],
  };
}
