import {conditionTrue} from '../../src/api/conditions.ts';
import type {KubeObject} from '../../src/api/object.ts';
import {kindKey, namespaceOf} from '../../src/api/refs.ts';
import type {ParentReference} from '../../src/gen/gateway-api.ts';
import {type Collection, derive, type Input, union} from '../../src/krt/index.ts';
import {grpcRoutes, httpRoutes} from '../inputs.ts';
import {attachmentsByRoute} from '../gateway/attachments.ts';
import type {DesiredCondition, RouteResolutionRow, StatusRow} from '../gateway/ir.ts';
import {routeResolutions} from '../gateway/route-rules.ts';

type AnyRoute = KubeObject & {
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly rules?: readonly {readonly name?: string; readonly sessionPersistence?: unknown}[];
  };
};

/** Status of routes towards managed Gateways: one entry per parentRef that names one. */
const statusOf = <T extends AnyRoute>(name: string, from: Input<T>): Collection<StatusRow> =>
  derive(name, {
    from,
    rows: (ctx, route): StatusRow | undefined => {
      const parents = ctx.list(attachmentsByRoute, kindKey(route), ({parentIndex, controllerName, accepted}) => ({
        parentIndex,
        controllerName,
        accepted,
      }));
      if (parents.length === 0) return undefined;
      const resolution = ctx.get(routeResolutions, kindKey(route));
      const {apiVersion, kind, metadata, spec} = route;
      return {
        key: kindKey(route),
        apiVersion,
        kind,
        namespace: namespaceOf(route),
        name: metadata.name,
        generation: metadata.generation ?? 1,
        status: {
          kind: 'Route',
          parents: parents
            .toSorted((a, b) => a.parentIndex - b.parentIndex)
            .flatMap(({parentIndex, controllerName, accepted}) => {
              const parentRef = spec.parentRefs?.[parentIndex];
              const conditions = conditionsOf(route, accepted, resolution);
              return parentRef === undefined ? [] : {parentRef, controllerName, conditions};
            }),
        },
      };
    },
  });

export const routeStatus: Collection<StatusRow> = union('route-status', [
  statusOf('http-route-status', httpRoutes),
  statusOf('grpc-route-status', grpcRoutes),
]);

function conditionsOf(
  {spec: {rules = []}}: AnyRoute,
  accepted: DesiredCondition,
  resolution: RouteResolutionRow | undefined,
): readonly DesiredCondition[] {
  const ignored = rules.flatMap(({sessionPersistence}, i) =>
    sessionPersistence === undefined ? [] : `rules[${i}].sessionPersistence`,
  );
  const told =
    accepted.status === 'True' && ignored.length > 0
      ? {...accepted, message: `not supported and ignored: ${ignored.join(', ')}`}
      : accepted;
  if (resolution === undefined) return [told];
  const partial = partiallyInvalid(accepted, resolution);
  return [told, resolution.resolvedRefs, ...(partial === undefined ? [] : [partial])];
}

/** Set only where some rules can be done and others cannot (RouteConditionPartiallyInvalid, which fixes the prefix). */
function partiallyInvalid(
  accepted: DesiredCondition,
  {invalidRules}: RouteResolutionRow,
): DesiredCondition | undefined {
  const [first] = invalidRules;
  if (first === undefined || accepted.status !== 'True') return undefined;
  const told = invalidRules.map(({ruleIndex, message}) => `rules[${ruleIndex}]: ${message}`).join('; ');
  return conditionTrue('PartiallyInvalid', first.reason, `Dropped Rule ${told}`);
}
