import {type Reason, conditionFalse, conditionTrue} from '../../src/api/conditions.ts';
import {compareHostnames, intersectHostnames, normalizeHostname} from '../../src/api/hostname.ts';
import {gatewayGroup, kindKey, namespaceOf, refersTo, refKey} from '../../src/api/refs.ts';
import type {HTTPRoute, ParentReference} from '../../src/gen/gateway-api.ts';
import {type Context, derive, index} from '../../src/krt/index.ts';
import {httpRoutes} from '../inputs.ts';
import {admits} from './admissions.ts';
import type {AttachedHostname, AttachedListener, AttachmentRow, DesiredCondition} from './ir.ts';
import {listenerKey} from './listeners.ts';
import {parentGateways, type ParentListenerRow, parentListeners, parentListenersByGateway} from './route-parents.ts';
import {ruleProblem} from './rule-problem.ts';

/** HTTPRoutes x parentRefs that name a managed Gateway: which listeners take them, or why none does. */
export const attachments = derive('attachments', {
  from: httpRoutes,
  rows: (ctx, route): readonly AttachmentRow[] =>
    (route.spec.parentRefs ?? []).flatMap((ref, parentIndex) => {
      if (!refersTo(ref, gatewayGroup, 'Gateway')) return [];
      const gateway = refKey(ref, namespaceOf(route));
      const parent = ctx.get(parentGateways, gateway);
      if (parent === undefined) return [];
      const {dialect, controllerName} = parent;
      return {
        key: `${kindKey(route)}/${parentIndex}`,
        route: kindKey(route),
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
function attach(ctx: Context, route: HTTPRoute, ref: ParentReference, gateway: string): Attached {
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
  const hostnames = [...new Set((route.spec.hostnames ?? []).map(normalizeHostname))];
  const attached = allowing.flatMap((listener) => attachedListener(listener, hostnames) ?? []);
  if (attached.length === 0) {
    const message = `no hostname of this route fits a listener of Gateway ${gateway} that admits it`;
    return refused('NoMatchingListenerHostname', message);
  }
  const invalid = invalidAsAWhole(route);
  return {
    listeners: attached,
    accepted: invalid === undefined ? accepted : conditionFalse('Accepted', invalid.reason, invalid.message),
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

function allows(ctx: Context, listener: ParentListenerRow, gateway: string, route: HTTPRoute): boolean {
  if (!listener.attachable || !listener.allowedKinds.includes('HTTPRoute')) return false;
  const namespace = namespaceOf(route);
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

/** A route none of whose rules can be done is not accepted, but still answers: its requests must not go elsewhere. */
function invalidAsAWhole({spec}: HTTPRoute): Reason | undefined {
  const problems: Reason[] = [];
  for (const rule of spec.rules) {
    const problem = ruleProblem(rule);
    if (problem === undefined) return undefined;
    problems.push(problem);
  }
  return problems[0];
}
