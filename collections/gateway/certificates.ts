import {certificateProblem} from '../../src/api/certificate.ts';
import type {Secret} from '../../src/api/core.ts';
import {objectKey} from '../../src/api/object.ts';
import {decodeBase64} from '../../src/api/pem.ts';
import {derive} from '../../src/krt/index.ts';
import {secrets} from '../inputs.ts';
import type {CertificateRow} from './ir.ts';

/** Secrets of type kubernetes.io/tls that proxies can be given. */
export const certificates = derive('certificates', {
  from: secrets,
  rows: (_ctx, secret): CertificateRow | undefined => {
    const read = readCertificate(secret);
    return typeof read === 'string' ? undefined : {key: objectKey(secret), ...read};
  },
});

/** The PEM texts of a TLS Secret, or why it cannot be used. */
export function readCertificate({type, data}: Secret): Omit<CertificateRow, 'key'> | string {
  if (type !== 'kubernetes.io/tls') return `its type is ${type ?? 'Opaque'}, not kubernetes.io/tls`;
  const certificate = textOf(data?.['tls.crt']);
  if (certificate === undefined) return 'tls.crt is missing or not base64';
  const privateKey = textOf(data?.['tls.key']);
  if (privateKey === undefined) return 'tls.key is missing or not base64';
  return certificateProblem(certificate, privateKey) ?? {certificate, privateKey};
}

function textOf(base64: string | undefined): string | undefined {
  const bytes = base64 === undefined ? undefined : decodeBase64(base64);
  return bytes && new TextDecoder().decode(bytes);
}
