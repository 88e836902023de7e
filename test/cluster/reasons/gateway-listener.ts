import {base64, ecCertificate, ecKey, otherEcKey} from '../../api/test-certificates.ts';
import type {KubeObject} from '../../rig/objects.ts';
import {gateway, grant, listener, object, otherNamespace, type Case, type Spec, type Table} from './case.ts';

const accepted = 'Accepted=True/Accepted';
const noConflicts = 'Conflicted=False/NoConflicts';
const resolved = 'ResolvedRefs=True/ResolvedRefs';
const programmed = 'Programmed=True/Programmed';

const secret = (key = ecKey, namespace?: string): KubeObject =>
  object(
    'v1',
    'Secret',
    'certificate',
    {type: 'kubernetes.io/tls', data: {'tls.crt': base64(ecCertificate), 'tls.key': base64(key)}},
    namespace === undefined ? {} : {namespace},
  );
/** The listener that is looked at. */
const https = (ref: Spec = {name: 'certificate'}, fields: Spec = {}): Spec =>
  listener({port: 443, protocol: 'HTTPS', tls: {certificateRefs: [ref]}, ...fields});

const odd = listener({protocol: 'example.com/odd'});
const elsewhere = {addresses: [{type: 'example.com/odd', value: 'here'}]};

/** HTTPS and TLS go together on a port, with a hostname each; an API server itself sees to it only within a protocol. */
const sameHostname = [https(), https({name: 'certificate'}, {name: 'tls', protocol: 'TLS'})];
const sameHostnameHealed = [https(), https({name: 'certificate'}, {name: 'tls', protocol: 'TLS', port: 444})];
const hostnameConflict = 'port 443 has no hostname also in listener tls (TLS)';

const bothProtocols = [listener({port: 443}), https({name: 'certificate'}, {name: 'https'})];
const protocolConflict = 'port 443 cannot carry HTTP next to listener https (HTTPS)';

const supportCases: readonly Case[] = [
  {
    is: 'Accepted=False/UnsupportedProtocol',
    says: 'protocol example.com/odd is not supported',
    from: 'gateway/listeners.ts',
    objects: [gateway([odd])],
    heal: {apply: [gateway()]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/UnsupportedValue',
    says: 'filters of listeners are not supported',
    from: 'gateway/listeners.ts',
    objects: [
      gateway([
        listener({
          filters: {requests: [{type: 'ExtensionRef', extensionRef: {group: 'example.com', kind: 'Odd', name: 'odd'}}]},
        }),
      ]),
    ],
    heal: {apply: [gateway()]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/UnsupportedValue',
    says: 'tls.frontend: validation of client certificates is not supported',
    from: 'gateway/listeners.ts',
    objects: [
      secret(),
      gateway([https()], {
        tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: 'ConfigMap', name: 'ca'}]}}}},
      }),
    ],
    heal: {apply: [gateway([https()])]},
    healed: accepted,
  },
];

/** Told by three conditions each. */
const conflictCases: readonly Case[] = (
  [
    ['HostnameConflict', hostnameConflict, sameHostname, sameHostnameHealed],
    ['ProtocolConflict', protocolConflict, bothProtocols, [listener({port: 80}), bothProtocols[1] ?? {}]],
  ] as const
).flatMap(([reason, says, broken, mended]) => {
  const common = {
    says,
    from: 'gateway/listener-conflicts.ts',
    objects: [secret(), gateway(broken)],
    heal: {apply: [gateway(mended)]},
  };
  return [
    {...common, is: `Accepted=False/${reason}`, healed: accepted},
    {...common, is: `Conflicted=True/${reason}`, healed: noConflicts},
    {...common, is: `Programmed=False/${reason}`, healed: programmed},
  ] as const;
});

const resolvedRefsCases: readonly Case[] = [
  {
    is: 'ResolvedRefs=False/InvalidCertificateRef',
    says: 'tls.certificateRefs: there are none',
    from: 'gateway/listener-certificates.ts',
    objects: [secret(), gateway([listener({port: 443, protocol: 'HTTPS', tls: {options: {'example.com/a': 'b'}}})])],
    heal: {apply: [gateway([https()])]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/InvalidCertificateRef',
    says: 'tls.certificateRefs: Odd of group "example.com" is not supported',
    from: 'gateway/listener-certificates.ts',
    objects: [secret(), gateway([https({group: 'example.com', kind: 'Odd', name: 'certificate'})])],
    heal: {apply: [gateway([https()])]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/InvalidCertificateRef',
    says: 'tls.certificateRefs: Secret @/certificate does not exist',
    from: 'gateway/listener-certificates.ts',
    objects: [gateway([https()])],
    heal: {apply: [secret()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/InvalidCertificateRef',
    says: 'Secret @/certificate: the private key does not fit the certificate',
    from: 'gateway/listener-certificates.ts',
    objects: [secret(otherEcKey), gateway([https()])],
    heal: {apply: [secret()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/RefNotPermitted',
    says: 'tls.certificateRefs: no ReferenceGrant allows Secret @-other/certificate',
    from: 'gateway/listener-certificates.ts',
    objects: [otherNamespace, secret(ecKey, '@-other'), gateway([https({name: 'certificate', namespace: '@-other'})])],
    heal: {apply: [grant('@-other', 'Gateway', {group: '', kind: 'Secret'})]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/InvalidRouteKinds',
    says: 'allowedRoutes.kinds: Odd.example.com cannot be attached to protocol HTTP',
    from: 'gateway/listener-kinds.ts',
    objects: [
      gateway([listener({allowedRoutes: {kinds: [{group: 'example.com', kind: 'Odd'}, {kind: 'HTTPRoute'}]}})]),
    ],
    heal: {apply: [gateway([listener({allowedRoutes: {kinds: [{kind: 'HTTPRoute'}]}})])]},
    healed: resolved,
  },
];

const programmedCases: readonly Case[] = [
  {
    is: 'Programmed=False/Invalid',
    says: 'the Gateway is not accepted: addresses: type example.com/odd is not supported',
    from: 'gateway/listeners.ts',
    objects: [gateway([listener()], elsewhere)],
    heal: {apply: [gateway()]},
    healed: programmed,
  },
  {
    is: 'Programmed=False/Invalid',
    says: 'Secret @/certificate does not exist',
    from: 'gateway/listeners.ts',
    objects: [gateway([https()])],
    heal: {apply: [secret()]},
    healed: programmed,
  },
  {
    is: 'Programmed=False/Invalid',
    says: 'protocol example.com/odd is not supported',
    from: 'gateway/listeners.ts',
    objects: [gateway([odd])],
    heal: {apply: [gateway()]},
    healed: programmed,
  },
];

const overlapping = (hostname: string): readonly Spec[] => [
  https({name: 'certificate'}, {hostname: '*.example.com'}),
  https({name: 'certificate'}, {name: 'other', hostname}),
];

const overlapCases: readonly Case[] = [
  {
    is: 'OverlappingTLSConfig=True/OverlappingHostnames',
    says: 'hostnames overlap with those of listener other',
    from: 'gateway/listeners.ts',
    objects: [secret(), gateway(overlapping('a.example.com'))],
    heal: {apply: [gateway(overlapping('a.example.org'))]},
    healed: 'absent',
  },
];

export const gatewayListenerReasons: Table = {
  kind: 'Gateway',
  of: 'listener',
  good: {
    Accepted: 'gateway/listeners.ts',
    NoConflicts: 'gateway/listeners.ts',
    ResolvedRefs: 'gateway/listeners.ts',
    Programmed: 'gateway/listeners.ts',
  },
  cases: [...supportCases, ...conflictCases, ...resolvedRefsCases, ...programmedCases, ...overlapCases],
};
