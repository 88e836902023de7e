import {describe, expect, it} from 'vitest';
import {certificateProblem} from '../../src/api/certificate.ts';
import {parsePem} from '../../src/api/pem.ts';
import * as pem from './test-certificates.ts';

describe('certificateProblem', () => {
  it.each([
    ['EC, PKCS#8', pem.ecCertificate, pem.ecKey],
    ['EC, SEC 1', pem.ecCertificate, pem.ecKeySec1],
    ['EC with its parameters before it', pem.ecCertificate, `${ecParameters()}${pem.ecKeySec1}`],
    ['RSA, PKCS#8', pem.rsaCertificate, pem.rsaKey],
    ['RSA, PKCS#1', pem.rsaCertificate, pem.rsaKeyPkcs1],
    ['Ed25519', pem.ed25519Certificate, pem.ed25519Key],
    ['a chain', `${pem.ecCertificate}\n${pem.rsaCertificate}`, pem.ecKey],
    ['text around the blocks', `subject=CN\n${pem.ecCertificate}`, `\n\n${pem.ecKey}\n`],
    ['Windows line ends', pem.ecCertificate.replaceAll('\n', '\r\n'), pem.ecKey],
  ])('finds nothing wrong with %s', (_, chain, key) => {
    expect(certificateProblem(chain, key)).toBeUndefined();
  });

  it.each([
    ['no PEM at all', 'Hello world\n', 'Hello world\n', /tls.crt: there is no PEM block/],
    ['no key', pem.ecCertificate, '', /tls.key: there is no PEM block/],
    ['a key as certificate', pem.ecKey, pem.ecKey, /tls.crt: it holds a PRIVATE KEY/],
    ['a certificate as key', pem.ecCertificate, pem.ecCertificate, /tls.key: it holds a CERTIFICATE/],
    [
      'a truncated certificate',
      block('CERTIFICATE', pem.ecCertificate, 40),
      pem.ecKey,
      /certificate 1 is not an X.509/,
    ],
    ['a certificate that is no DER', wrap('CERTIFICATE', 'AAAA'), pem.ecKey, /certificate 1 is not an X.509/],
    ['a broken second certificate', pem.ecCertificate + wrap('CERTIFICATE', 'MAA='), pem.ecKey, /certificate 2 is not/],
    ['bad base64', wrap('CERTIFICATE', 'M*A='), pem.ecKey, /CERTIFICATE block is not base64/],
    ['no end', pem.ecCertificate.slice(0, 200), pem.ecKey, /CERTIFICATE block has no end/],
    ['a key of another certificate (EC)', pem.ecCertificate, pem.otherEcKey, /does not fit/],
    ['a key of another certificate (RSA)', pem.rsaCertificate, pem.otherRsaKey, /does not fit/],
    ['a key of another kind', pem.rsaCertificate, pem.ecKey, /does not fit/],
    ['an encrypted key', pem.ecCertificate, pem.encryptedKey, /tls.key: the private key is encrypted/],
    ['an encrypted key, old form', pem.ecCertificate, oldEncrypted(), /encrypted or has headers/],
    ['a truncated key', pem.ecCertificate, block('PRIVATE KEY', pem.ecKey, 20), /PRIVATE KEY block is malformed/],
    ['two keys', pem.ecCertificate, pem.ecKey + pem.rsaKey, /exactly one private key/],
  ])('says what is wrong with %s', (_, chain, key, message) => {
    expect(certificateProblem(chain, key)).toMatch(message);
  });

  it('takes time in proportion to a text full of block starts', () => {
    expect(parsePem('-----BEGIN X-----\n'.repeat(50_000))).toBe('the X block has no end');
  });
});

function wrap(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

/** The block with its last bytes cut off. */
function block(label: string, text: string, cut: number): string {
  const [parsed] = parsePem(text);
  if (parsed === undefined || typeof parsed === 'string') throw new Error('a PEM text was expected');
  return wrap(label, Buffer.from(parsed.bytes.subarray(0, -cut)).toString('base64'));
}

function ecParameters(): string {
  return wrap('EC PARAMETERS', 'BggqhkjOPQMBBw==');
}

function oldEncrypted(): string {
  return wrap('EC PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA');
}
