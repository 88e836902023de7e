/** PEM texts of several certificates, and which of them vouches for which. */
import {X509Certificate} from 'node:crypto';

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Certificates in the order of the text. Throws where one of them is malformed. */
export const readCertificates = (pem: string): readonly X509Certificate[] =>
  (pem.match(block) ?? []).map((text) => new X509Certificate(text));

/** Certificates one after the other, each line ended: two blocks without a line between them are none. */
export const joinPem = (texts: readonly string[]): string => texts.map((text) => `${text.trim()}\n`).join('');

/** Whether one of the certificates of the chain is signed by, or is, one of the authorities. */
export function isVouchedFor(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  return chain.some((certificate) =>
    authorities.some(
      (authority) =>
        certificate.fingerprint256 === authority.fingerprint256 ||
        (certificate.checkIssued(authority) && certificate.verify(authority.publicKey)),
    ),
  );
}
