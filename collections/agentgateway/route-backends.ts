/** Backends of a rule as the proxy wants them, invalid ones included: each answers 500 for its share. */
import {parseBackendKey} from '../gateway/backends.ts';
import type {BackendRow, BackendTarget, Mirror, RouteRuleRow, WeightedBackend} from '../gateway/ir.ts';
import type {BackendReference, RouteBackend} from './messages.ts';
import {backendPolicies, hasUnsupported} from './route-policies.ts';
import {serviceHostname} from './names.ts';

/**
 * What a target is called on the wire. A missing Service is referred to all the same, so that nothing changes but the
 * answer when it appears; of what may not be referred to nothing is said (undefined); an unknown kind is empty.
 */
export function backendReference(target: BackendTarget, clusterDomain: string): BackendReference | undefined {
  switch (target.kind) {
    case 'backend':
      return serviceReference(parseBackendKey(target.backend), clusterDomain);
    case 'invalid':
      if (target.service !== undefined) return serviceReference(target.service, clusterDomain);
      return target.reason === 'InvalidKind' ? {} : undefined;
  }
}

type ServicePort = Pick<BackendRow, 'namespace' | 'service' | 'port'>;

const serviceReference = ({namespace, service, port}: ServicePort, clusterDomain: string): BackendReference => ({
  service: {namespace, hostname: serviceHostname(namespace, service, clusterDomain)},
  port,
});

export function routeBackends(rule: RouteRuleRow, port: number, clusterDomain: string): RouteBackend[] {
  return rule.backends.map((backend) => routeBackend(backend, port, clusterDomain));
}

function routeBackend({weight, target, filters}: WeightedBackend, port: number, clusterDomain: string): RouteBackend {
  if (hasUnsupported(filters)) return {weight};
  const backend = backendReference(target, clusterDomain);
  const mirrorReference = (mirror: Mirror) => backendReference(mirror.target, clusterDomain);
  const policies = backendPolicies(filters, {port, mirrorReference});
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
