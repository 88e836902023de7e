/**
 * Whether a certificate chain and a private key can be given to a proxy: their structure, and whether they belong
 * together. Signatures and validity are for the proxies and their clients to judge (X.509: RFC 5280; keys: RFC 5958,
 * RFC 8017, RFC 5915).
 */
import {derTag, type DerValue, readDer, readDerItems, readDerSequence} from './der.ts';
import {parsePem, type PemBlock} from './pem.ts';

/** What is wrong with PEM texts of a chain and its key, or undefined where nothing is. */
export function certificateProblem(chain: string, privateKey: string): string | undefined {
  const certificates = parsePem(chain);
  if (typeof certificates === 'string') return `tls.crt: ${certificates}`;
  const keys = parsePem(privateKey);
  if (typeof keys === 'string') return `tls.key: ${keys}`;
  const odd = certificates.find(({label}) => label !== 'CERTIFICATE');
  if (odd !== undefined) return `tls.crt: it holds a ${odd.label}`;
  const publics = certificates.map(({bytes}) => publicKeyOf(bytes));
  const broken = publics.indexOf(undefined);
  if (broken >= 0) return `tls.crt: certificate ${broken + 1} is not an X.509 certificate`;
  // An EC key may be preceded by its parameters.
  const own = keys.filter(({label}) => label !== 'EC PARAMETERS');
  const [key] = own;
  if (key === undefined || own.length > 1) return 'tls.key: there must be exactly one private key in it';
  if (key.label === 'ENCRYPTED PRIVATE KEY') return 'tls.key: the private key is encrypted';
  if (!['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'].includes(key.label)) {
    return `tls.key: it holds a ${key.label}`;
  }
  const secret = privateKeyOf(key);
  if (secret === undefined) return `tls.key: the ${key.label} block is malformed`;
  const [leaf] = publics;
  return leaf !== undefined && !belongTogether(leaf, secret)
    ? 'the private key does not fit the certificate'
    : undefined;
}

const oid = {rsa: '2a864886f70d010101', ec: '2a8648ce3d0201'} as const;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Algorithm, and the number that public and private half share where the private half tells it. */
type KeyHalf = {readonly algorithm: string; readonly shared?: string};

function belongTogether(half: KeyHalf, other: KeyHalf): boolean {
  if (half.algorithm !== other.algorithm) return false;
  return half.shared === undefined || other.shared === undefined || half.shared === other.shared;
}

function publicKeyOf(certificate: Uint8Array): KeyHalf | undefined {
  const [body] = readDerSequence(certificate) ?? [];
  if (body === undefined || body.tag !== derTag.sequence) return undefined;
  // An optional version `[0]`, then serial, signature algorithm, issuer, validity, subject, public key.
  const fields = (readDerItems(body.content) ?? []).filter(({tag}) => tag !== 0xa0);
  const key = fields[5];
  if (key === undefined || key.tag !== derTag.sequence) return undefined;
  const [algorithm, bits] = readDerItems(key.content) ?? [];
  const name = algorithmOf(algorithm);
  if (name === undefined || bits === undefined || bits.tag !== derTag.bitString) return undefined;
  // The first byte of a bit string counts unused bits.
  const content = bits.content.subarray(1);
  if (name === oid.rsa) {
    const [modulus] = readDerSequence(content) ?? [];
    return modulus && {algorithm: name, shared: hex(modulus.content)};
  }
  return {algorithm: name, shared: hex(content)};
}

function privateKeyOf({label, bytes}: PemBlock): KeyHalf | undefined {
  if (label === 'RSA PRIVATE KEY') return rsaKey(bytes);
  if (label === 'EC PRIVATE KEY') return ecKey(bytes);
  const [, algorithm, wrapped] = readDerSequence(bytes) ?? [];
  const name = algorithmOf(algorithm);
  if (name === undefined || wrapped === undefined || wrapped.tag !== derTag.octetString) return undefined;
  if (name === oid.rsa) return rsaKey(wrapped.content);
  if (name === oid.ec) return ecKey(wrapped.content);
  return {algorithm: name};
}

function rsaKey(bytes: Uint8Array): KeyHalf | undefined {
  const [, modulus] = readDerSequence(bytes) ?? [];
  return modulus?.tag === derTag.integer ? {algorithm: oid.rsa, shared: hex(modulus.content)} : undefined;
}

function ecKey(bytes: Uint8Array): KeyHalf | undefined {
  const fields = readDerSequence(bytes);
  if (fields?.[1]?.tag !== derTag.octetString) return undefined;
  const tagged = fields.find(({tag}) => tag === 0xa1);
  const point = tagged && readDer(tagged.content);
  return point?.tag === derTag.bitString
    ? {algorithm: oid.ec, shared: hex(point.content.subarray(1))}
    : {algorithm: oid.ec};
}

function algorithmOf(value: DerValue | undefined): string | undefined {
  if (value === undefined || value.tag !== derTag.sequence) return undefined;
  const [name] = readDerItems(value.content) ?? [];
  return name?.tag === derTag.oid ? hex(name.content) : undefined;
}
