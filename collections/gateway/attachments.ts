import {conditionFalse, conditionTrue} from '../../src/api/conditions.ts';
import {compareHostnames, intersectHostnames} from '../../src/api/hostname.ts';
import {gatewayGroup, refersTo, refKey} from '../../src/api/refs.ts';
import type {ParentReference} from '../../src/gen/gateway-api.ts';
import {type Context, derive, index} from '../../src/krt/index.ts';
import {admits} from './admissions.ts';
import type {AttachedHostname, AttachedListener, AttachmentRow, DesiredCondition, RouteRow} from './ir.ts';
import {listenerKey} from './listeners.ts';
import {parentGateways, type ParentListenerRow, parentListeners, parentListenersByGateway} from './route-parents.ts';
import {routes} from './routes.ts';

/** Routes x parentRefs that name a managed Gateway: which listeners take them, or why none does. */
export const attachments = derive('attachments', {
  from: routes,
  rows: (ctx, route): readonly AttachmentRow[] =>
    route.parentRefs.flatMap((ref, parentIndex) => {
      if (!refersTo(ref, gatewayGroup, 'Gateway')) return [];
      const gateway = refKey(ref, route.namespace);
      const parent = ctx.get(parentGateways, gateway);
      if (parent === undefined) return [];
      const {dialect, controllerName} = parent;
      return {
        key: `${route.key}/${parentIndex}`,
        route: route.key,
        parentIndex,
        gateway,
        dialect,
        controllerName,
        ...attach(ctx, route, ref, gateway),
      };
    }),
});

/** By `Kind/namespace/name` of the route. */
export const attachmentsByRoute = index(attachments, 'route', ({route}) => route);

/** By key of the Gateway. */
export const attachmentsByGateway = index(attachments, 'gateway', ({gateway}) => gateway);

/** By key of each listener they are attached to, accepted or not (see AttachmentRow.listeners). */
export const attachmentsByListener = index(attachments, 'listener', (row) => row.listeners.map(({key}) => key));

type Attached = Pick<AttachmentRow, 'listeners' | 'accepted'>;

/** The order of the checks decides which reason is told: the parent, what it allows, its hostnames, the route itself. */
function attach(ctx: Context, route: RouteRow, ref: ParentReference, gateway: string): Attached {
  const named = candidates(ctx, ref, gateway).filter(({port}) => (ref.port ?? port) === port);
  if (named.length === 0) return refused('NoMatchingParent', `Gateway ${gateway} has no listener that ${told(ref)}`);
  const allowing = named.filter((listener) => allows(ctx, listener, gateway, route));
  if (allowing.length === 0) {
    const names = named.map(({name}) => name).join(', ');
    const message = named.some(({attachable}) => attachable)
      ? `allowedRoutes of Gateway ${gateway}, listener ${names}, do not admit this route`
      : `Gateway ${gateway}, listener ${names}, takes no routes: it is not accepted itself`;
    return refused('NotAllowedByListeners', message);
  }
  const attached = allowing.flatMap((listener) => attachedListener(listener, route.hostnames) ?? []);
  if (attached.length === 0) {
    const message = `no hostname of this route fits a listener of Gateway ${gateway} that admits it`;
    return refused('NoMatchingListenerHostname', message);
  }
  const {rejected} = route;
  return {
    listeners: attached,
    accepted: rejected === undefined ? accepted : conditionFalse('Accepted', rejected.reason, rejected.message),
  };
}

const accepted: DesiredCondition = conditionTrue('Accepted', 'Accepted');

/** A route that names one listener hears of no other. */
function candidates(ctx: Context, {sectionName}: ParentReference, gateway: string): readonly ParentListenerRow[] {
  if (sectionName === undefined) return ctx.list(parentListenersByGateway, gateway);
  const named = ctx.get(parentListeners, listenerKey(gateway, sectionName));
  return named === undefined ? [] : [named];
}

const refused = (reason: string, message: string): Attached => ({
  listeners: [],
  accepted: conditionFalse('Accepted', reason, message),
});

function told({sectionName, port}: ParentReference): string {
  const name = sectionName === undefined ? [] : [`is named ${sectionName}`];
  return [...name, ...(port === undefined ? [] : [`has port ${port}`])].join(' and ') || 'could be attached to';
}

function allows(ctx: Context, listener: ParentListenerRow, gateway: string, {kind, namespace}: RouteRow): boolean {
  if (!listener.attachable || !listener.allowedKinds.includes(kind)) return false;
  switch (listener.from) {
    case 'All':
      return true;
    case 'Same':
      return gateway.startsWith(`${namespace}/`);
    case 'Selector':
      return admits(ctx, listener.key, namespace);
  }
}

function attachedListener(listener: ParentListenerRow, own: readonly string[]): AttachedListener | undefined {
  const {key, name, port, protocol, programmed} = listener;
  const hostnames = intersections(listener.hostname, own);
  return hostnames.length === 0 ? undefined : {key, name, port, protocol, programmed, hostnames};
}

/** Several hostnames of a route can meet a listener in the same one: the most specific of them stands for it. */
function intersections(listener: string, own: readonly string[]): readonly AttachedHostname[] {
  if (own.length === 0) return [{hostname: listener, own: ''}];
  const found = new Map<string, AttachedHostname>();
  for (const hostname of own.toSorted(compareHostnames)) {
    const common = intersectHostnames(listener, hostname);
    if (common !== undefined && !found.has(common)) found.set(common, {hostname: common, own: hostname});
  }
  return [...found.values()];
}
