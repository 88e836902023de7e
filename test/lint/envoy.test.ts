/** The linter finds what it is for: each case breaks one thing in resources that are fine. */
import {describe, expect, it} from 'vitest';
import type {ResourceRow} from '../../collections/resource.ts';
import {envoy} from '../../src/gen/proto/envoy.js';
import {certificate, gateway, makeWorld, route, services, web} from '../collections/envoy/harness.ts';
import {lintEnvoy} from './envoy.ts';

const fine = makeWorld([
  services,
  certificate('cert'),
  gateway(
    '[{name: http, port: 8080, protocol: HTTP}, {name: tls, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}]',
  ),
  route('r', `[{backendRefs: [${web}]}]`, 'a.org', '[{name: gw, sectionName: http}]'),
]).rows();

const without = (type: string, name: string): readonly ResourceRow[] =>
  fine.filter((row) => !(row.type.endsWith(`.${type}`) && row.name === name));

/** With `bytes` in place of, or after, those of a resource: protobuf merges the two. */
function withBytes(type: string, name: string, bytes: Uint8Array, how: 'replace' | 'append'): readonly ResourceRow[] {
  return fine.map((row) =>
    row.type.endsWith(`.${type}`) && row.name === name
      ? {...row, bytes: how === 'replace' ? bytes : Buffer.concat([row.bytes, bytes])}
      : row,
  );
}

const {Listener} = envoy.config.listener.v3;
const {VirtualHost} = envoy.config.route.v3;
const host = (routes: envoy.config.route.v3.IRoute[]): readonly ResourceRow[] =>
  withBytes('VirtualHost', 'http-8080/a.org', VirtualHost.encode({routes}).finish(), 'append');
const match = {prefix: '/'};

describe('lintEnvoy', () => {
  it('has nothing to say about good resources', () => {
    expect(lintEnvoy(fine)).toEqual([]);
  });

  it.each<[string, readonly ResourceRow[], string]>([
    ['a cluster that is missing', without('Cluster', 'default/web/80'), 'needs Cluster default/web/80'],
    ['endpoints that are missing', without('ClusterLoadAssignment', 'default/web/80'), 'needs ClusterLoadAssignment'],
    ['a certificate that is missing', without('Secret', 'default/cert'), 'needs Secret default/cert'],
    [
      'a RouteConfiguration that is missing',
      without('RouteConfiguration', 'http-8080'),
      'needs RouteConfiguration http-8080',
    ],
    ['no host for the rest', without('VirtualHost', 'http-8080/*'), 'RouteConfiguration http-8080 has no host for *'],
    ['what nothing uses', without('Listener', 'tcp-8080'), 'RouteConfiguration http-8080 is used by nothing'],
    ['a name twice', [...fine, ...fine.slice(0, 1)], 'exists twice'],
    [
      'a domain twice',
      withBytes('VirtualHost', 'http-8080/a.org', VirtualHost.encode({domains: ['*']}).finish(), 'append'),
      'domain * occurs twice',
    ],
    [
      'an empty listener',
      withBytes('Listener', 'tcp-8080', Listener.encode({name: 'tcp-8080'}).finish(), 'replace'),
      'Listener tcp-8080 has no filter chain',
    ],
    [
      'an address twice',
      withBytes(
        'Listener',
        'tcp-8443',
        Listener.encode({address: {socketAddress: {address: '0.0.0.0', portValue: 8080}}}).finish(),
        'append',
      ),
      'occurs twice',
    ],
    [
      'a chain match twice',
      withBytes('Listener', 'tcp-8080', Listener.encode({filterChains: [{name: 'more'}]}).finish(), 'append'),
      'chain match {} occurs twice',
    ],
    ['a route without an action', host([{match}]), '0 actions'],
    ['a route without a path', host([{match: {}, directResponse: {status: 404}}]), '0 path matches'],
    ['a bad expression', host([{match: {safeRegex: {regex: '('}}, directResponse: {status: 404}}]), 'missing closing'],
    ['a bad prefix', host([{match: {pathSeparatedPrefix: '/a/'}, directResponse: {status: 404}}]), 'bad prefix /a/'],
    [
      'no weight at all',
      host([{match, route: {weightedClusters: {clusters: [{name: 'default/web/80'}]}}}]),
      'weights add up to 0',
    ],
    ['an invalid backend that is not 500', host([{match, route: {cluster: 'invalid-backend'}}]), 'invalid without 500'],
    [
      'a cluster that is not in the refs',
      host([{match, route: {cluster: 'elsewhere'}}]),
      'uses elsewhere without a ref',
    ],
  ])('finds %s', (_what, rows, problem) => {
    expect(lintEnvoy(rows).join('\n')).toContain(problem);
  });
});
