/** What a parametersRef names: parameters of the proxies that are to run, of a kind for each dialect. */
import {agentgatewayGroup} from '../../src/api/agentgateway-parameters.ts';
import type {Reason} from '../../src/api/conditions.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import {kgatewayGroup} from '../../src/api/gateway-parameters.ts';
import {type GroupKind, refersTo} from '../../src/api/refs.ts';
import type {Context} from '../../src/krt/index.ts';
import {agentgatewayParameters, gatewayParameters} from '../inputs.ts';

export type ParametersRef = GroupKind & {readonly name: string; readonly namespace?: string};

/** The key of the object, or why there is none to be used. */
export type ResolvedParameters = {readonly key: string} | {readonly problem: Reason};

const kinds: Readonly<Record<Dialect, GroupKind>> = {
  envoy: {group: kgatewayGroup, kind: 'GatewayParameters'},
  agentgateway: {group: agentgatewayGroup, kind: 'AgentgatewayParameters'},
};

/**
 * A reference that is not understood, or leads nowhere, is not ignored: that would give a proxy nobody asked for. `field`
 * is what messages call it. A reference of a Gateway is into its own namespace, one of a GatewayClass has to name one.
 */
export function resolveParameters(
  ctx: Context,
  dialect: Dialect,
  {
    field,
    ref,
    namespace = ref.namespace,
  }: {readonly field: string; readonly ref: ParametersRef; readonly namespace?: string | undefined},
): ResolvedParameters {
  const {group, kind} = kinds[dialect];
  if (!refersTo(ref, group, kind)) {
    return invalid(
      `${field}: ${ref.kind} of group "${ref.group}" is not supported; ${dialect} takes ${kind} of group "${group}"`,
    );
  }
  if (namespace === undefined || namespace === '') return invalid(`${field}.namespace: is required`);
  const key = `${namespace}/${ref.name}`;
  const exists = dialect === 'envoy' ? ctx.exists(gatewayParameters, key) : ctx.exists(agentgatewayParameters, key);
  return exists ? {key} : invalid(`${field}: there is no ${kind} ${key}`);
}

const invalid = (message: string): ResolvedParameters => ({problem: {reason: 'InvalidParameters', message}});
