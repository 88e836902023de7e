/**
 * Core kinds, as far as Sluice reads them: the types of those fields, and the rules of an API server that matter to
 * traffic. Fields of `spec` and of list entries that Sluice does not read are accepted unseen.
 */
import {isIPv4, isIPv6} from 'node:net';
import type {EndpointSlice, Secret, Service} from '../api/core.ts';
import type {CrdNode} from './structural.ts';
import {show, type Violation} from './violation.ts';

const STRING: CrdNode = {type: 'string'};
const BOOLEAN: CrdNode = {type: 'boolean'};
const STRING_MAP: CrdNode = {type: 'object', additionalProperties: STRING};
const PORT: CrdNode = {type: 'integer', minimum: 1, maximum: 65535};
const ANY_OBJECT: CrdNode = {type: 'object'};
const PROTOCOL: CrdNode = {type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP'};

function open(properties: Readonly<Record<string, CrdNode>>, required: readonly string[] = []): CrdNode {
  return {type: 'object', properties, required, 'x-kubernetes-preserve-unknown-fields': true};
}

function listOf(items: CrdNode, more: CrdNode = {}): CrdNode {
  return {type: 'array', items, ...more};
}

export const NAMESPACE: CrdNode = {type: 'object', properties: {spec: ANY_OBJECT}};

export const SERVICE: CrdNode = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: open({
      type: {type: 'string', enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], default: 'ClusterIP'},
      clusterIP: STRING,
      clusterIPs: listOf(STRING, {maxItems: 2}),
      externalName: {type: 'string', maxLength: 253},
      selector: STRING_MAP,
      publishNotReadyAddresses: BOOLEAN,
      ports: listOf(
        open(
          {
            name: {type: 'string', maxLength: 63},
            port: PORT,
            targetPort: {'x-kubernetes-int-or-string': true},
            protocol: PROTOCOL,
            appProtocol: STRING,
          },
          ['port'],
        ),
        {'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol']},
      ),
    }),
  },
};

export const ENDPOINT_SLICE: CrdNode = {
  type: 'object',
  required: ['addressType'],
  properties: {
    addressType: {type: 'string', enum: ['IPv4', 'IPv6', 'FQDN']},
    endpoints: listOf(
      open(
        {
          addresses: listOf({type: 'string', minLength: 1, maxLength: 253}, {minItems: 1, maxItems: 100}),
          conditions: open({ready: BOOLEAN, serving: BOOLEAN, terminating: BOOLEAN}),
          zone: STRING,
          nodeName: STRING,
          hostname: STRING,
          targetRef: open({kind: STRING, name: STRING, namespace: STRING}),
        },
        ['addresses'],
      ),
      {maxItems: 1000, default: []},
    ),
    ports: listOf(open({name: STRING, port: PORT, protocol: PROTOCOL, appProtocol: STRING}), {maxItems: 20_000}),
  },
};

export const SECRET: CrdNode = {
  type: 'object',
  properties: {type: STRING, data: STRING_MAP, stringData: STRING_MAP, immutable: BOOLEAN},
};

export const CONFIG_MAP: CrdNode = {
  type: 'object',
  properties: {data: STRING_MAP, binaryData: STRING_MAP, immutable: BOOLEAN},
};

/** Port names and what a type needs. */
export function checkService({spec}: Service): Violation[] {
  const found: Violation[] = [];
  const ports = spec.ports ?? [];
  if (spec.type === 'ExternalName') {
    if ((spec.externalName ?? '') === '')
      found.push({path: ['spec', 'externalName'], message: 'is required by type ExternalName'});
  } else if (ports.length === 0 && spec.clusterIP !== 'None') {
    found.push({path: ['spec', 'ports'], message: 'is required'});
  }
  const names = new Map<string, number>();
  ports.forEach(({name = ''}, index) => {
    const path = ['spec', 'ports', index, 'name'];
    const first = names.get(name);
    if (name === '') {
      if (ports.length > 1) found.push({path, message: 'is required where there are several ports'});
    } else if (first === undefined) names.set(name, index);
    else found.push({path, message: `${show(name)} is the name of the port at index ${first} already`});
  });
  return found;
}

/** Addresses fit the address type. */
export function checkEndpointSlice({addressType, endpoints}: EndpointSlice): Violation[] {
  const fits = {IPv4: isIPv4, IPv6: isIPv6, FQDN: () => true}[addressType];
  return endpoints.flatMap(({addresses}, index) =>
    addresses.flatMap((address, at) =>
      fits(address)
        ? []
        : [
            {
              path: ['endpoints', index, 'addresses', at],
              message: `must be an ${addressType} address, is ${show(address)}`,
            },
          ],
    ),
  );
}

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** Base64 values, and both keys of a TLS secret. What the certificate says is judged where it is used. */
export function checkSecret({data = {}, type}: Secret): Violation[] {
  const found = checkBase64(data, 'data');
  if (type === 'kubernetes.io/tls') {
    for (const key of ['tls.crt', 'tls.key']) {
      if (data[key] === undefined) found.push({path: ['data', key], message: 'is required by type kubernetes.io/tls'});
    }
  }
  return found;
}

export function checkBase64(data: Readonly<Record<string, string>>, field: string): Violation[] {
  return Object.entries(data).flatMap(([key, value]) =>
    BASE64.test(value) && value.replaceAll(/\s/g, '').length % 4 === 0
      ? []
      : [{path: [field, key], message: 'must be base64'}],
  );
}
