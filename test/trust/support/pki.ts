/** Authorities and certificates for tests: valid now, unless a test wants something else. */
import {generate} from 'selfsigned';
import {type KeyPair, issueCertificate, makeAuthority, type Validity} from '../../../src/trust/authority.ts';

const HOUR = 3_600_000;

/** Hours from now. */
export const hours = (from: number, to: number): Validity => ({
  notBefore: new Date(Date.now() + from * HOUR),
  notAfter: new Date(Date.now() + to * HOUR),
});

export const authority = (validity = hours(-1, 24)): Promise<KeyPair> => makeAuthority(validity);

/** Of a server on this machine. */
export const serverPair = (ca: KeyPair, validity = hours(-1, 2)): Promise<KeyPair> =>
  issueCertificate(ca, {...validity, hosts: ['localhost', '127.0.0.1']});

/** Of somebody who connects to a server. */
export async function clientPair(ca: KeyPair): Promise<KeyPair> {
  const {cert, private: key} = await generate([{name: 'commonName', value: 'proxy'}], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: {cert: ca.certificate, key: ca.key},
    extensions: [
      {name: 'keyUsage', digitalSignature: true},
      {name: 'extKeyUsage', clientAuth: true},
    ],
  });
  return {certificate: cert, key};
}
