import {derive} from '../../src/krt/index.ts';
import {gatewayBackends} from '../gateway/gateway-backends.ts';
import {gatewayScope, resourceRow, type ResourceRow} from '../resource.ts';
import {envoyClusterParts} from './cluster-parts.ts';
import {clusterName} from './names.ts';
import {resourceTypes} from './proto.ts';

/** Clusters, for each Gateway those that its routes refer to and no others. */
export const envoyClusters = derive('envoy-clusters', {
  from: gatewayBackends,
  reads: [envoyClusterParts],
  rows: (ctx, {dialect, gateway, backend}): ResourceRow | undefined => {
    if (dialect !== 'envoy') return undefined;
    const bytes = ctx.get(envoyClusterParts, backend)?.bytes;
    const scope = gatewayScope('envoy', gateway);
    return bytes && resourceRow({scope, type: resourceTypes.cluster, name: clusterName(backend), bytes, refs: []});
  },
});
