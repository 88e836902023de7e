/**
 * Manifests that an API server would take, and that only together with the rest turn out to be broken. Each stands in a
 * namespace of its own beside good ones; `message` is the condition that says it.
 */
import {ecCertificate, otherEcKey} from '../api/test-certificates.ts';

export type BadReference = {
  readonly name: string;
  /** `NS` stands for the case's namespace. */
  readonly text: string;
  readonly message: string;
};

const header = (apiVersion: string, kind: string, name: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: NS}\n`;

const route = (rules: string, extra = '', parent = '{name: shared, namespace: good}'): string =>
  `${header('gateway.networking.k8s.io/v1', 'HTTPRoute', 'bad')}spec: {parentRefs: [${parent}], ${extra} rules: [${rules}]}\n`;

const backend = (ref: string): string => route(`{backendRefs: [${ref}]}`);
const match = (text: string): string =>
  route(`{matches: [${text}], backendRefs: [{name: web, namespace: good, port: 80}]}`);

const gateway = (listeners: string): string =>
  `${header('gateway.networking.k8s.io/v1', 'Gateway', 'bad')}spec: {gatewayClassName: envoy, listeners: [${listeners}]}\n`;

const https = (ref: string): string =>
  gateway(`{name: tls, port: 8443, protocol: HTTPS, tls: {certificateRefs: [${ref}]}}`);

const secret = (type: string, certificate: string, key: string): string =>
  `---\n${header('v1', 'Secret', 'cert')}type: ${type}\nstringData: ${JSON.stringify({'tls.crt': certificate, 'tls.key': key})}\n`;

const truncated = ecCertificate.split('\n').slice(0, 4).join('\n');

export const BAD_REFERENCES: readonly BadReference[] = [
  {
    name: 'missing-service',
    text: backend('{name: nope, port: 80}'),
    message:
      'HTTPRoute NS/bad at good/shared: ResolvedRefs is False: BackendNotFound: rules[0]: Service NS/nope does not exist',
  },
  {
    name: 'missing-port',
    text: backend('{name: web, namespace: good, port: 81}'),
    message:
      'HTTPRoute NS/bad at good/shared: ResolvedRefs is False: BackendNotFound: rules[0]: Service good/web has no TCP port 81',
  },
  {
    name: 'no-grant',
    text: backend('{name: web, namespace: closed, port: 80}'),
    message:
      'HTTPRoute NS/bad at good/shared: ResolvedRefs is False: RefNotPermitted: rules[0]: no ReferenceGrant allows Service closed/web',
  },
  {
    name: 'unknown-backend-kind',
    text: backend('{group: example.org, kind: Bucket, name: web, port: 80}'),
    message:
      'HTTPRoute NS/bad at good/shared: ResolvedRefs is False: InvalidKind: rules[0]: Bucket of group "example.org" is not supported as a backend',
  },
  {
    name: 'path-regex',
    text: match('{path: {type: RegularExpression, value: "(("}}'),
    message:
      'HTTPRoute NS/bad at good/shared: Accepted is False: UnsupportedValue: path: "((" is not an RE2 expression: error parsing regexp: missing closing ): `((`',
  },
  {
    name: 'look-ahead',
    text: match('{path: {type: RegularExpression, value: "/a(?=b)"}}'),
    message:
      'HTTPRoute NS/bad at good/shared: Accepted is False: UnsupportedValue: path: "/a(?=b)" is not an RE2 expression: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  },
  {
    name: 'header-regex',
    text: match('{headers: [{name: x, type: RegularExpression, value: "[a"}]}'),
    message:
      'HTTPRoute NS/bad at good/shared: Accepted is False: UnsupportedValue: header x: "[a" is not an RE2 expression: error parsing regexp: missing closing ]: `[a`',
  },
  {
    name: 'query-regex',
    text: match('{queryParams: [{name: x, type: RegularExpression, value: "*"}]}'),
    message:
      'HTTPRoute NS/bad at good/shared: Accepted is False: UnsupportedValue: query parameter x: "*" is not an RE2 expression: error parsing regexp: missing argument to repetition operator: `*`',
  },
  {
    name: 'extension-filter',
    text: route('{filters: [{type: ExtensionRef, extensionRef: {group: example.org, kind: Magic, name: m}}]}'),
    message:
      'HTTPRoute NS/bad at good/shared: Accepted is False: UnsupportedValue: filter ExtensionRef (Magic of group "example.org") is not supported',
  },
  {
    name: 'no-such-section',
    text: route('{}', '', '{name: shared, namespace: good, sectionName: nope}'),
    message:
      'HTTPRoute NS/bad at good/shared/nope: Accepted is False: NoMatchingParent: Gateway good/shared has no listener that is named nope',
  },
  {
    name: 'no-such-port',
    text: route('{}', '', '{name: shared, namespace: good, port: 1}'),
    message:
      'HTTPRoute NS/bad at good/shared:1: Accepted is False: NoMatchingParent: Gateway good/shared has no listener that has port 1',
  },
  {
    name: 'hostname-elsewhere',
    text: route('{}', 'hostnames: [other.org],', '{name: narrow, namespace: good}'),
    message:
      'HTTPRoute NS/bad at good/narrow: Accepted is False: NoMatchingListenerHostname: no hostname of this route fits a listener of Gateway good/narrow that admits it',
  },
  {
    name: 'not-admitted',
    text: route('{}', '', '{name: own, namespace: good}'),
    message:
      'HTTPRoute NS/bad at good/own: Accepted is False: NotAllowedByListeners: allowedRoutes of Gateway good/own, listener http, do not admit this route',
  },
  {
    name: 'missing-secret',
    text: https('{name: nope}'),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: InvalidCertificateRef: tls.certificateRefs: Secret NS/nope does not exist',
  },
  {
    name: 'secret-of-others',
    text: https('{name: cert, namespace: closed}'),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: RefNotPermitted: tls.certificateRefs: no ReferenceGrant allows Secret closed/cert',
  },
  {
    name: 'odd-certificate-kind',
    text: https('{group: example.org, kind: Vault, name: cert}'),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: InvalidCertificateRef: tls.certificateRefs: Vault of group "example.org" is not supported',
  },
  {
    name: 'opaque-secret',
    text: https('{name: cert}') + secret('Opaque', ecCertificate, otherEcKey),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: InvalidCertificateRef: tls.certificateRefs: Secret NS/cert: its type is Opaque, not kubernetes.io/tls',
  },
  {
    name: 'key-of-another',
    text: https('{name: cert}') + secret('kubernetes.io/tls', ecCertificate, otherEcKey),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: InvalidCertificateRef: tls.certificateRefs: Secret NS/cert: the private key does not fit the certificate',
  },
  {
    name: 'cut-certificate',
    text: https('{name: cert}') + secret('kubernetes.io/tls', truncated, otherEcKey),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: InvalidCertificateRef: tls.certificateRefs: Secret NS/cert: tls.crt: the CERTIFICATE block has no end',
  },
  {
    name: 'empty-key',
    text: https('{name: cert}') + secret('kubernetes.io/tls', ecCertificate, ''),
    message:
      'Gateway NS/bad listener tls: ResolvedRefs is False: InvalidCertificateRef: tls.certificateRefs: Secret NS/cert: tls.key: there is no PEM block in it',
  },
  {
    name: 'unsupported-protocol',
    text: gateway('{name: odd, port: 1000, protocol: example.org/magic}'),
    message:
      'Gateway NS/bad listener odd: Accepted is False: UnsupportedProtocol: protocol example.org/magic is not supported',
  },
  {
    name: 'protocol-conflict',
    text:
      gateway(
        '{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTPS, hostname: b.org, tls: {certificateRefs: [{name: cert}]}}',
      ) + secret('kubernetes.io/tls', ecCertificate, otherEcKey),
    message:
      'Gateway NS/bad listener a: Accepted is False: ProtocolConflict: port 80 cannot carry HTTP next to listener b (HTTPS)',
  },
  {
    name: 'odd-address',
    text: gateway('{name: a, port: 80, protocol: HTTP}').replace(
      'spec: {',
      'spec: {addresses: [{type: Hostname, value: a.org}], ',
    ),
    message: 'Gateway NS/bad: Accepted is False: UnsupportedAddress: addresses: type Hostname is not supported',
  },
];
