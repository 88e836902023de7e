import {generateKeyPairSync, X509Certificate} from 'node:crypto';
import {generate} from 'selfsigned';
import {beforeAll, describe, expect, it} from 'vitest';
import {issueCertificate, type KeyPair, makeAuthority} from '../../src/trust/authority.ts';
import {isVouchedFor, joinPem, readCertificates} from '../../src/trust/certificates.ts';
import {serviceHosts} from '../../src/trust/service-hosts.ts';
import {authority, hours, serverPair} from './support/pki.ts';

const parsed = ({certificate}: KeyPair): X509Certificate => new X509Certificate(certificate);

describe('an authority', () => {
  const validity = {notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2039-12-30T12:00:00Z')};
  let made: KeyPair;
  beforeAll(async () => {
    made = await makeAuthority(validity);
  });

  it('is one, for as long as it was made for', () => {
    const certificate = parsed(made);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect([new Date(certificate.validFrom), new Date(certificate.validTo)]).toEqual([
      validity.notBefore,
      validity.notAfter,
    ]);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({namedCurve: 'prime256v1'});
  });

  it('has a name of its own, so that two can be trusted at once', async () => {
    const other = await makeAuthority(validity);
    expect(parsed(other).subject).not.toBe(parsed(made).subject);
  });

  it('signs for names and addresses, for servers only, and nothing that could sign itself', async () => {
    const hosts = ['sluice.sluice-system.svc', 'localhost', '127.0.0.1', 'fd00::1'];
    const leaf = parsed(await issueCertificate(made, {...validity, hosts}));
    expect(leaf.checkIssued(parsed(made))).toBe(true);
    expect(leaf.verify(parsed(made).publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf.checkHost('sluice.sluice-system.svc')).toBe('sluice.sluice-system.svc');
    expect(leaf.checkHost('other.sluice-system.svc')).toBeUndefined();
    expect([leaf.checkIP('127.0.0.1'), leaf.checkIP('fd00::1')]).toEqual(['127.0.0.1', 'fd00::1']);
    expect(leaf.checkIP('127.0.0.2')).toBeUndefined();
  });

  // Story: a serial number with its highest bit set is negative, which some libraries refuse.
  it('gives every certificate another serial number, none of them negative', async () => {
    const leaves = await Promise.all(
      Array.from({length: 40}, () => issueCertificate(made, {...validity, hosts: ['localhost']})),
    );
    const serials = leaves.map((leaf) => parsed(leaf).serialNumber);
    expect(new Set(serials).size).toBe(40);
    for (const serial of serials) expect(BigInt(`0x${serial}`)).toBeLessThan(1n << 127n);
  });

  it('may be somebody else’s, with another kind of key', async () => {
    const extensions = [
      {name: 'basicConstraints' as const, cA: true, critical: true},
      {name: 'keyUsage' as const, keyCertSign: true, critical: true},
    ];
    const attributes = [{name: 'commonName', value: 'foreign'}];
    const rsa = await generate(attributes, {keyType: 'rsa', algorithm: 'sha256', extensions});
    const p384 = await generate(attributes, {keyType: 'ec', curve: 'P-384', algorithm: 'sha384', extensions});
    for (const {cert, private: key} of [rsa, p384]) {
      const leaf = parsed(await serverPair({certificate: cert, key}));
      expect(leaf.verify(new X509Certificate(cert).publicKey)).toBe(true);
      expect(leaf.issuer).toBe('CN=foreign');
    }
  });

  it('that cannot sign is refused by name', async () => {
    const key = generateKeyPairSync('x25519').privateKey.export({format: 'pem', type: 'pkcs8'}).toString();
    await expect(serverPair({...made, key})).rejects.toThrow(
      'an authority with a key of type x25519 cannot sign; use RSA, P-256, P-384, P-521 or Ed25519',
    );
  });
});

describe('certificates in PEM', () => {
  it('are joined so that they can be read again, whatever their ends were', async () => {
    const [a, b] = [await authority(), await authority()];
    const text = joinPem([a.certificate.trim(), `\n${b.certificate}\n\n`]);
    expect(readCertificates(text).map(({fingerprint256}) => fingerprint256)).toEqual([
      parsed(a).fingerprint256,
      parsed(b).fingerprint256,
    ]);
    expect(text).not.toContain('----------');
  });

  it('vouch for what they have signed, and for nothing of the same name', async () => {
    const [a, b] = [await authority(), await authority()];
    const leaf = parsed(await serverPair(a, hours(-1, 1)));
    expect(isVouchedFor([leaf], [parsed(b), parsed(a)])).toBe(true);
    expect(isVouchedFor([leaf], [parsed(b)])).toBe(false);
    expect(isVouchedFor([], [parsed(b)])).toBe(false);
    // Pinned: the certificate itself is what is trusted.
    expect(isVouchedFor([leaf], [leaf])).toBe(true);
    const extensions = [{name: 'basicConstraints' as const, cA: true}];
    const twins = await Promise.all(
      [1, 2].map(() =>
        generate([{name: 'commonName', value: 'twin'}], {keyType: 'ec', algorithm: 'sha256', extensions}),
      ),
    );
    const [one, two] = twins.map(({cert, private: key}) => ({certificate: cert, key}));
    if (one === undefined || two === undefined) throw new Error('two were made');
    expect(isVouchedFor([parsed(await serverPair(one))], [parsed(two)])).toBe(false);
  });
});

it('a Service has the names that resolvers make of it', () => {
  expect(serviceHosts({name: 'sluice', namespace: 'sluice-system', clusterDomain: 'cluster.local'})).toEqual([
    'sluice.sluice-system.svc',
    'sluice.sluice-system.svc.cluster.local',
    'sluice.sluice-system',
    'sluice',
  ]);
});
