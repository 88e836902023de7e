import * as fc from 'fast-check';
import type {
  Gateway,
  GatewayClass,
  GatewayListener,
  ListenerTLSConfig,
  ReferenceGrant,
  SecretObjectReference,
} from '../../src/gen/gateway-api.ts';
import {compact, gatewayName, hostname, maybe, namespace, secretName, serviceName} from './names.ts';

const group = 'gateway.networking.k8s.io';
const apiVersion = `${group}/v1`;

export const gatewayClassObject: fc.Arbitrary<GatewayClass> = fc
  .record({
    name: fc.constantFrom('envoy', 'agentgateway', 'other'),
    controllerName: fc.constantFrom('sluice.dev/envoy', 'sluice.dev/agentgateway', 'example.com/foreign'),
    parametersRef: maybe(fc.constant({group: 'x.io', kind: 'X', name: 'x'}), 8),
  })
  .map(({name, ...spec}) => ({apiVersion, kind: 'GatewayClass', metadata: {name}, spec: compact(spec)}));

const certificateRef = fc
  .record({
    kind: fc.constantFrom('Secret', 'Secret', 'Secret', 'ConfigMap'),
    name: secretName,
    namespace: maybe(namespace),
  })
  .map((ref) => compact({group: '', ...ref}));

const allowedRoutes = fc.record({
  namespaces: fc.constantFrom(
    {from: 'Same' as const},
    {from: 'All' as const},
    {from: 'All' as const},
    {from: 'All' as const},
    {from: 'All' as const},
    {from: 'Selector' as const, selector: {matchLabels: {team: 'red'}}},
    {from: 'Selector' as const, selector: {matchExpressions: [{key: 'team', operator: 'DoesNotExist'}]}},
    {from: 'Selector' as const, selector: {matchLabels: {'kubernetes.io/metadata.name': 'n1'}}},
  ),
  kinds: fc.constantFrom([], [], [], [], [], [{group, kind: 'HTTPRoute'}], [{group, kind: 'TCPRoute'}]),
});

const listener: fc.Arbitrary<GatewayListener> = fc
  .record({
    name: fc.constantFrom('l0', 'l1', 'l2'),
    port: fc.constantFrom(80, 81, 82, 443),
    protocol: fc.constantFrom('HTTP', 'HTTP', 'HTTP', 'HTTP', 'HTTPS', 'HTTPS', 'TLS', 'UDP'),
    hostname: maybe(hostname, 3),
    certificateRefs: fc.array(certificateRef, {minLength: 1, maxLength: 2}),
    mode: fc.constantFrom('Terminate' as const, 'Passthrough' as const),
    allowedRoutes,
  })
  .map(({certificateRefs, mode, ...rest}) =>
    compact({
      ...rest,
      tls: tlsOf(rest.protocol, mode, certificateRefs),
    }),
  );

function tlsOf(
  protocol: string,
  mode: ListenerTLSConfig['mode'],
  certificateRefs: readonly SecretObjectReference[],
): ListenerTLSConfig | undefined {
  if (protocol === 'HTTPS') return {mode: 'Terminate', certificateRefs};
  return protocol === 'TLS' ? {mode, certificateRefs} : undefined;
}

export const gatewayObject: fc.Arbitrary<Gateway> = fc
  .record({
    name: gatewayName,
    namespace,
    generation: fc.integer({min: 1, max: 3}),
    gatewayClassName: fc.constantFrom('envoy', 'envoy', 'agentgateway', 'agentgateway', 'other'),
    listeners: fc.uniqueArray(listener, {minLength: 1, maxLength: 3, selector: ({name}) => name}),
    addresses: maybe(
      fc.constantFrom([{type: 'IPAddress', value: '127.0.0.2'}], [{type: 'Hostname', value: 'x.test'}]),
      6,
    ),
    status: maybe(
      fc.constantFrom({conditions: []}, {conditions: [], addresses: [{type: 'IPAddress', value: '1.2.3.4'}]}),
    ),
  })
  .map(({name, namespace, generation, gatewayClassName, listeners, addresses, status}) =>
    compact({
      apiVersion,
      kind: 'Gateway' as const,
      metadata: {name, namespace, generation},
      spec: compact({gatewayClassName, listeners, addresses}),
      status,
    }),
  );

const grantTo = fc.oneof(
  fc.record({group: fc.constant(''), kind: fc.constant('Service'), name: maybe(serviceName)}).map(compact),
  fc.record({group: fc.constant(''), kind: fc.constant('Secret'), name: maybe(secretName)}).map(compact),
);

export const referenceGrantObject: fc.Arbitrary<ReferenceGrant> = fc
  .record({
    name: fc.constantFrom('g0', 'g1'),
    namespace,
    from: fc.array(fc.record({group: fc.constant(group), kind: fc.constantFrom('Gateway', 'HTTPRoute'), namespace}), {
      minLength: 1,
      maxLength: 2,
    }),
    to: fc.array(grantTo, {minLength: 1, maxLength: 2}),
  })
  .map(({name, namespace, ...spec}) => ({apiVersion, kind: 'ReferenceGrant', metadata: {name, namespace}, spec}));
