import {derive} from '../../src/krt/index.ts';
import {gatewayBackends} from '../gateway/gateway-backends.ts';
import {gatewayScope, resourceRow, type ResourceRow} from '../resource.ts';
import {envoyLoadAssignments} from './load-assignments.ts';
import {clusterName} from './names.ts';
import {resourceTypes} from './proto.ts';

/** Endpoints, for each Gateway those of its clusters. */
export const envoyEndpoints = derive('envoy-endpoints', {
  from: gatewayBackends,
  reads: [envoyLoadAssignments],
  rows: (ctx, {dialect, gateway, backend}): ResourceRow | undefined => {
    if (dialect !== 'envoy') return undefined;
    const bytes = ctx.get(envoyLoadAssignments, backend)?.bytes;
    const name = clusterName(backend);
    return (
      bytes &&
      resourceRow({
        scope: gatewayScope('envoy', gateway),
        type: resourceTypes.loadAssignment,
        name,
        bytes,
        refs: [],
      })
    );
  },
});
