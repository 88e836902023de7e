import {derive} from '../../src/krt/index.ts';
import {gatewayClasses, settings} from '../inputs.ts';
import type {GatewayClassRow} from './ir.ts';

/** GatewayClasses whose controllerName is one of ours: they decide which dialect a Gateway speaks. */
export const managedGatewayClasses = derive('managed-gateway-classes', {
  from: gatewayClasses,
  rows: (ctx, {metadata, spec}): GatewayClassRow | undefined => {
    const names = ctx.get(settings, 'settings', ({controllerNames}) => controllerNames);
    const {controllerName, parametersRef} = spec;
    const dialect =
      controllerName === names?.envoy ? 'envoy' : controllerName === names?.agentgateway ? 'agentgateway' : undefined;
    if (dialect === undefined) return undefined;
    return {
      key: metadata.name,
      dialect,
      controllerName,
      // No kind of parameters is supported yet, and ignoring them would give a proxy that nobody asked for.
      ...(parametersRef && {
        rejected: {
          reason: 'InvalidParameters',
          message: `parametersRef: ${parametersRef.kind} of group "${parametersRef.group}" is not supported`,
        },
      }),
    };
  },
});
