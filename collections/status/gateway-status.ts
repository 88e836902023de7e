import {conditionFalse, conditionTrue, type Reason} from '../../src/api/conditions.ts';
import {gatewayGroup} from '../../src/api/refs.ts';
import {type Context, derive} from '../../src/krt/index.ts';
import {provisionedGateways} from '../infra/provisioned.ts';
import {nacksByScope, provisionFailures} from '../inputs.ts';
import {gatewayScope} from '../resource.ts';
import {attachedRoutes} from '../gateway/attached-routes.ts';
import {assignedAddresses} from './assigned-addresses.ts';
import {managedGateways} from '../gateway/gateways.ts';
import type {DesiredCondition, GatewayRow, ListenerRow, StatusRow} from '../gateway/ir.ts';
import {listenersByGateway} from '../gateway/listeners.ts';

type Listener = Pick<ListenerRow, 'key' | 'name' | 'allowedKinds' | 'programmed' | 'conditions'>;

/** Status of managed Gateways, those of their listeners included. */
export const gatewayStatus = derive('gateway-status', {
  from: managedGateways,
  rows: (ctx, gateway): StatusRow => {
    const listeners: readonly Listener[] = ctx.list(listenersByGateway, gateway.key, (row) => ({
      key: row.key,
      name: row.name,
      allowedKinds: row.allowedKinds,
      programmed: row.programmed,
      conditions: row.conditions,
    }));
    const provisioning = ctx.get(provisionedGateways, gateway.key, ({mode, problem}) => ({
      mode,
      ...(problem && {problem}),
    }));
    const assigned = assignedAddresses(ctx, gateway, provisioning?.mode);
    const rejected = gateway.rejected ?? provisioning?.problem;
    return {
      key: `Gateway/${gateway.key}`,
      apiVersion: `${gatewayGroup}/v1`,
      kind: 'Gateway',
      namespace: gateway.namespace,
      name: gateway.name,
      generation: gateway.generation,
      status: {
        kind: 'Gateway',
        conditions: [
          acceptedCondition(rejected, listeners),
          programmedCondition(ctx, {...gateway, rejected}, listeners, assigned.problem),
          resolvedRefsCondition(listeners),
        ],
        addresses: assigned.addresses,
        listeners: listeners.map(({key, name, allowedKinds, conditions}) => ({
          name,
          attachedRoutes: ctx.get(attachedRoutes, key, ({routes}) => routes) ?? 0,
          supportedKinds: allowedKinds.map((kind) => ({group: gatewayGroup, kind})),
          conditions,
        })),
      },
    };
  },
});

const failing = (listeners: readonly Listener[], type: string): readonly string[] =>
  listeners
    .filter(({conditions}) => conditions.some((condition) => condition.type === type && condition.status === 'False'))
    .map(({name}) => name);

/** Accepted as long as one listener is; then the reason tells that others are not (GatewayReasonListenersNotValid). */
function acceptedCondition(rejected: Reason | undefined, listeners: readonly Listener[]): DesiredCondition {
  if (rejected !== undefined) return conditionFalse('Accepted', rejected.reason, rejected.message);
  const invalid = failing(listeners, 'Accepted');
  if (invalid.length === 0) return conditionTrue('Accepted', 'Accepted');
  const message = `not accepted: listener ${invalid.join(', ')}`;
  if (invalid.length === listeners.length) return conditionFalse('Accepted', 'ListenersNotValid', message);
  const valid = listeners.filter(({name}) => !invalid.includes(name)).map(({name}) => name);
  return conditionTrue('Accepted', 'ListenersNotValid', `${message}; accepted: listener ${valid.join(', ')}`);
}

function programmedCondition(
  ctx: Context,
  {key, dialect, rejected, addressProblem}: Omit<GatewayRow, 'rejected'> & {readonly rejected: Reason | undefined},
  listeners: readonly Listener[],
  assignmentProblem: Reason | undefined,
): DesiredCondition {
  const problem =
    rejected ?? addressProblem ?? noneProgrammed(listeners) ?? deploymentFailure(ctx, key) ?? assignmentProblem;
  if (problem !== undefined) {
    const reason = problem === rejected ? 'Invalid' : problem.reason;
    return conditionFalse('Programmed', reason, problem.message);
  }
  const refused = ctx.list(nacksByScope, gatewayScope(dialect, key), ({name, message, warning}) => ({
    name,
    message,
    warning,
  }));
  const [first] = refused.filter(({warning}) => !warning);
  // Proxies keep the last good version of what they refuse, so the Gateway as such is programmed.
  return conditionTrue('Programmed', 'Programmed', first && `refused by a proxy: ${first.name}: ${first.message}`);
}

/** What the API server refused of what is to run for it. */
function deploymentFailure(ctx: Context, gateway: string): Reason | undefined {
  const message = ctx.get(provisionFailures, gateway, (row) => row.message);
  return message === undefined ? undefined : {reason: 'DeploymentFailed', message};
}

function noneProgrammed(listeners: readonly Listener[]): Reason | undefined {
  if (listeners.some(({programmed}) => programmed)) return undefined;
  return {reason: 'Invalid', message: 'none of its listeners can be programmed'};
}

function resolvedRefsCondition(listeners: readonly Listener[]): DesiredCondition {
  const unresolved = failing(listeners, 'ResolvedRefs');
  if (unresolved.length === 0) return conditionTrue('ResolvedRefs', 'ResolvedRefs');
  return conditionFalse('ResolvedRefs', 'ListenersNotResolved', `not resolved: listener ${unresolved.join(', ')}`);
}
