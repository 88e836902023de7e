import * as fc from 'fast-check';
import type {
  Gateway,
  GatewayClass,
  GatewayListener,
  ListenerTLSConfig,
  ReferenceGrant,
  SecretObjectReference,
} from '../../src/gen/gateway-api.ts';
import {agentgatewayGroup} from '../../src/api/agentgateway-parameters.ts';
import {kgatewayGroup} from '../../src/api/gateway-parameters.ts';
import {compact, gatewayName, hostname, maybe, namespace, parametersName, secretName, serviceName} from './names.ts';

const group = 'gateway.networking.k8s.io';
const apiVersion = `${group}/v1`;

const agentgatewayRef = {group: agentgatewayGroup, kind: 'AgentgatewayParameters'};
const envoyRef = {group: kgatewayGroup, kind: 'GatewayParameters'};

const foreignRef = {group: 'x.io', kind: 'X'};

/** A reference to parameters, mostly of the kind that fits. */
const parametersRef = (fitting: fc.Arbitrary<string>) =>
  fc
    .record({
      dialect: fitting,
      name: parametersName,
      kind: fc.oneof(
        {weight: 8, arbitrary: fc.constant('fitting')},
        {weight: 1, arbitrary: fc.constantFrom('other', 'foreign')},
      ),
    })
    .map(({dialect, name, kind}) => {
      const isEnvoy = (dialect === 'envoy') === (kind === 'fitting');
      return {...(kind === 'foreign' ? foreignRef : isEnvoy ? envoyRef : agentgatewayRef), name};
    });

export const gatewayClassObject: fc.Arbitrary<GatewayClass> = fc
  .constantFrom('envoy', 'agentgateway')
  .chain((dialect) =>
    fc.record({
      name: fc.constantFrom('envoy', 'agentgateway', 'other'),
      controllerName: fc.constantFrom(`sluice.dev/${dialect}`, `sluice.dev/${dialect}`, 'example.com/foreign'),
      parametersRef: maybe(
        fc
          .record({ref: parametersRef(fc.constant(dialect)), namespace: maybe(namespace, 5)})
          .map(({ref, namespace = 'n0'}) => ({...ref, namespace})),
        8,
      ),
    }),
  )
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

const infrastructureOf = (className: string) =>
  fc
    .record({
      labels: maybe(fc.constantFrom({team: 'red'}, {[`${group}/gateway-name`]: 'not-mine'}), 3),
      annotations: maybe(fc.constant({note: 'x'}), 3),
      parametersRef: maybe(parametersRef(fc.constant(className))),
    })
    .map(compact);

const gatewayOf = (className: string) =>
  fc.record({
    name: gatewayName,
    namespace,
    generation: fc.integer({min: 1, max: 3}),
    gatewayClassName: fc.constant(className),
    listeners: fc.uniqueArray(listener, {minLength: 1, maxLength: 3, selector: ({name}) => name}),
    addresses: maybe(
      fc.constantFrom(
        [{type: 'IPAddress', value: '127.0.0.2'}],
        [{type: 'Hostname', value: 'x.test'}],
        [
          {type: 'IPAddress', value: '1.2.3.4'},
          {type: 'IPAddress', value: '10.0.0.9'},
        ],
      ),
      5,
    ),
    infrastructure: maybe(infrastructureOf(className)),
    uid: maybe(fc.constantFrom('u0', 'u1')),
    selfManaged: maybe(fc.constant({'sluice.dev/self-managed': 'true'}), 8),
    status: maybe(
      fc.constantFrom({conditions: []}, {conditions: [], addresses: [{type: 'IPAddress', value: '1.2.3.4'}]}),
    ),
  });

export const gatewayObject: fc.Arbitrary<Gateway> = fc
  .constantFrom('envoy', 'envoy', 'agentgateway', 'agentgateway', 'other')
  .chain(gatewayOf)
  .map(
    ({name, namespace, generation, uid, selfManaged, gatewayClassName, listeners, addresses, infrastructure, status}) =>
      compact({
        apiVersion,
        kind: 'Gateway' as const,
        metadata: compact({name, namespace, generation, uid, annotations: selfManaged}),
        spec: compact({gatewayClassName, listeners, addresses, infrastructure}),
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
