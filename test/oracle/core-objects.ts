import * as fc from 'fast-check';
import type {EndpointSlice, Namespace, Secret, Service} from '../../src/api/core.ts';
import {base64, ecCertificate, ecKey, otherEcCertificate, otherEcKey} from '../api/test-certificates.ts';
import {maybe, namespace, secretName, serviceName} from './names.ts';

export const namespaceObject: fc.Arbitrary<Namespace> = fc
  .record({name: namespace, labels: fc.constantFrom({}, {team: 'red'}, {team: 'blue'})})
  .map((metadata) => ({apiVersion: 'v1', kind: 'Namespace', metadata}));

const ports = fc.constantFrom<Service['spec']['ports']>(
  [{port: 80, targetPort: 8080}],
  [{port: 80, targetPort: 8080}],
  [{name: 'web', port: 80, targetPort: 8080}],
  [{name: 'web', port: 80, targetPort: 'web'}],
  [
    {name: 'web', port: 80, targetPort: 'web'},
    {name: 'more', port: 81},
  ],
  [{name: 'web', port: 80, appProtocol: 'kubernetes.io/h2c'}],
  [{name: 'web', port: 80, appProtocol: 'kubernetes.io/wss'}],
  [{name: 'udp', port: 80, protocol: 'UDP'}],
);

export const serviceObject: fc.Arbitrary<Service> = fc
  .record({
    name: serviceName,
    namespace,
    ports,
    clusterIPs: fc.constantFrom(undefined, ['10.0.0.1'], ['10.0.0.2', 'fd00::2'], ['None']),
    external: maybe(fc.constant('example.org'), 8),
  })
  .map(({name, namespace, ports, clusterIPs, external}) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name, namespace},
    spec: {
      ...(ports && {ports}),
      ...(clusterIPs && {clusterIPs}),
      ...(external === undefined ? {} : {type: 'ExternalName' as const, externalName: external}),
    },
  }));

const endpoint = fc.record({
  addresses: fc.constantFrom(['10.1.0.1'], ['10.1.0.2'], ['10.1.0.3']),
  conditions: fc.constantFrom({}, {ready: true}, {ready: false}, {ready: false, serving: true, terminating: true}),
});

export const endpointSliceObject: fc.Arbitrary<EndpointSlice> = fc
  .record({
    name: fc.constantFrom('e0', 'e1', 'e2', 'e3'),
    namespace,
    service: fc.oneof({weight: 9, arbitrary: serviceName}, {weight: 1, arbitrary: fc.constant(undefined)}),
    endpoints: fc.array(endpoint, {maxLength: 3}),
    ports: fc.constantFrom(
      [{port: 8080}],
      [{name: 'web', port: 9090}],
      [
        {name: 'web', port: 9090},
        {name: 'more', port: 9091},
      ],
    ),
    addressType: fc.constantFrom('IPv4' as const, 'IPv4' as const, 'IPv6' as const),
  })
  .map(({name, namespace, service, ...slice}) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {name, namespace, labels: service === undefined ? {} : {'kubernetes.io/service-name': service}},
    ...slice,
  }));

export const secretObject: fc.Arbitrary<Secret> = fc
  .record({
    name: secretName,
    namespace,
    type: fc.constantFrom('kubernetes.io/tls', 'kubernetes.io/tls', 'kubernetes.io/tls', 'Opaque'),
    pair: fc.constantFrom(
      [ecCertificate, ecKey],
      [otherEcCertificate, otherEcKey],
      [ecCertificate, otherEcKey],
      ['Hello world', 'Hello world'],
    ),
  })
  .map(({name, namespace, type, pair: [certificate = '', key = '']}) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {name, namespace},
    type,
    data: {'tls.crt': base64(certificate), 'tls.key': base64(key)},
  }));
