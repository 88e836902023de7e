/** Keys, certificates and tokens of one cluster, made anew each time and used nowhere else. */
import {generateKeyPair, randomBytes} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {generate} from 'selfsigned';
import {nodeAddress} from './network.ts';

/** What kube-apiserver is reached by; the last one is that of the Service `kubernetes`. */
const apiServerAddresses = ['127.0.0.1', nodeAddress, '10.96.0.1'];

/** All but the tokens are paths. */
export type Keys = {
  readonly ca: string;
  readonly serving: {readonly certificate: string; readonly key: string};
  readonly kubeletClient: {readonly certificate: string; readonly key: string};
  readonly kubeletServing: {readonly certificate: string; readonly key: string};
  readonly serviceAccount: {readonly privateKey: string; readonly publicKey: string};
  /** `TOKEN,admin,1,system:masters`, for --token-auth-file. */
  readonly tokens: string;
  readonly adminToken: string;
};

export async function makeKeys(folder: string): Promise<Keys> {
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, {mode: 0o600});
    return file;
  };
  const common = {keyType: 'ec', algorithm: 'sha256'} as const;
  const ca = await generate([{name: 'commonName', value: 'rig-ca'}], {
    ...common,
    extensions: [
      {name: 'basicConstraints', cA: true, critical: true},
      {name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true},
    ],
  });
  type Usage = {readonly serverAuth?: boolean; readonly clientAuth?: boolean};
  const issue = async (file: string, name: Record<string, string>, usage: Usage, ips: readonly string[]) => {
    const fields = Object.entries(name).map(([field, value]) => ({name: field, value}));
    const names = ['localhost', 'kubernetes.default.svc'].map((value) => ({type: 2 as const, value}));
    const made = await generate(fields, {
      ...common,
      ca: {key: ca.private, cert: ca.cert},
      extensions: [
        {name: 'keyUsage', digitalSignature: true},
        {name: 'extKeyUsage', ...usage},
        {name: 'subjectAltName', altNames: [...names, ...ips.map((ip) => ({type: 7 as const, ip}))]},
      ],
    });
    return {certificate: write(`${file}.crt`, made.cert), key: write(`${file}.key`, made.private)};
  };
  const {privateKey, publicKey} = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: {type: 'spki', format: 'pem'},
    privateKeyEncoding: {type: 'pkcs1', format: 'pem'},
  });
  const adminToken = randomBytes(16).toString('hex');
  const client = {commonName: 'kubelet-client', organizationName: 'system:masters'};
  return {
    ca: write('ca.crt', ca.cert),
    serving: await issue('apiserver', {commonName: 'kube-apiserver'}, {serverAuth: true}, apiServerAddresses),
    kubeletClient: await issue('kubelet-client', client, {clientAuth: true}, []),
    kubeletServing: await issue('kubelet', {commonName: 'kubelet'}, {serverAuth: true}, ['127.0.0.1']),
    serviceAccount: {
      privateKey: write('service-account.key', privateKey),
      publicKey: write('service-account.pub', publicKey),
    },
    tokens: write('tokens.csv', `${adminToken},admin,1,system:masters\n`),
    adminToken,
  };
}
