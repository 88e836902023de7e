/**
 * Routes of every kind, as far as it matters to where they attach: an edit of rules stops here, and so does everything that
 * one kind has and another has not.
 */
import type {Reason} from '../../src/api/conditions.ts';
import {normalizeHostname} from '../../src/api/hostname.ts';
import type {KubeObject} from '../../src/api/object.ts';
import {kindKey, namespaceOf} from '../../src/api/refs.ts';
import type {ParentReference} from '../../src/gen/gateway-api.ts';
import {type Collection, derive, type Input, union} from '../../src/krt/index.ts';
import {grpcRoutes, httpRoutes} from '../inputs.ts';
import type {RouteKind, RouteRow} from './ir.ts';
import {grpcRuleProblem} from './grpc-rules.ts';
import {ruleProblem} from './rule-problem.ts';

type AnyRoute = KubeObject & {
  readonly spec: {readonly parentRefs?: readonly ParentReference[]; readonly hostnames?: readonly string[]};
};

function routesOf<T extends AnyRoute>(
  name: string,
  kind: RouteKind,
  from: Input<T>,
  rejectedOf: (route: T) => Reason | undefined = () => undefined,
): Collection<RouteRow> {
  return derive(name, {
    from,
    rows: (_ctx, route): RouteRow => {
      const {parentRefs = [], hostnames = []} = route.spec;
      const rejected = rejectedOf(route);
      return {
        key: kindKey(route),
        kind,
        namespace: namespaceOf(route),
        name: route.metadata.name,
        parentRefs,
        hostnames: [...new Set(hostnames.map(normalizeHostname))],
        ...(rejected && {rejected}),
      };
    },
  });
}

/** Routes of every kind. */
export const routes: Collection<RouteRow> = union('routes', [
  routesOf('parents-of-http-routes', 'HTTPRoute', httpRoutes, ({spec}) => common(spec.rules.map(ruleProblem))),
  routesOf('parents-of-grpc-routes', 'GRPCRoute', grpcRoutes, ({spec}) =>
    common((spec.rules ?? []).map(grpcRuleProblem)),
  ),
]);

/** A route none of whose rules can be done is not accepted, but still answers: its requests must not go elsewhere. */
const common = (problems: readonly (Reason | undefined)[]): Reason | undefined =>
  problems.includes(undefined) ? undefined : problems[0];
