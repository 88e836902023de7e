import {describe, expect, it} from 'vitest';
import {certificates} from '../../../collections/gateway/certificates.ts';
import {ports} from '../../../collections/gateway/ports.ts';
import {ecCertificate, ecKey, otherEcKey} from '../../api/test-certificates.ts';
import {gatewayYaml, startWorld, tlsSecretYaml} from './world.ts';

describe('ports', () => {
  it('merge the programmed listeners of a port, most specific hostname first', () => {
    const tls = 'port: 443, tls: {certificateRefs: [{name: cert}]}';
    const {graph} = startWorld(
      [ports],
      gatewayYaml(`
listeners:
- {name: any, protocol: HTTPS, ${tls}}
- {name: wide, protocol: HTTPS, hostname: "*.example.com", ${tls}}
- {name: exact, protocol: HTTPS, hostname: a.example.com, ${tls}}
- {name: through, protocol: TLS, hostname: b.example.com, port: 443, tls: {mode: Passthrough}}
- {name: broken, protocol: HTTPS, hostname: c.example.com, port: 443, tls: {certificateRefs: [{name: x}]}}
- {name: http, protocol: HTTP, port: 80}
- {name: one, protocol: HTTP, port: 81}
- {name: two, protocol: TLS, port: 81, tls: {mode: Passthrough}}`) + tlsSecretYaml('cert'),
    );
    expect(
      graph.list(ports).map(({key, kind, listeners}) => ({key, kind, names: listeners.map(({name}) => name)})),
    ).toEqual([
      {key: 'default/gw/443', kind: 'TLS', names: ['exact', 'through', 'wide', 'any']},
      {key: 'default/gw/80', kind: 'HTTP', names: ['http']},
    ]);
    expect(graph.get(ports, 'default/gw/443')?.listeners[0]).toEqual({
      key: 'default/gw/exact',
      name: 'exact',
      protocol: 'HTTPS',
      hostname: 'a.example.com',
      tls: {mode: 'Terminate', certificates: ['default/cert']},
    });
  });

  it.each([
    ['file', ['127.0.0.2']],
    ['kubernetes', []],
  ] as const)('of provider %s bind %j', (provider, addresses) => {
    const yaml = gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]\naddresses: [{value: 127.0.0.2}]');
    const {graph} = startWorld([ports], yaml, {settings: {provider}});
    expect(graph.list(ports)).toMatchObject([{addresses}]);
  });

  it('never mix Gateways', () => {
    const yaml = (name: string): string => gatewayYaml('listeners: [{name: a, port: 80, protocol: HTTP}]', {name});
    const {graph} = startWorld([ports], yaml('gw') + yaml('other'));
    expect(graph.list(ports)).toHaveLength(2);
  });
});

describe('certificates', () => {
  it('are the TLS Secrets that can be used', () => {
    const opaque = tlsSecretYaml('opaque').replace('type: kubernetes.io/tls', 'type: Opaque');
    const {graph} = startWorld(
      [certificates],
      tlsSecretYaml('good') + tlsSecretYaml('bad', {key: otherEcKey}) + opaque,
    );
    expect(graph.list(certificates)).toEqual([{key: 'default/good', certificate: ecCertificate, privateKey: ecKey}]);
  });
});
