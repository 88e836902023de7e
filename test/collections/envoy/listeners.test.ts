/** Listeners, RouteConfigurations and certificates. */
import {describe, expect, it} from 'vitest';
import {otherEcCertificate, otherEcKey} from '../../api/test-certificates.ts';
import type {Plain} from '../../lint/envoy-messages.ts';
import {certificate, gateway, makeWorld, plain, services} from './harness.ts';

const https = (name: string, hostname: string, cert = 'cert', port = 8443): string =>
  `{name: ${name}, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: ${cert}}]}${hostname === '' ? '' : `, hostname: "${hostname}"`}}`;

const chainsOf = (listener: Plain): readonly Plain[] => listener['filterChains'] as readonly Plain[]; // never empty (lint)

describe('plain HTTP', () => {
  it('has one listener a port with one chain, whatever the number of Gateway listeners', () => {
    const world = makeWorld([
      services,
      gateway(
        '[{name: a, port: 8080, protocol: HTTP, hostname: a.org}, {name: b, port: 8080, protocol: HTTP}, {name: c, port: 80, protocol: HTTP}]',
      ),
    ]);
    expect(world.names('Listener')).toEqual(['tcp-80', 'tcp-8080']);
    expect(world.names('RouteConfiguration')).toEqual(['http-80', 'http-8080']);
    const listener = world.resource('Listener', 'tcp-8080');
    expect(listener).toMatchObject({
      address: {socketAddress: {address: '0.0.0.0', portValue: 8080}},
      filterChains: [
        {
          name: 'http-8080',
          filters: [
            {
              typedConfig: {
                '@type': expect.stringContaining('.HttpConnectionManager'),
                statPrefix: 'http-8080',
                rds: {
                  routeConfigName: 'http-8080',
                  configSource: {ads: {}, resourceApiVersion: 'V3', initialFetchTimeout: {}},
                },
                httpFilters: [{name: 'envoy.filters.http.cors'}, {name: 'envoy.filters.http.router'}],
                normalizePath: {value: true},
                mergeSlashes: true,
                useRemoteAddress: {value: true},
                upgradeConfigs: [{upgradeType: 'websocket'}],
              },
            },
          ],
        },
      ],
    });
    expect(listener['listenerFilters']).toBeUndefined();
    expect(chainsOf(listener)[0]?.['transportSocket']).toBeUndefined();
  });

  it('binds the addresses of the Gateway', () => {
    const world = makeWorld([
      services,
      gateway('[{name: a, port: 8080, protocol: HTTP}]', 'gw', '[{value: 127.0.0.1}, {value: "::1"}]'),
    ]);
    expect(world.resource('Listener', 'tcp-8080')).toMatchObject({
      address: {socketAddress: {address: '127.0.0.1'}},
      additionalAddresses: [{address: {socketAddress: {address: '::1', portValue: 8080}}}],
    });
  });

  it('does not change with its Gateway listeners, so that nothing drains', () => {
    const world = makeWorld([services, plain]);
    const before = world.row('Listener', 'tcp-8080');
    world.apply(
      gateway(
        '[{name: renamed, port: 8080, protocol: HTTP}, {name: more, port: 8080, protocol: HTTP, hostname: b.org}]',
      ),
    );
    expect(world.row('Listener', 'tcp-8080')).toBe(before);
  });

  it('asks for its VirtualHosts by themselves', () => {
    const world = makeWorld([services, plain]);
    expect(world.resource('RouteConfiguration', 'http-8080')).toEqual({
      name: 'http-8080',
      vhds: {configSource: {ads: {}, resourceApiVersion: 'V3'}},
      ignorePortInHostMatching: true,
    });
  });
});

describe('HTTPS', () => {
  const listeners = [https('all', ''), https('wild', '*.example.org'), https('one', 'one.example.org', 'more')];

  it('has a chain per listener, the most specific first, with certificates by SDS', () => {
    const world = makeWorld([services, certificate('cert'), certificate('more'), gateway(`[${listeners.join(', ')}]`)]);
    const listener = world.resource('Listener', 'tcp-8443');
    expect(listener['listenerFilters']).toMatchObject([{name: 'envoy.filters.listener.tls_inspector'}]);
    expect(chainsOf(listener).map(({name, filterChainMatch}) => [name, filterChainMatch])).toEqual([
      ['https-8443-one', {serverNames: ['one.example.org']}],
      ['https-8443-wild', {serverNames: ['*.example.org']}],
      ['https-8443-all', undefined],
    ]);
    expect(chainsOf(listener)[0]).toMatchObject({
      filters: [{typedConfig: {rds: {routeConfigName: 'https-8443-one'}}}],
      transportSocket: {
        name: 'envoy.transport_sockets.tls',
        typedConfig: {
          commonTlsContext: {
            alpnProtocols: ['h2', 'http/1.1'],
            tlsCertificateSdsSecretConfigs: [{name: 'default/more', sdsConfig: {ads: {}, resourceApiVersion: 'V3'}}],
          },
        },
      },
    });
    expect(world.names('Secret')).toEqual(['default/cert', 'default/more']);
  });

  it('leaves out what has no certificate, and a port where nothing is left', () => {
    const world = makeWorld([
      services,
      certificate('cert'),
      gateway(`[${listeners.join(', ')}, ${https('gone', '', 'nothing', 9443)}]`),
    ]);
    expect(chainsOf(world.resource('Listener', 'tcp-8443')).map(({name}) => name)).toEqual([
      'https-8443-wild',
      'https-8443-all',
    ]);
    expect(world.names('Listener')).toEqual(['tcp-8443']);
    expect(world.names('RouteConfiguration')).toEqual(['https-8443-all', 'https-8443-wild']);
    world.apply(certificate('nothing'));
    expect(world.names('Listener')).toEqual(['tcp-8443', 'tcp-9443']);
  });

  // Programmed without a socket behind it would be a lie: connections are taken, and closed as long as no route is there.
  it('opens the ports of TLS listeners, whose connections lead nowhere without a route', () => {
    const world = makeWorld([
      services,
      certificate('cert'),
      gateway(
        `[{name: through, port: 8443, protocol: TLS, hostname: a.org, tls: {mode: Passthrough}}, {name: ends, port: 8443, protocol: TLS, hostname: b.org, tls: {certificateRefs: [{name: cert}]}}, ${https('web', 'c.org')}]`,
      ),
    ]);
    const chains = chainsOf(world.resource('Listener', 'tcp-8443'));
    expect(chains.map(({name}) => name)).toEqual(['tls-8443-through', 'tls-8443-ends', 'https-8443-web']);
    expect(chains[0]).toMatchObject({
      filterChainMatch: {serverNames: ['a.org']},
      filters: [{typedConfig: {'@type': expect.stringContaining('.TcpProxy'), cluster: 'invalid-backend'}}],
    });
    expect(chains.map((chain) => 'transportSocket' in chain)).toEqual([false, true, true]);
    expect(world.names('RouteConfiguration')).toEqual(['https-8443-web']);
  });

  it('changes the Secret alone when a certificate is renewed, once for each Gateway', () => {
    const world = makeWorld([
      services,
      certificate('cert'),
      certificate('unused'),
      gateway(`[${https('all', '')}, ${https('b', 'b.org')}, ${https('c', '', 'cert', 9443)}]`),
      gateway(`[${https('all', '')}]`, 'second'),
    ]);
    const before = new Map(world.rows().map((row) => [row.key, row]));
    world.apply(certificate('cert', otherEcCertificate, otherEcKey));
    const changed = world.rows().filter((row) => before.get(row.key) !== row);
    expect(changed.map(({scope, name}) => [scope, name])).toEqual([
      ['envoy/default/gw', 'default/cert'],
      ['envoy/default/second', 'default/cert'],
    ]);
    expect(world.resource('Secret', 'default/cert')).toEqual({
      name: 'default/cert',
      tlsCertificate: {certificateChain: {inlineString: otherEcCertificate}, privateKey: {inlineString: otherEcKey}},
    });
  });
});
