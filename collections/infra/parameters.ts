/** The parameters of a Gateway's proxies: those of its class, and over them its own. */
import type {AgentgatewayParametersSpec, EnvVar} from '../../src/api/agentgateway-parameters.ts';
import type {EnvoyParameters, GatewayParametersSpec} from '../../src/api/gateway-parameters.ts';
import {deepMerge} from '../../src/api/json.ts';
import type {Context} from '../../src/krt/index.ts';
import type {GatewayRow} from '../gateway/ir.ts';
import {agentgatewayParameters, gatewayParameters} from '../inputs.ts';
import type {NamedOverlay} from './manifest.ts';

export type Parameters<T> = {
  /** Field by field; lists are replaced, but environment variables by name. */
  readonly merged: T;
  /** Overlays of a field, in the order in which they are laid over what is rendered. */
  readonly overlays: (field: OverlayField<T>) => readonly NamedOverlay[];
};

type Overlay = NonNullable<NamedOverlay['overlay']>;
type OverlayField<T> = {[K in keyof T]-?: T[K] extends Overlay | undefined ? K : never}[keyof T] & string;

type Keys = GatewayRow['parameters'];

export function agentgatewayParametersOf(ctx: Context, {ofClass, own}: Keys): Parameters<AgentgatewayParametersSpec> {
  const specOf = (key: string | undefined): AgentgatewayParametersSpec =>
    (key === undefined ? undefined : ctx.get(agentgatewayParameters, key, ({spec}) => spec)) ?? {};
  const {modelCatalog: _ofGatewaysOnly, ...base} = specOf(ofClass);
  const over = specOf(own);
  const env = mergedEnv(base.env, over.env);
  const merged = {...deepMerge<AgentgatewayParametersSpec>(base, over), ...(env && {env})};
  return {
    merged,
    overlays: (field) => [
      {field: `AgentgatewayParameters ${ofClass}: spec.${field}`, overlay: base[field]},
      {field: `AgentgatewayParameters ${own}: spec.${field}`, overlay: over[field]},
    ],
  };
}

export type EnvoyParametersOf = Parameters<EnvoyParameters> & {
  /** The user runs the proxies. */
  readonly selfManaged: boolean;
};

export function envoyParametersOf(ctx: Context, {ofClass, own}: Keys): EnvoyParametersOf {
  const specOf = (key: string | undefined): GatewayParametersSpec =>
    (key === undefined ? undefined : ctx.get(gatewayParameters, key, ({spec}) => spec)) ?? {};
  const [baseSpec, overSpec] = [specOf(ofClass), specOf(own)];
  const [base, over] = [baseSpec.kube ?? {}, overSpec.kube ?? {}];
  const both = deepMerge<EnvoyParameters>(base, over);
  const env = mergedEnv(base.envoyContainer?.env, over.envoyContainer?.env);
  return {
    // Each says one of the two, and what is said nearer to the Gateway counts.
    selfManaged:
      overSpec.selfManaged !== undefined || (overSpec.kube === undefined && baseSpec.selfManaged !== undefined),
    merged: {...both, ...(env && {envoyContainer: {...both.envoyContainer, env}})},
    overlays: (field) => [
      {field: `GatewayParameters ${ofClass}: spec.kube.${field}`, overlay: base[field]},
      {field: `GatewayParameters ${own}: spec.kube.${field}`, overlay: over[field]},
    ],
  };
}

function mergedEnv(base: readonly EnvVar[] = [], over: readonly EnvVar[] = []): readonly EnvVar[] | undefined {
  const names = new Set(over.map(({name}) => name));
  const env = [...base.filter(({name}) => !names.has(name)), ...over];
  return env.length > 0 ? env : undefined;
}
