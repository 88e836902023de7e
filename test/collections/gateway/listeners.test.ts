import {describe, expect, it} from 'vitest';
import type {ListenerRow} from '../../../collections/gateway/ir.ts';
import {listeners} from '../../../collections/gateway/listeners.ts';
import {otherEcCertificate, otherEcKey} from '../../api/test-certificates.ts';
import {gatewayYaml, grantYaml, namespaceYaml, startWorld, tlsSecretYaml} from './world.ts';

const outputs = [listeners];

/** `type=status/reason` of all conditions. */
const told = ({conditions}: ListenerRow): string[] =>
  conditions.map(({type, status, reason}) => `${type}=${status}/${reason}`);

const fine = [
  'Accepted=True/Accepted',
  'Conflicted=False/NoConflicts',
  'ResolvedRefs=True/ResolvedRefs',
  'Programmed=True/Programmed',
];

const unresolved = (reason: string): string[] => [
  'Accepted=True/Accepted',
  'Conflicted=False/NoConflicts',
  `ResolvedRefs=False/${reason}`,
  'Programmed=False/Invalid',
];

const conflicted = (reason: string): string[] => [
  `Accepted=False/${reason}`,
  `Conflicted=True/${reason}`,
  'ResolvedRefs=True/ResolvedRefs',
  `Programmed=False/${reason}`,
];

function rowsOf(yaml: string): Map<string, ListenerRow> {
  const {graph} = startWorld(outputs, yaml);
  return new Map(graph.list(listeners).map((row) => [row.name, row]));
}

const toldByName = (yaml: string): Record<string, string[]> =>
  Object.fromEntries([...rowsOf(yaml)].map(([name, row]) => [name, told(row)]));

const https = (refs: string, more = ''): string =>
  gatewayYaml(`listeners: [{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [${refs}]}${more}}]`);

describe('listeners of a Gateway that is not accepted', () => {
  const listener = 'listeners: [{name: http, port: 80, protocol: HTTP}]';

  // Story: a parametersRef with a typo in it took every listener from a proxy that served, and each request failed.
  it('are served on, where it is for its parameters', () => {
    const ref = 'infrastructure: {parametersRef: {group: gateway.kgateway.dev, kind: GatewayParameters, name: absent}}';
    const row = rowsOf(gatewayYaml(`${listener}\n${ref}`)).get('http');
    expect(row?.programmed).toBe(true);
    expect(row && told(row)).toEqual([...fine.slice(0, -1), 'Programmed=False/Invalid']);
    expect(row?.conditions.at(-1)?.message).toMatch(/^the Gateway is not accepted: infrastructure.parametersRef: /);
  });

  it('are not, where it is for addresses: all there are would be bound', () => {
    const row = rowsOf(gatewayYaml(`${listener}\naddresses: [{type: Hostname, value: a.com}]`)).get('http');
    expect(row?.programmed).toBe(false);
  });
});

describe('listeners', () => {
  it('describes an HTTP listener', () => {
    const rows = rowsOf(gatewayYaml('listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]'));
    expect(rows.get('http')).toMatchObject({
      key: 'default/gw/http',
      gateway: 'default/gw',
      dialect: 'envoy',
      port: 80,
      protocol: 'HTTP',
      hostname: '*.example.com',
      allowedNamespaces: {from: 'Same'},
      allowedKinds: ['HTTPRoute', 'GRPCRoute'],
      programmed: true,
      attachable: true,
    });
    expect(toldByName(gatewayYaml('listeners: [{name: http, port: 80, protocol: HTTP}]'))).toEqual({http: fine});
  });

  it('does not know Gateways of foreign classes', () => {
    const yaml = gatewayYaml('listeners: [{name: http, port: 80, protocol: HTTP}]', {className: 'foreign'});
    expect(rowsOf(yaml).size).toBe(0);
  });

  it('follows the class of a Gateway and the controller names', () => {
    const world = startWorld(
      outputs,
      gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]', {className: 'mine'}),
    );
    const classYaml = (controller: string): string =>
      `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: mine}, spec: {controllerName: ${controller}}}`;
    expect(world.graph.list(listeners)).toEqual([]);
    world.apply(classYaml('sluice.dev/agentgateway'));
    expect(world.graph.list(listeners)).toMatchObject([{dialect: 'agentgateway'}]);
    world.apply(classYaml('example.com/other'));
    expect(world.graph.list(listeners)).toEqual([]);
  });

  describe('protocols and kinds', () => {
    it('refuses protocols it does not know', () => {
      const rows = rowsOf(gatewayYaml('listeners: [{name: odd, port: 80, protocol: UDP}]'));
      expect(rows.get('odd')).toMatchObject({allowedKinds: [], programmed: false, attachable: false});
      expect([...rows.values()].map(told)).toEqual([
        [
          'Accepted=False/UnsupportedProtocol',
          'Conflicted=False/NoConflicts',
          'ResolvedRefs=True/ResolvedRefs',
          'Programmed=False/Invalid',
        ],
      ]);
    });

    it.each([
      ['only unknown', '[{kind: InvalidRoute}]', []],
      ['known and unknown', '[{kind: InvalidRoute}, {kind: HTTPRoute}]', ['HTTPRoute']],
      ['a known kind of another group', '[{group: example.com, kind: HTTPRoute}]', []],
      ['a kind that the protocol cannot carry', '[{kind: TCPRoute}]', []],
    ])('tells kinds named in vain: %s', (_, kinds, allowed) => {
      const rows = rowsOf(
        gatewayYaml(`listeners: [{name: a, port: 80, protocol: HTTP, allowedRoutes: {kinds: ${kinds}}}]`),
      );
      expect(rows.get('a')?.allowedKinds).toEqual(allowed);
      expect(rows.get('a')?.conditions).toContainEqual(
        expect.objectContaining({type: 'ResolvedRefs', status: 'False', reason: 'InvalidRouteKinds'}),
      );
      expect(rows.get('a')?.programmed).toBe(true);
    });

    it('has TLS listeners that pass through without certificates', () => {
      const rows = rowsOf(gatewayYaml('listeners: [{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}]'));
      expect(rows.get('tls')).toMatchObject({programmed: true, tls: {mode: 'Passthrough', certificates: []}});
    });
  });

  describe('conflicts', () => {
    it('refuses all listeners of a port that mixes HTTP and TLS', () => {
      const yaml = gatewayYaml(`
listeners:
- {name: http, port: 443, protocol: HTTP}
- {name: https, port: 443, protocol: HTTPS, hostname: a.com, tls: {certificateRefs: [{name: cert}]}}
- {name: other, port: 80, protocol: HTTP}`);
      expect(toldByName(yaml + tlsSecretYaml('cert'))).toEqual({
        http: conflicted('ProtocolConflict'),
        https: conflicted('ProtocolConflict'),
        other: fine,
      });
    });

    it('refuses both of two listeners with one hostname, and no other', () => {
      const yaml = gatewayYaml(`
listeners:
- {name: https, port: 443, protocol: HTTPS, hostname: a.com, tls: {certificateRefs: [{name: cert}]}}
- {name: tls, port: 443, protocol: TLS, hostname: a.com, tls: {mode: Passthrough}}
- {name: b, port: 443, protocol: TLS, hostname: b.com, tls: {mode: Passthrough}}`);
      expect(toldByName(yaml + tlsSecretYaml('cert'))).toEqual({
        https: [...conflicted('HostnameConflict'), 'OverlappingTLSConfig=True/OverlappingHostnames'],
        tls: [...conflicted('HostnameConflict'), 'OverlappingTLSConfig=True/OverlappingHostnames'],
        b: fine,
      });
    });

    it('lets a protocol that is not supported disturb nobody', () => {
      const yaml = gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: TCP}]');
      expect(toldByName(yaml)['a']).toEqual(fine);
    });

    it('keeps Gateways apart', () => {
      const yaml = gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]');
      const other = gatewayYaml('listeners: [{name: b, port: 80, protocol: HTTP}]', {name: 'other'});
      expect(toldByName(yaml + other)).toEqual({a: fine, b: fine});
    });

    it('tells overlapping hostnames of TLS listeners', () => {
      const listener = (name: string, hostname: string): string =>
        `- {name: ${name}, port: 443, protocol: HTTPS, hostname: "${hostname}", tls: {certificateRefs: [{name: cert}]}}`;
      const yaml = gatewayYaml(
        [
          'listeners:',
          listener('a', 'foo.example.com'),
          listener('b', 'foo.example.org'),
          listener('c', '*.example.com'),
        ].join('\n'),
      );
      const overlapping = [...fine, 'OverlappingTLSConfig=True/OverlappingHostnames'];
      expect(toldByName(yaml + tlsSecretYaml('cert'))).toEqual({a: overlapping, b: fine, c: overlapping});
    });
  });

  describe('certificates', () => {
    it('resolves them', () => {
      const rows = rowsOf(https('{name: cert}') + tlsSecretYaml('cert'));
      expect(rows.get('https')?.tls).toEqual({mode: 'Terminate', certificates: ['default/cert']});
    });

    it.each([
      ['a Secret that does not exist', '{name: cert}', '', /Secret default\/cert does not exist/],
      ['a kind that is no Secret', '{kind: ConfigMap, name: cert}', '', /ConfigMap of group "" is not supported/],
      ['a foreign group', '{group: example.com, name: cert}', tlsSecretYaml('cert'), /group "example.com"/],
      [
        'text that is no certificate',
        '{name: cert}',
        tlsSecretYaml('cert', {certificate: 'Hello world\n', key: 'Hello world\n'}),
        /tls.crt: there is no PEM block/,
      ],
      [
        'a key of another certificate',
        '{name: cert}',
        tlsSecretYaml('cert', {certificate: otherEcCertificate}),
        /private key does not fit/,
      ],
    ])('tells %s', (_, ref, secret, message) => {
      const rows = rowsOf(https(ref) + secret);
      const row = rows.get('https');
      expect(row && told(row)).toEqual(unresolved('InvalidCertificateRef'));
      expect(row?.conditions).toContainEqual(
        expect.objectContaining({type: 'ResolvedRefs', message: expect.stringMatching(message)}),
      );
      expect(row).toMatchObject({programmed: false, attachable: true, allowedKinds: ['HTTPRoute', 'GRPCRoute']});
    });

    it('uses what is left where one of several references is broken', () => {
      const rows = rowsOf(https('{name: missing}, {name: cert}') + tlsSecretYaml('cert'));
      const row = rows.get('https');
      expect(row).toMatchObject({programmed: true, tls: {certificates: ['default/cert']}});
      expect(row && told(row)).toContain('ResolvedRefs=False/InvalidCertificateRef');
    });

    const abroad = https('{name: cert, namespace: certs}') + namespaceYaml('certs');
    const fromGateway = '{group: gateway.networking.k8s.io, kind: Gateway, namespace: default}';

    it.each([
      ['no grant, Secret exists', tlsSecretYaml('cert', {namespace: 'certs'})],
      ['no grant, Secret does not exist', ''],
      ['a grant elsewhere', grantYaml(fromGateway, '{group: "", kind: Secret}', {namespace: 'other'})],
      [
        'a grant for HTTPRoutes',
        grantYaml(fromGateway.replace('kind: Gateway', 'kind: HTTPRoute'), '{group: "", kind: Secret}', {
          namespace: 'certs',
        }),
      ],
      [
        'a grant from another group',
        grantYaml('{group: x.io, kind: Gateway, namespace: default}', '{group: "", kind: Secret}', {
          namespace: 'certs',
        }),
      ],
      [
        'a grant from another namespace',
        grantYaml(fromGateway.replace('default', 'x'), '{group: "", kind: Secret}', {namespace: 'certs'}),
      ],
      ['a grant to Services', grantYaml(fromGateway, '{group: "", kind: Service}', {namespace: 'certs'})],
      ['a grant to another group', grantYaml(fromGateway, '{group: x.io, kind: Secret}', {namespace: 'certs'})],
      [
        'a grant to another name',
        grantYaml(fromGateway, '{group: "", kind: Secret, name: other}', {namespace: 'certs'}),
      ],
    ])('asks for permission before anything else: %s', (_, more) => {
      expect(toldByName(abroad + more)['https']).toEqual(unresolved('RefNotPermitted'));
    });

    it.each(['{group: "", kind: Secret}', '{group: "", kind: Secret, name: cert}'])(
      'is content with a grant to %s',
      (to) => {
        const world = startWorld(outputs, abroad + tlsSecretYaml('cert', {namespace: 'certs'}));
        world.apply(grantYaml(fromGateway, to, {namespace: 'certs'}));
        expect(world.graph.list(listeners).map(told)).toEqual([fine]);
        world.remove('gateway.networking.k8s.io/ReferenceGrant', 'certs/grant');
        expect(world.graph.list(listeners).map(told)).toEqual([unresolved('RefNotPermitted')]);
      },
    );

    it('does not notice a rotation', () => {
      const world = startWorld(outputs, https('{name: cert}') + tlsSecretYaml('cert'));
      world.graph.resetCounters();
      world.apply(tlsSecretYaml('cert', {certificate: otherEcCertificate, key: otherEcKey}));
      expect(world.graph.counters().get('listeners')?.runs).toBe(0);
    });
  });

  describe('what is asked for but not supported', () => {
    it('does not serve HTTPS without the client certificates it demands', () => {
      const validation = '{validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}';
      const yaml = gatewayYaml(`
listeners:
- {name: guarded, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
- {name: open, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
- {name: http, port: 80, protocol: HTTP}
tls: {frontend: {default: ${validation}, perPort: [{port: 8443, tls: {}}]}}`);
      const rows = rowsOf(yaml + tlsSecretYaml('cert'));
      expect(rows.get('guarded')).toMatchObject({programmed: false});
      expect(rows.get('guarded')?.conditions[0]).toMatchObject({status: 'False', reason: 'UnsupportedValue'});
      expect(rows.get('open')).toMatchObject({programmed: true});
      expect(rows.get('http')).toMatchObject({programmed: true});
    });

    it('does not serve a listener without its filters', () => {
      const yaml = gatewayYaml(`
listeners:
- name: a
  port: 80
  protocol: HTTP
  filters: {requests: [{type: ExtensionRef, extensionRef: {group: x.io, kind: X, name: x}}]}`);
      expect(rowsOf(yaml).get('a')).toMatchObject({programmed: false, attachable: true});
    });
  });
});
