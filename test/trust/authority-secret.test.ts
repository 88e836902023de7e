import {beforeAll, describe, expect, it} from 'vitest';
import {
  type Authority,
  authorityOf,
  authoritySecret,
  bundleOf,
  isDue,
  readAuthorities,
  signerOf,
} from '../../src/trust/authority-secret.ts';
import {type KeyPair, makeAuthority} from '../../src/trust/authority.ts';
import {readCertificates} from '../../src/trust/certificates.ts';
import {authority, serverPair} from './support/pki.ts';

const name = {namespace: 'sluice-system', name: 'sluice-xds-ca'};
const DAY = 86_400_000;
const at = (day: number): Date => new Date(Date.UTC(2030, 0, 1) + day * DAY);
const living = async (from: number, to: number): Promise<Authority> =>
  authorityOf(await makeAuthority({notBefore: at(from), notAfter: at(to)}));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secretWith = (data: Readonly<Record<string, string>>, labels = {}): object => ({
  metadata: {...name, labels, resourceVersion: '7'},
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])),
});

describe('the Secret of an authority', () => {
  let ca: KeyPair;
  let other: KeyPair;
  beforeAll(async () => {
    [ca, other] = [await authority(), await authority()];
  });

  it('is read as it was written', () => {
    const record = {newest: authorityOf(ca), previous: authorityOf(other), isOurs: true, resourceVersion: '3'};
    expect(readAuthorities(authoritySecret(name, record), name)).toEqual(record);
    const {previous: _, ...alone} = record;
    expect(readAuthorities(authoritySecret(name, alone), name)).toEqual(alone);
  });

  it('is not ours without our label', () => {
    const data = {'ca.crt': ca.certificate, 'ca.key': ca.key};
    expect(readAuthorities(secretWith(data), name).isOurs).toBe(false);
    expect(readAuthorities(secretWith(data, {'app.kubernetes.io/managed-by': 'helm'}), name).isOurs).toBe(false);
    expect(readAuthorities(secretWith(data, {'app.kubernetes.io/managed-by': 'sluice'}), name).isOurs).toBe(true);
  });

  it('may be one that cert-manager has made', () => {
    const data = {'tls.crt': ca.certificate, 'tls.key': ca.key, 'ca.crt': other.certificate};
    expect(readAuthorities(secretWith(data), name)).toMatchObject({newest: ca, isOurs: false});
  });

  it('is refused by the name of the key that is wrong, and without what is in it', async () => {
    const leaf = await serverPair(ca);
    const refusal = (data: Readonly<Record<string, string>>): string => {
      try {
        readAuthorities(secretWith(data), name);
      } catch (error) {
        return String(error);
      }
      throw new Error('it was taken');
    };
    const place = 'TrustError: Secret sluice-system/sluice-xds-ca: ';
    expect(refusal({})).toBe(`${place}data["ca.crt"] is missing or not base64`);
    expect(refusal({'ca.crt': ca.certificate})).toBe(`${place}data["ca.key"] is missing or not base64`);
    expect(refusal({'ca.crt': 'x', 'ca.key': ca.key})).toBe(
      `${place}ca.crt, ca.key: the certificate is not an X.509 certificate in PEM`,
    );
    expect(refusal({'ca.crt': ca.certificate, 'ca.key': 'very secret'})).toBe(
      `${place}ca.crt, ca.key: the key is not a private key in PEM, or it is encrypted`,
    );
    expect(refusal({'ca.crt': ca.certificate, 'ca.key': other.key})).toBe(
      `${place}ca.crt, ca.key: the private key does not fit the certificate`,
    );
    expect(refusal({'ca.crt': leaf.certificate, 'ca.key': leaf.key})).toBe(
      `${place}ca.crt, ca.key: the certificate is not one of an authority (CA:TRUE)`,
    );
    expect(refusal({'ca.crt': ca.certificate, 'ca.key': ca.key, 'previous-ca.crt': 'x', 'previous-ca.key': 'y'})).toBe(
      `${place}previous-ca.crt, previous-ca.key: the certificate is not an X.509 certificate in PEM`,
    );
    for (const body of [undefined, 'text', {data: null}, {data: {'ca.crt': 3, 'ca.key': '%%%'}}]) {
      expect(() => readAuthorities(body, name)).toThrow('data["ca.crt"] is missing or not base64');
    }
  });
});

describe('an authority in time', () => {
  let old: Authority;
  let young: Authority;
  beforeAll(async () => {
    [old, young] = [await living(0, 90), await living(61, 151)];
  });

  it('is due when less than a third of its life is left', () => {
    const record = {newest: old, isOurs: true};
    expect(isDue(record, at(60))).toBe(false);
    expect(isDue(record, new Date(at(60).getTime() + 1000))).toBe(true);
    expect(isDue(record, at(100))).toBe(true);
    expect(isDue({newest: young, previous: old, isOurs: true}, at(80))).toBe(false);
  });

  it('signs at once where it is alone, and otherwise when everybody has heard of it', () => {
    const both = {newest: young, previous: old, isOurs: true};
    expect(signerOf({newest: young, isOurs: true}, at(61), DAY)).toBe(young);
    expect(signerOf(both, at(61.9), DAY)).toBe(old);
    expect(signerOf(both, at(62), DAY)).toBe(young);
    // Too late for being careful.
    expect(signerOf(both, at(90), 60 * DAY)).toBe(young);
  });

  it('is trusted until it ends', () => {
    const names = (record: Parameters<typeof bundleOf>[0], now: Date): readonly string[] =>
      readCertificates(bundleOf(record, now)).map(({subject}) => subject);
    const [oldName] = names({newest: old, isOurs: true}, at(1));
    const [youngName] = names({newest: young, isOurs: true}, at(62));
    const both = {newest: young, previous: old, isOurs: true};
    expect(names(both, at(89))).toEqual([youngName, oldName]);
    expect(names(both, at(90))).toEqual([youngName]);
  });
});
