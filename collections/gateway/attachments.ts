import {type Reason, conditionFalse, conditionTrue} from '../../src/api/conditions.ts';
import {compareHostnames, intersectHostnames, normalizeHostname} from '../../src/api/hostname.ts';
import {gatewayGroup, kindKey, namespaceOf, refersTo, refKey} from '../../src/api/refs.ts';
import type {HTTPRoute, ParentReference} from '../../src/gen/gateway-api.ts';
import {type Context, derive, index, selectorMatches} from '../../src/krt/index.ts';
import {httpRoutes, namespaceLabels, namespaces} from '../inputs.ts';
import {managedGateways} from './gateways.ts';
import type {AttachedHostname, AttachedListener, AttachmentRow, DesiredCondition, ListenerRow} from './ir.ts';
import {listenersByGateway} from './listeners.ts';
import {ruleProblem} from './rule-problem.ts';

/** What attachment depends on; conditions of a listener may change without a route being looked at again. */
type Candidate = Omit<ListenerRow, 'conditions' | 'tls'>;

const candidate = ({conditions: _conditions, tls: _tls, ...rest}: ListenerRow): Candidate => rest;

/** HTTPRoutes x parentRefs that name a managed Gateway: which listeners take them, or why none does. */
export const attachments = derive('attachments', {
  from: httpRoutes,
  rows: (ctx, route): readonly AttachmentRow[] =>
    (route.spec.parentRefs ?? []).flatMap((ref, parentIndex) => {
      if (!refersTo(ref, gatewayGroup, 'Gateway')) return [];
      const gateway = refKey(ref, namespaceOf(route));
      const managed = ctx.get(managedGateways, gateway, ({dialect, controllerName}) => ({dialect, controllerName}));
      if (managed === undefined) return [];
      return {
        key: `${kindKey(route)}/${parentIndex}`,
        route: kindKey(route),
        parentIndex,
        gateway,
        ...managed,
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
  const named = ctx
    .list(listenersByGateway, gateway, candidate)
    .filter(({name, port}) => (ref.sectionName ?? name) === name && (ref.port ?? port) === port);
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
  const listeners = allowing.flatMap((listener) => attachedListener(listener, hostnames) ?? []);
  if (listeners.length === 0) {
    const message = `no hostname of this route fits a listener of Gateway ${gateway} that admits it`;
    return refused('NoMatchingListenerHostname', message);
  }
  const invalid = invalidAsAWhole(route);
  if (invalid !== undefined) return {listeners, accepted: conditionFalse('Accepted', invalid.reason, invalid.message)};
  return {listeners, accepted};
}

const accepted: DesiredCondition = conditionTrue('Accepted', 'Accepted');

const refused = (reason: string, message: string): Attached => ({
  listeners: [],
  accepted: conditionFalse('Accepted', reason, message),
});

function told({sectionName, port}: ParentReference): string {
  const name = sectionName === undefined ? [] : [`is named ${sectionName}`];
  return [...name, ...(port === undefined ? [] : [`has port ${port}`])].join(' and ') || 'could be attached to';
}

function allows(ctx: Context, listener: Candidate, gateway: string, route: HTTPRoute): boolean {
  if (!listener.attachable || !listener.allowedKinds.includes('HTTPRoute')) return false;
  const namespace = namespaceOf(route);
  const {from, selector} = listener.allowedNamespaces;
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return gateway.startsWith(`${namespace}/`);
    case 'Selector': {
      // Only whether it matches counts; a Namespace that no provider delivers has the label every one has.
      const matches = ctx.get(namespaces, namespace, ({metadata}) =>
        selectorMatches(selector, namespaceLabels(metadata.name, metadata.labels)),
      );
      return matches ?? selectorMatches(selector, namespaceLabels(namespace));
    }
  }
}

function attachedListener(listener: Candidate, own: readonly string[]): AttachedListener | undefined {
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
