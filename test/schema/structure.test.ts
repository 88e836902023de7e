import {describe, expect, it} from 'vitest';
import {EXAMPLES} from './examples.ts';
import {gatewayApi, listeners, rule, violationsOf} from './rig.ts';

const HOST = String.raw`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`;
const http = {name: 'a', port: 80, protocol: 'HTTP'};

const CASES: readonly (readonly [string, unknown, string])[] = [
  ['a required field', rule({backendRefs: [{port: 80}]}), 'spec.rules[0].backendRefs[0].name: is required'],
  ['an unknown field', rule({backendRef: []}), 'spec.rules[0].backendRef: unknown field'],
  [
    'an unknown field deep down',
    listeners({...http, allowedRoutes: {kinds: [{kind: 'HTTPRoute', version: 'v1'}]}}),
    'spec.listeners[0].allowedRoutes.kinds[0].version: unknown field',
  ],
  ['a list for an object', gatewayApi('HTTPRoute', []), 'spec: must be an object, is a list'],
  ['an object for a list', gatewayApi('HTTPRoute', {rules: {}}), 'spec.rules: must be a list, is an object'],
  [
    'a number for a string',
    gatewayApi('HTTPRoute', {hostnames: [1]}),
    'spec.hostnames[0]: must be a string, is the number 1',
  ],
  [
    'a string for an integer',
    listeners({...http, port: '80'}),
    'spec.listeners[0].port: must be an integer, is the string "80"',
  ],
  [
    'a fraction for an integer',
    listeners({...http, port: 80.5}),
    'spec.listeners[0].port: must be an integer, is the number 80.5',
  ],
  [
    'a string for a boolean',
    rule({filters: [{type: 'CORS', cors: {allowCredentials: 'yes'}}]}),
    'spec.rules[0].filters[0].cors.allowCredentials: must be a boolean, is the string "yes"',
  ],
  [
    'a word that is not of the list',
    rule({matches: [{method: 'get'}]}),
    'spec.rules[0].matches[0].method: must be one of "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", is "get"',
  ],
  ['a pattern', gatewayApi('HTTPRoute', {hostnames: ['a_b']}), `spec.hostnames[0]: must match ${HOST}, is "a_b"`],
  [
    'an empty string',
    rule({backendRefs: [{name: '', port: 80}]}),
    'spec.rules[0].backendRefs[0].name: must not be empty',
  ],
  [
    'a long string',
    rule({backendRefs: [{name: 'x'.repeat(254), port: 80}]}),
    'spec.rules[0].backendRefs[0].name: must have at most 253 characters, has 254',
  ],
  ['a small number', listeners({...http, port: 0}), 'spec.listeners[0].port: must be at least 1, is 0'],
  ['a large number', listeners({...http, port: 65536}), 'spec.listeners[0].port: must be at most 65535, is 65536'],
  ['an empty list', listeners(), 'spec.listeners: must not be empty'],
  [
    'a long list',
    gatewayApi('HTTPRoute', {rules: Array.from({length: 17}, () => ({}))}),
    'spec.rules: must have at most 16 entries, has 17',
  ],
  [
    'two entries of a set',
    rule({retry: {codes: [500, 502, 500]}}),
    'spec.rules[0].retry.codes[2]: 500 stands already at index 0',
  ],
  [
    'two entries with one key',
    listeners(http, {...http, port: 81}),
    'spec.listeners[1]: an entry with name "a" stands already at index 0',
  ],
  [
    'a bad duration',
    rule({timeouts: {request: '5'}}),
    'spec.rules[0].timeouts.request: must match ^([0-9]{1,5}(h|m|s|ms)){1,4}$, is "5"',
  ],
  [
    'an address that is none',
    gatewayApi('Gateway', {gatewayClassName: 'c', listeners: [http], addresses: [{value: 'a.b'}]}),
    'spec.addresses[0].value: must be an IP address, is "a.b"',
  ],
  ['no metadata', {apiVersion: 'v1', kind: 'Namespace'}, 'metadata: is required'],
  ['no name', {apiVersion: 'v1', kind: 'Namespace', metadata: {generateName: 'a-'}}, 'metadata.name: is required'],
  [
    'a bad name',
    {...EXAMPLES['Service']?.(), metadata: {name: '1web'}},
    'metadata.name: must be a lower-case DNS label that starts with a letter, is "1web"',
  ],
  [
    'a bad namespace',
    {...EXAMPLES['Service']?.(), metadata: {name: 'web', namespace: 'a.b'}},
    'metadata.namespace: must be a lower-case DNS label, is "a.b"',
  ],
  [
    'a long namespace',
    {...EXAMPLES['Service']?.(), metadata: {name: 'web', namespace: 'a'.repeat(64)}},
    'metadata.namespace: must have at most 63 characters, has 64',
  ],
  [
    'a bad time',
    {...EXAMPLES['Namespace']?.(), metadata: {name: 'a', creationTimestamp: 'today'}},
    'metadata.creationTimestamp: must be a time such as 2026-01-31T12:00:00Z, is "today"',
  ],
  [
    'a bad label key',
    {...EXAMPLES['Namespace']?.(), metadata: {name: 'a', labels: {'a b': 'c'}}},
    'metadata.labels["a b"]: the key must be a name of at most 63 letters, digits, -, _ and ., with an optional DNS name and / before it',
  ],
  [
    'large annotations',
    {...EXAMPLES['Namespace']?.(), metadata: {name: 'a', annotations: {a: 'x'.repeat(262144)}}},
    'metadata.annotations: must have at most 262144 bytes in total, has 262145',
  ],
  [
    'an endpoint without address',
    {...EXAMPLES['EndpointSlice']?.(), endpoints: [{}]},
    'endpoints[0].addresses: is required',
  ],
  [
    'an IPv6 address among IPv4',
    {...EXAMPLES['EndpointSlice']?.(), endpoints: [{addresses: ['::1']}]},
    'endpoints[0].addresses[0]: must be an IPv4 address, is "::1"',
  ],
];

describe('structure', () => {
  it.each(CASES)('%s', (_name, value, message) => {
    expect(violationsOf(value)).toEqual([message]);
  });

  it('tells of all that is wrong at once', () => {
    const route = {...rule({backendRefs: [{port: 'x'}], nonsense: 1}), metadata: {name: 'A', extra: 1}};
    expect(violationsOf(route).sort()).toEqual([
      'metadata.extra: unknown field',
      'metadata.name: must be a lower-case DNS name, is "A"',
      'spec.rules[0].backendRefs[0].name: is required',
      'spec.rules[0].backendRefs[0].port: must be an integer, is the string "x"',
      'spec.rules[0].nonsense: unknown field',
    ]);
  });

  it('is done with long texts in no time, whatever the pattern', () => {
    const started = performance.now();
    const hostile = `${'a-'.repeat(500_000)}!`;
    const [message] = violationsOf(gatewayApi('HTTPRoute', {hostnames: [hostile]}));
    expect(message).toBe('spec.hostnames[0]: must have at most 253 characters, has 1000001');
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
