import {gateway, gatewayClass, listener, managedGateway, object, type Case, type Table} from './case.ts';
import {parameters, parametersRef} from './parameters.ts';

const odd = listener({name: 'odd', port: 81, protocol: 'example.com/odd'});
const withoutCertificate = listener({
  name: 'https',
  port: 443,
  protocol: 'HTTPS',
  tls: {options: {'example.com/a': 'b'}},
});
const withParameters = {infrastructure: {parametersRef: parametersRef('envoy')}};

/** Of the Service that is made for `gw`, as a load balancer would write it. */
const reachedAt = (ip: string) => [object('v1', 'Service', 'gw', {status: {loadBalancer: {ingress: [{ip}]}}})];
const waiting = 'Programmed=False/AddressNotAssigned';
const programmed = 'Programmed=True/Programmed';
const accepted = 'Accepted=True/Accepted';

const acceptedCases: readonly Case[] = [
  {
    is: 'Accepted=False/InvalidParameters',
    says: 'infrastructure.parametersRef: there is no GatewayParameters @/parameters',
    from: 'gateway/parameters.ts',
    objects: [gateway([listener()], withParameters)],
    heal: {apply: [parameters('envoy', {})]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/InvalidParameters',
    says: 'GatewayClass @: parametersRef.namespace: is required',
    from: 'gateway/parameters.ts',
    objects: [gatewayClass({parametersRef: parametersRef('envoy')}), gateway([listener()], {gatewayClassName: '@'})],
    heal: {apply: [gatewayClass({})]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/InvalidParameters',
    says: 'spec.kube.deploymentOverlay.spec.template.spec.containers: every item must have name',
    from: 'infra/provisioned.ts',
    objects: [
      parameters('envoy', {kube: {deploymentOverlay: {spec: {template: {spec: {containers: [{image: 'x'}]}}}}}}),
      managedGateway([listener()], withParameters),
    ],
    heal: {apply: [parameters('envoy', {kube: {}})]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/UnsupportedAddress',
    says: 'addresses: type example.com/odd is not supported',
    from: 'gateway/requested-addresses.ts',
    objects: [gateway([listener()], {addresses: [{type: 'example.com/odd', value: 'here'}]})],
    heal: {apply: [gateway()]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/ListenersNotValid',
    says: 'not accepted: listener odd',
    from: 'status/gateway-status.ts',
    objects: [gateway([odd])],
    heal: {apply: [gateway([{...odd, protocol: 'HTTP'}])]},
    healed: accepted,
  },
  {
    is: 'Accepted=True/ListenersNotValid',
    says: 'not accepted: listener odd; accepted: listener http',
    from: 'status/gateway-status.ts',
    objects: [gateway([listener(), odd])],
    heal: {apply: [gateway([listener()])]},
    healed: accepted,
  },
];

const programmedCases: readonly Case[] = [
  {
    is: 'Programmed=False/Invalid',
    says: 'addresses: type example.com/odd is not supported',
    from: 'status/gateway-status.ts',
    objects: [gateway([listener()], {addresses: [{type: 'example.com/odd', value: 'here'}]})],
    heal: {apply: [gateway()]},
    healed: programmed,
  },
  {
    is: 'Programmed=False/Invalid',
    says: 'none of its listeners can be programmed',
    from: 'status/gateway-status.ts',
    objects: [gateway([withoutCertificate])],
    heal: {apply: [gateway([withoutCertificate, listener()])]},
    healed: programmed,
  },
  {
    is: 'Programmed=False/AddressNotUsable',
    says: 'addresses: gw.example.com is not an IP address',
    from: 'gateway/requested-addresses.ts',
    objects: [gateway([listener()], {addresses: [{type: 'Hostname', value: 'gw.example.com'}]})],
    heal: {apply: [gateway()]},
    healed: programmed,
  },
  {
    is: 'Programmed=False/AddressNotUsable',
    says: 'addresses: 192.0.2.1 was asked for, 10.96.',
    from: 'status/assigned-addresses.ts',
    objects: [
      object(
        'v1',
        'Service',
        'elsewhere',
        {spec: {ports: [{port: 80}]}},
        {labels: {'gateway.networking.k8s.io/gateway-name': 'gw'}},
      ),
      gateway(),
    ],
    heal: {remove: [object('v1', 'Service', 'elsewhere', {})]},
    healed: programmed,
  },
  {
    is: 'Programmed=False/AddressNotUsable',
    says: 'addresses: the Service of Gateway @/gw takes one, 192.0.2.1; not used: 192.0.2.2',
    from: 'status/assigned-addresses.ts',
    objects: [managedGateway([listener()], {addresses: [{value: '192.0.2.1'}, {value: '192.0.2.2'}]})],
    heal: {apply: [managedGateway([listener()], {addresses: [{value: '192.0.2.1'}]})]},
    healed: waiting,
  },
  {
    is: waiting,
    says: 'no address has been assigned yet',
    from: 'status/assigned-addresses.ts',
    objects: [managedGateway()],
    heal: {statuses: reachedAt('192.0.2.7')},
    healed: programmed,
  },
  {
    is: 'Programmed=False/DeploymentFailed',
    says: 'spec.replicas: Invalid value: -1',
    from: 'status/gateway-status.ts',
    objects: [
      parameters('agentgateway', {deployment: {spec: {replicas: -1}}}),
      managedGateway([listener()], {
        gatewayClassName: 'agentgateway',
        infrastructure: {parametersRef: parametersRef('agentgateway')},
      }),
    ],
    heal: {apply: [parameters('agentgateway', {deployment: {spec: {replicas: 1}}})]},
    healed: waiting,
    // That it has no address may have been written when the server refuses the Deployment.
    writes: [3, 4],
  },
];

const resolvedRefsCases: readonly Case[] = [
  {
    is: 'ResolvedRefs=False/ListenersNotResolved',
    says: 'not resolved: listener https',
    from: 'status/gateway-status.ts',
    objects: [gateway([listener(), withoutCertificate])],
    heal: {apply: [gateway()]},
    healed: 'ResolvedRefs=True/ResolvedRefs',
  },
];

export const gatewayReasons: Table = {
  kind: 'Gateway',
  of: 'object',
  good: {
    Accepted: 'status/gateway-status.ts',
    Programmed: 'status/gateway-status.ts',
    ResolvedRefs: 'status/gateway-status.ts',
    AddressNotAssigned: 'status/assigned-addresses.ts',
  },
  cases: [...acceptedCases, ...programmedCases, ...resolvedRefsCases],
};
