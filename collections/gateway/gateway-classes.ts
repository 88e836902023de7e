import {derive} from '../../src/krt/index.ts';
import {gatewayClasses, settings} from '../inputs.ts';
import type {GatewayClassRow} from './ir.ts';
import {resolveParameters} from './parameters.ts';

/** GatewayClasses whose controllerName is one of ours: they decide which dialect a Gateway speaks. */
export const managedGatewayClasses = derive('managed-gateway-classes', {
  from: gatewayClasses,
  rows: (ctx, {metadata, spec}): GatewayClassRow | undefined => {
    const names = ctx.get(settings, 'settings', ({controllerNames}) => controllerNames);
    const {controllerName, parametersRef: ref} = spec;
    const dialect =
      controllerName === names?.envoy ? 'envoy' : controllerName === names?.agentgateway ? 'agentgateway' : undefined;
    if (dialect === undefined) return undefined;
    const row = {key: metadata.name, dialect, controllerName} as const;
    if (ref === undefined) return row;
    const parameters = resolveParameters(ctx, dialect, {field: 'parametersRef', ref});
    return 'key' in parameters ? {...row, parameters: parameters.key} : {...row, rejected: parameters.problem};
  },
});
