import {describe, expect, it} from 'vitest';
import {basics, makeGraph, namesOf, objectsOf, resourceOf, rowOf, write} from './harness.ts';
import {base64, ecCertificate, ecKey} from '../../api/test-certificates.ts';

const gateway = (listeners: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  gatewayClassName: agentgateway
  listeners: ${listeners}
`;
const tls = (secret: string): string => `{certificateRefs: [{name: ${secret}}]}`;
const secret = (name: string, data: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: {name, namespace: 'default'},
    data,
  });
const good = secret('good', {'tls.crt': base64(ecCertificate), 'tls.key': base64(ecKey)});

const graphOf = (listeners: string, ...more: readonly string[]) =>
  makeGraph(objectsOf(basics, gateway(listeners), ...more));
const text = (bytes: unknown): string => Buffer.from(String(bytes), 'base64').toString();

describe('listeners and binds', () => {
  it('an HTTP listener', () => {
    const graph = graphOf('[{name: http, port: 8080, protocol: HTTP, hostname: "*.a.example"}]');
    expect(resourceOf(graph, 'listener/default/gw.http')).toEqual({
      key: 'default/gw.http',
      bindKey: '8080/default/gw',
      name: {gatewayName: 'gw', gatewayNamespace: 'default', listenerName: 'http'},
      hostname: '*.a.example',
      protocol: 'HTTP',
    });
    expect(resourceOf(graph, 'bind/8080/default/gw')).toEqual({key: '8080/default/gw', port: 8080});
  });

  it('share a bind where they share a port', () => {
    const graph = graphOf(
      '[{name: a, port: 80, protocol: HTTP, hostname: a.example}, {name: b, port: 80, protocol: HTTP}, {name: c, port: 81, protocol: HTTP}]',
    );
    expect(namesOf(graph)).toEqual([
      'bind/80/default/gw',
      'bind/81/default/gw',
      'listener/default/gw.a',
      'listener/default/gw.b',
      'listener/default/gw.c',
    ]);
  });

  it('HTTPS carries its certificate', () => {
    const graph = graphOf(`[{name: https, port: 443, protocol: HTTPS, tls: ${tls('good')}}]`, good);
    const sent = resourceOf(graph, 'listener/default/gw.https');
    expect(sent).toMatchObject({protocol: 'HTTPS', tls: {cert: expect.any(String), privateKey: expect.any(String)}});
    const {cert, privateKey} = sent['tls'] as Record<string, unknown>; // matched above
    expect(text(cert)).toBe(ecCertificate);
    expect(text(privateKey)).toBe(ecKey);
    expect(resourceOf(graph, 'bind/443/default/gw')).toEqual({key: '443/default/gw', port: 443, protocol: 'TLS'});
  });

  it.each([
    ['absent', []],
    ['broken', [secret('bad', {'tls.crt': base64('x'), 'tls.key': base64('y')})]],
  ])('a certificate that is %s makes the proxy refuse handshakes', (_how, secrets) => {
    const graph = graphOf(`[{name: https, port: 443, protocol: HTTPS, tls: ${tls('bad')}}]`, ...secrets);
    const {cert, privateKey} = resourceOf(graph, 'listener/default/gw.https')['tls'] as Record<string, unknown>; // sent with TLS
    expect([text(cert), text(privateKey)]).toEqual(['invalid', 'invalid']);
    expect(namesOf(graph)).toContain('bind/443/default/gw');
  });

  it('a certificate that appears is put in', () => {
    const graph = graphOf(`[{name: https, port: 443, protocol: HTTPS, tls: ${tls('good')}}]`);
    write(graph, objectsOf(good));
    expect(text((resourceOf(graph, 'listener/default/gw.https')['tls'] as Record<string, unknown>)['cert'])).toBe(
      ecCertificate,
    );
  });

  it('TLS passed through has no TLS configuration', () => {
    const graph = graphOf('[{name: tls, port: 443, protocol: TLS, hostname: a.example, tls: {mode: Passthrough}}]');
    expect(resourceOf(graph, 'listener/default/gw.tls')).toEqual({
      key: 'default/gw.tls',
      bindKey: '443/default/gw',
      name: {gatewayName: 'gw', gatewayNamespace: 'default', listenerName: 'tls'},
      hostname: 'a.example',
      protocol: 'TLS',
    });
  });

  it('what conflicts or cannot be served is not sent', () => {
    const graph = graphOf('[{name: a, port: 80, protocol: HTTP}, {name: u, port: 53, protocol: UDP}]');
    expect(namesOf(graph)).toEqual(['bind/80/default/gw', 'listener/default/gw.a']);
  });

  it('what asks for client certificates is not sent without that check', () => {
    const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  gatewayClassName: agentgateway
  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}}}
  listeners: [{name: https, port: 443, protocol: HTTPS, tls: ${tls('good')}}]
`;
    expect(namesOf(makeGraph(objectsOf(basics, text, good)))).toEqual([]);
  });

  it('are sent after the routes, binds last', () => {
    const graph = graphOf('[{name: http, port: 8080, protocol: HTTP}]');
    expect(rowOf(graph, 'listener/default/gw.http').order).toBe(3);
    expect(rowOf(graph, 'bind/8080/default/gw').order).toBe(4);
  });
});
