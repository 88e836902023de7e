/** `sluice/envoy`: the messages of Envoy's API that Sluice knows, and how it names its resources. */
export {envoy, google} from '../gen/proto/envoy.js';
export {
  clusterName,
  invalidBackendCluster,
  listenerName,
  routeConfigurationName,
  virtualHostName,
} from '../../collections/envoy/names.ts';
export {
  adsSource,
  duration,
  extensionTypes,
  fraction,
  packAny,
  resourceTypes,
  socketAddress,
} from '../../collections/envoy/proto.ts';
