import {gatewayClass, type Case, type Table} from './case.ts';
import {parameters, parametersKinds, parametersRef} from './parameters.ts';

const from = 'gateway/parameters.ts';
const is = 'Accepted=False/InvalidParameters';
const healed = 'Accepted=True/Accepted';
const ref = {...parametersRef('envoy'), namespace: '@'};

const cases: readonly Case[] = [
  {
    is,
    says: 'parametersRef: Odd of group "example.com" is not supported; envoy takes GatewayParameters',
    from,
    objects: [gatewayClass({parametersRef: {group: 'example.com', kind: 'Odd', name: 'odd', namespace: '@'}})],
    heal: {apply: [gatewayClass({})]},
    healed,
  },
  {
    is,
    says: 'envoy takes GatewayParameters of group "gateway.kgateway.dev"',
    from,
    objects: [gatewayClass({parametersRef: {...parametersKinds.agentgateway, name: 'parameters', namespace: '@'}})],
    heal: {apply: [gatewayClass({controllerName: 'sluice.dev/envoy'})]},
    healed,
  },
  {
    is,
    says: 'parametersRef: there is no GatewayParameters @/parameters',
    from,
    objects: [gatewayClass({parametersRef: ref})],
    heal: {apply: [parameters('envoy', {})]},
    healed,
  },
  {
    is,
    says: 'parametersRef.namespace: is required',
    from,
    objects: [parameters('envoy', {}), gatewayClass({parametersRef: parametersRef('envoy')})],
    heal: {apply: [gatewayClass({parametersRef: ref})]},
    healed,
  },
];

export const gatewayClassReasons: Table = {
  kind: 'GatewayClass',
  of: 'object',
  good: {Accepted: 'status/gateway-class-status.ts'},
  cases,
};
