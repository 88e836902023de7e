/**
 * Making certificates: an authority of our own, and those it signs. The library takes a tenth of a second to load, so
 * this file is imported only where it is needed.
 */
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import {createPrivateKey, type KeyObject, randomBytes, webcrypto} from 'node:crypto';
import {isIP} from 'node:net';
import {joinPem} from './certificates.ts';
import {TrustError} from './trust-source.ts';

/** PEM: a certificate, and its private key in PKCS #8. */
export type KeyPair = {readonly certificate: string; readonly key: string};

export type Validity = {readonly notBefore: Date; readonly notAfter: Date};

const p256 = {name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256'};

/** A new authority. Its name is its own, so that nobody takes one for the other while both are trusted. */
export async function makeAuthority(validity: Validity): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      ...validity,
      serialNumber: newSerial(),
      name: `CN=Sluice xDS authority ${randomBytes(4).toString('hex')}`,
      keys,
      signingAlgorithm: p256,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return {certificate: joinPem([certificate.toString('pem')]), key: await exportKey(keys.privateKey)};
}

/** A certificate of a server with these names or addresses. Throws TrustError where the authority cannot sign. */
export async function issueCertificate(
  authority: KeyPair,
  {hosts, ...validity}: Validity & {readonly hosts: readonly string[]},
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const {key: signingKey, algorithm: signingAlgorithm} = await signingKeyOf(authority.key);
  const issuerId = issuer.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  const keys = await newKeys();
  const names = hosts.map((host): JsonGeneralName => ({type: isIP(host) === 0 ? 'dns' : 'ip', value: host}));
  const certificate = await X509CertificateGenerator.create(
    {
      ...validity,
      serialNumber: newSerial(),
      subject: 'CN=sluice-xds',
      issuer: issuer.subjectName,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...(issuerId === undefined ? [] : [new AuthorityKeyIdentifierExtension(issuerId)]),
      ],
    },
    webcrypto,
  );
  return {certificate: joinPem([certificate.toString('pem')]), key: await exportKey(keys.privateKey)};
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']);

/** 127 random bits: serial numbers are positive. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({key: bytes, format: 'der', type: 'pkcs8'}).export({format: 'pem', type: 'pkcs8'}).toString();
}

/** The key may be somebody else's: of RSA, or of another curve. */
async function signingKeyOf(
  pem: string,
): Promise<{readonly key: webcrypto.CryptoKey; readonly algorithm: webcrypto.Algorithm}> {
  const key = createPrivateKey(pem);
  const algorithm = algorithmOf(key);
  const bytes = key.export({format: 'der', type: 'pkcs8'});
  return {key: await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']), algorithm};
}

const curves: Readonly<Record<string, {readonly namedCurve: string; readonly hash: string}>> = {
  prime256v1: {namedCurve: 'P-256', hash: 'SHA-256'},
  secp384r1: {namedCurve: 'P-384', hash: 'SHA-384'},
  secp521r1: {namedCurve: 'P-521', hash: 'SHA-512'},
};

function algorithmOf(key: KeyObject): webcrypto.Algorithm & {readonly hash?: string} {
  const {asymmetricKeyType: type, asymmetricKeyDetails: details} = key;
  const curve = curves[details?.namedCurve ?? ''];
  if (type === 'ec' && curve !== undefined) return {name: 'ECDSA', ...curve};
  if (type === 'rsa') return {name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256'};
  if (type === 'ed25519') return {name: 'Ed25519'};
  throw new TrustError(
    `an authority with a key of type ${String(type)} cannot sign; use RSA, P-256, P-384, P-521 or Ed25519`,
  );
}
