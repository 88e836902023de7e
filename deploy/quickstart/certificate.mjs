/**
 * Writes a Secret with a self-signed certificate for localhost, unless there is one that lasts another week. No key is
 * kept in the repository. Usage: node certificate.mjs FILE
 */
import {X509Certificate} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {generate} from 'selfsigned';

const [, , file = 'localhost-tls.yaml'] = process.argv;
const days = 86_400_000;

if (lasts(file, 7 * days)) process.exit(0);
const {cert, private: key} = await generate([{name: 'commonName', value: 'localhost'}], {
  keyType: 'ec',
  curve: 'P-256',
  algorithm: 'sha256',
  notBeforeDate: new Date(Date.now() - 3_600_000),
  notAfterDate: new Date(Date.now() + 365 * days),
  extensions: [
    {name: 'basicConstraints', cA: true, critical: true},
    {
      name: 'subjectAltName',
      altNames: [
        {type: 2, value: 'localhost'},
        {type: 2, value: '*.localhost'},
        {type: 7, ip: '127.0.0.1'},
      ],
    },
  ],
});
const base64 = (text) => Buffer.from(text).toString('base64');
mkdirSync(dirname(file), {recursive: true});
writeFileSync(
  `${file}.new`,
  `# Made by certificate.mjs, for this machine alone.
apiVersion: v1
kind: Secret
metadata:
  name: localhost-tls
  namespace: default
type: kubernetes.io/tls
data:
  tls.crt: ${base64(cert)}
  tls.key: ${base64(key)}
`,
  {mode: 0o600},
);
renameSync(`${file}.new`, file);
console.log(`a self-signed certificate for localhost is in ${file}`);

function lasts(path, ms) {
  if (!existsSync(path)) return false;
  try {
    const [, encoded = ''] = /tls\.crt: (\S+)/.exec(readFileSync(path, 'utf8')) ?? [];
    return Date.parse(new X509Certificate(Buffer.from(encoded, 'base64')).validTo) > Date.now() + ms;
  } catch {
    return false;
  }
}
