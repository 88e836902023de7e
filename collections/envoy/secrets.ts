import {envoy} from '../../src/gen/proto/envoy.js';
import {derive, distinct, index} from '../../src/krt/index.ts';
import {certificates} from '../gateway/certificates.ts';
import {ports} from '../gateway/ports.ts';
import {gatewayScope, resourceRow, type ResourceRow} from '../resource.ts';
import {certificateUseKey, parseCertificateUseKey} from './names.ts';
import {resourceTypes} from './proto.ts';

/** Certificates that the programmed listeners of a Gateway name. */
const certificateUses = distinct(
  'envoy-certificate-uses',
  index(ports, 'certificate', ({dialect, gateway, listeners}) =>
    dialect === 'envoy'
      ? listeners.flatMap(({tls}) => tls?.certificates ?? []).map((name) => certificateUseKey(gateway, name))
      : [],
  ),
);

/** Certificates for SDS, named `namespace/secret`. A renewed one changes nothing but its row here. */
export const envoySecrets = derive('envoy-secrets', {
  from: certificateUses,
  reads: [certificates],
  rows: (ctx, {key}): ResourceRow | undefined => {
    const {gateway, certificate: name} = parseCertificateUseKey(key);
    const certificate = ctx.get(certificates, name);
    if (certificate === undefined) return undefined;
    const bytes = envoy.extensions.transport_sockets.tls.v3.Secret.encode({
      name,
      tlsCertificate: {
        certificateChain: {inlineString: certificate.certificate},
        privateKey: {inlineString: certificate.privateKey},
      },
    }).finish();
    return resourceRow({scope: gatewayScope('envoy', gateway), type: resourceTypes.secret, name, bytes, refs: []});
  },
});
