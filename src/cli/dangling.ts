/** References that leave an object without any status, so that nothing else would tell of them. */
import {gatewayClasses, gateways} from '../../collections/inputs.ts';
import {objectKey} from '../api/object.ts';
import {gatewayGroup, namespaceOf, refersTo, refKey} from '../api/refs.ts';
import {isKind} from '../schema/objects.ts';
import type {Offline} from './offline.ts';

/** Gateways that name a class, and HTTPRoutes that name a Gateway, which is not there; one line each. */
export function danglingParents({graph, objects}: Pick<Offline, 'graph' | 'objects'>): readonly string[] {
  const classless = objects
    .filter(isKind('Gateway'))
    .filter(({spec}) => graph.get(gatewayClasses, spec.gatewayClassName) === undefined)
    .map((gateway) => `Gateway ${objectKey(gateway)}: GatewayClass ${gateway.spec.gatewayClassName} does not exist`);
  const parentless = objects.filter(isKind('HTTPRoute')).flatMap((route) =>
    (route.spec.parentRefs ?? [])
      .filter((ref) => refersTo(ref, gatewayGroup, 'Gateway'))
      .map((ref) => refKey(ref, namespaceOf(route)))
      .filter((key) => graph.get(gateways, key) === undefined)
      .map((key) => `HTTPRoute ${objectKey(route)}: Gateway ${key} does not exist`),
  );
  return [...classless, ...parentless];
}
