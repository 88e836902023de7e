/** `sluice/agentgateway`: the messages of agentgateway's API, and the resource rows made of them. */
export {agentgateway, istio} from '../gen/proto/agentgateway.js';
export {
  addressType,
  bindResource,
  listenerResource,
  resourceType,
  routeResource,
  serviceResource,
  workloadResource,
} from '../../collections/agentgateway/messages.ts';
export {bindKey, listenerKey, routeKey, serviceHostname, serviceName} from '../../collections/agentgateway/names.ts';
