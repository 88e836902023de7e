import {conditionOf} from '../../src/api/conditions.ts';
import {kindKey} from '../../src/api/refs.ts';
import {derive} from '../../src/krt/index.ts';
import {gatewayClasses} from '../inputs.ts';
import {managedGatewayClasses} from '../gateway/gateway-classes.ts';
import type {StatusRow} from '../gateway/ir.ts';
import {supportedFeatures} from '../gateway/supported-features.ts';

/** Status of the GatewayClasses of ours. */
export const gatewayClassStatus = derive('gateway-class-status', {
  from: gatewayClasses,
  rows: (ctx, gatewayClass): StatusRow | undefined => {
    const {apiVersion, kind, metadata} = gatewayClass;
    const managed = ctx.get(managedGatewayClasses, metadata.name);
    return (
      managed && {
        key: kindKey(gatewayClass),
        apiVersion,
        kind,
        name: metadata.name,
        generation: metadata.generation ?? 1,
        status: {
          kind: 'GatewayClass',
          conditions: [conditionOf('Accepted', 'Accepted', managed.rejected)],
          supportedFeatures: supportedFeatures[managed.dialect].map((name) => ({name})),
        },
      }
    );
  },
});
