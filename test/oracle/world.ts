/**
 * Random edits over the input collections, for properties of the whole graph: few names, so that edits meet each
 * other. A step is plain data, which shrinks and prints; what it writes is as a provider would write it.
 */
import * as fc from 'fast-check';
import {
  agentgatewayParameters,
  configMaps,
  endpointSlices,
  gatewayClasses,
  gatewayParameters,
  gateways,
  grpcRoutes,
  httpRoutes,
  inputsByGroupKind,
  nacks,
  type NackRow,
  namespaces,
  type ProvisionFailureRow,
  provisionFailures,
  proxies,
  referenceGrants,
  secrets,
  serviceAddresses,
  type ServiceAddressesRow,
  services,
  sessionSeed,
  type SessionSeedRow,
  settings,
} from '../../collections/inputs.ts';
import {defaultSettings, type Settings} from '../../collections/settings.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import {groupKind, type KubeObject} from '../../src/api/object.ts';
import type {Gateway, GatewayClass} from '../../src/gen/gateway-api.ts';
import type {Graph, Transaction} from '../../src/krt/index.ts';
import {gatewayClassObject, gatewayObject, referenceGrantObject} from './gateway-objects.ts';
import {endpointSliceObject, namespaceObject, secretObject, serviceObject} from './core-objects.ts';
import {
  agentgatewayParametersObject,
  gatewayParametersObject,
  gatewayServiceObject,
  meshConfigObject,
  provisioning,
  sessionSecretObject,
} from './infra-objects.ts';
import {compact, maybe, namespaceNames} from './names.ts';
import {grpcRouteObject, httpRouteObject} from './route-objects.ts';

export type Step =
  | {readonly op: 'set'; readonly object: KubeObject}
  | {readonly op: 'delete'; readonly groupKind: string; readonly key: string}
  | {readonly op: 'settings'; readonly settings: Settings}
  | {readonly op: 'nack'; readonly nack: NackRow}
  | {readonly op: 'forget'; readonly nack: string}
  | {readonly op: 'balance'; readonly service: ServiceAddressesRow}
  | {readonly op: 'fail'; readonly failure: ProvisionFailureRow}
  | {readonly op: 'succeed'; readonly gateway: string}
  | {readonly op: 'seed'; readonly seed: SessionSeedRow};

const wanted: fc.Arbitrary<KubeObject> = fc.oneof(
  {weight: 16, arbitrary: httpRouteObject},
  {weight: 8, arbitrary: grpcRouteObject},
  {weight: 8, arbitrary: gatewayObject},
  {weight: 6, arbitrary: serviceObject},
  {weight: 6, arbitrary: endpointSliceObject},
  {weight: 4, arbitrary: secretObject},
  {weight: 4, arbitrary: referenceGrantObject},
  {weight: 2, arbitrary: namespaceObject},
  {weight: 2, arbitrary: gatewayClassObject},
  {weight: 2, arbitrary: agentgatewayParametersObject},
  {weight: 2, arbitrary: gatewayParametersObject},
  {weight: 1, arbitrary: gatewayServiceObject},
  {weight: 1, arbitrary: sessionSecretObject},
  {weight: 1, arbitrary: meshConfigObject},
);

const status = fc.constantFrom({conditions: []}, {conditions: [{type: 'Ready', status: 'True'}]});

/** Objects of all kinds, now and then with what an API server and controllers add to what is wanted. */
export const objectArbitrary: fc.Arbitrary<KubeObject> = fc
  .record({
    object: wanted,
    status: maybe(status, 3),
    resourceVersion: maybe(fc.constantFrom('1', '2'), 3),
    managedFields: maybe(fc.constant([{manager: 'kubectl'}]), 3),
  })
  .map(({object, status, resourceVersion, managedFields}) => {
    // Two versions of one uid with one resourceVersion would have to say the same, and are not compared.
    const version = object.metadata.uid === undefined ? resourceVersion : undefined;
    return compact({
      ...object,
      status,
      metadata: compact({...object.metadata, resourceVersion: version, managedFields}),
    });
  });

const settingsStep: fc.Arbitrary<Step> = fc
  .record({
    provider: fc.constantFrom('file' as const, 'kubernetes' as const, 'kubernetes' as const),
    serviceHost: fc.constantFrom('{name}', '{name}.{namespace}.test'),
    virtualHosts: fc.constantFrom('vhds' as const, 'rds' as const),
    envoy: fc.constantFrom('sluice.dev/envoy', 'example.com/taken-over'),
    provisioning: fc.oneof({weight: 3, arbitrary: provisioning}, {weight: 1, arbitrary: fc.constant(undefined)}),
  })
  .map(({provider, serviceHost, virtualHosts, envoy, provisioning: made}) => ({
    op: 'settings',
    settings: {
      ...defaultSettings,
      provider,
      serviceHost,
      controllerNames: {...defaultSettings.controllerNames, envoy},
      envoy: {...defaultSettings.envoy, virtualHosts},
      ...(made && {provisioning: made}),
    },
  }));

const nackStep: fc.Arbitrary<Step> = fc
  .record({
    client: fc.constantFrom('1', '2'),
    namespace: fc.constantFrom(...namespaceNames),
    gateway: fc.constantFrom('gw0', 'gw1'),
    message: fc.constantFrom('refused', 'refused again'),
    warning: fc.boolean(),
    gone: fc.boolean(),
  })
  .map(({client, namespace, gateway, message, warning, gone}) => {
    const row = {
      client,
      scope: `envoy/${namespace}/${gateway}`,
      type: 'type.googleapis.com/x',
      name: 'x',
      message,
      warning,
    };
    const key = `${client}|${row.scope}`;
    return gone ? {op: 'forget', nack: key} : {op: 'nack', nack: {key, ...row}};
  });

const place = fc.record({namespace: fc.constantFrom(...namespaceNames), name: fc.constantFrom('gw0', 'gw1')});

/** What becomes of proxies in the cluster. */
const outcomeStep: fc.Arbitrary<Step> = fc
  .record({
    place,
    addresses: fc.constantFrom(
      [],
      [{type: 'IPAddress', value: '1.2.3.4'}],
      [
        {type: 'IPAddress', value: '127.0.0.2'},
        {type: 'Hostname', value: 'lb.example.com'},
      ],
    ),
    what: fc.constantFrom('balance' as const, 'balance' as const, 'fail' as const, 'succeed' as const, 'seed' as const),
  })
  .map(({place: {namespace, name}, addresses, what}): Step => {
    const key = `${namespace}/${name}`;
    switch (what) {
      case 'balance':
        return {op: what, service: {key, addresses}};
      case 'fail':
        return {op: what, failure: {key, message: `${addresses.length} objects were refused`}};
      case 'succeed':
        return {op: what, gateway: key};
      case 'seed':
        return {op: what, seed: {key: 'seed', privateKey: `0${addresses.length}`.repeat(32)}};
    }
  });

/** One edit. Deletions name an object by the same few names, so that they often hit one. */
export const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {weight: 20, arbitrary: objectArbitrary.map((made): Step => ({op: 'set', object: made}))},
  {
    weight: 5,
    arbitrary: wanted.map(({metadata, ...made}): Step => {
      const key = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
      return {op: 'delete', groupKind: groupKind(made), key};
    }),
  },
  {weight: 1, arbitrary: settingsStep},
  {weight: 1, arbitrary: nackStep},
  {weight: 1, arbitrary: outcomeStep},
);

/** A history: commits of one or several steps each. */
export const historyArbitrary = (maxCommits: number): fc.Arbitrary<readonly (readonly Step[])[]> =>
  fc.array(fc.array(stepArbitrary, {minLength: 1, maxLength: 4}), {minLength: 1, maxLength: maxCommits, size: 'max'});

export function applyStep(tx: Transaction, step: Step): void {
  switch (step.op) {
    case 'set':
      tx.set(inputOf(groupKind(step.object)), step.object);
      return;
    case 'delete':
      tx.delete(inputOf(step.groupKind), step.key);
      return;
    case 'settings':
      tx.set(settings, step.settings);
      return;
    case 'nack':
      tx.set(nacks, step.nack);
      return;
    case 'forget':
      tx.delete(nacks, step.nack);
      return;
    case 'balance':
      tx.set(serviceAddresses, step.service);
      return;
    case 'fail':
      tx.set(provisionFailures, step.failure);
      return;
    case 'succeed':
      tx.delete(provisionFailures, step.gateway);
      return;
    case 'seed':
      tx.set(sessionSeed, step.seed);
  }
}

function inputOf(kind: string) {
  const input = inputsByGroupKind.get(kind);
  if (input === undefined) throw new Error(`there is no input for ${kind}`);
  return input;
}

/** What a graph starts with: the settings, the two default classes, and enough for routes to work from the start. */
export function startingSteps(): readonly Step[] {
  const set = (made: KubeObject): Step => ({op: 'set', object: made});
  const sample = <T extends KubeObject>(arbitrary: fc.Arbitrary<T>, seed: number): readonly Step[] =>
    fc.sample(arbitrary, {numRuns: 12, seed}).map(set);
  return [
    {op: 'settings', settings: inCluster},
    set(gatewayClass('envoy')),
    set(gatewayClass('agentgateway')),
    ...sample(gatewayObject.filter(isOrdinary), 1),
    ...sample(httpRouteObject, 2),
    ...sample(serviceObject, 3),
    ...sample(endpointSliceObject, 4),
    ...sample(secretObject, 5),
    ...sample(agentgatewayParametersObject, 6),
    ...sample(gatewayParametersObject, 7),
  ];
}

const inCluster: Settings = {
  ...defaultSettings,
  provider: 'kubernetes',
  ...fc.sample(
    provisioning.map((made) => ({provisioning: made})),
    {numRuns: 1, seed: 8},
  )[0],
};

/** Proxies are made for it, and routes can attach to it. */
const isOrdinary = ({metadata, spec}: Gateway): boolean =>
  spec.gatewayClassName !== 'other' && spec.addresses === undefined && metadata.annotations === undefined;

const gatewayClass = (dialect: Dialect): GatewayClass => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: {name: dialect},
  spec: {controllerName: defaultSettings.controllerNames[dialect]},
});

/** Writes what another graph's inputs hold: rebuilding from nothing. */
export function copyInputs(from: Graph, tx: Transaction): void {
  // One call for each, since the row types of the inputs differ.
  tx.replaceAll(settings, from.list(settings));
  tx.replaceAll(namespaces, from.list(namespaces));
  tx.replaceAll(services, from.list(services));
  tx.replaceAll(endpointSlices, from.list(endpointSlices));
  tx.replaceAll(secrets, from.list(secrets));
  tx.replaceAll(gatewayClasses, from.list(gatewayClasses));
  tx.replaceAll(gateways, from.list(gateways));
  tx.replaceAll(httpRoutes, from.list(httpRoutes));
  tx.replaceAll(grpcRoutes, from.list(grpcRoutes));
  tx.replaceAll(referenceGrants, from.list(referenceGrants));
  tx.replaceAll(configMaps, from.list(configMaps));
  tx.replaceAll(agentgatewayParameters, from.list(agentgatewayParameters));
  tx.replaceAll(gatewayParameters, from.list(gatewayParameters));
  tx.replaceAll(serviceAddresses, from.list(serviceAddresses));
  tx.replaceAll(provisionFailures, from.list(provisionFailures));
  tx.replaceAll(sessionSeed, from.list(sessionSeed));
  tx.replaceAll(proxies, from.list(proxies));
  tx.replaceAll(nacks, from.list(nacks));
}
