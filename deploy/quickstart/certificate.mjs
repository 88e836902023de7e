/**
 * Writes a Secret with a self-signed certificate for localhost, unless there is one that lasts another week. No key is
 * kept in the repository. Usage: node certificate.mjs FILE
 */
import {generateKeyPairSync, randomBytes, sign, X509Certificate} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';

const [, , file = 'localhost-tls.yaml'] = process.argv;
const days = 86_400_000;

if (lasts(file, 7 * days)) process.exit(0);
const {certificate, key} = selfSigned('localhost', ['localhost', '*.localhost'], [[127, 0, 0, 1]], 365 * days);
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
  tls.crt: ${base64(certificate)}
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

/** An X.509 v3 certificate (RFC 5280), P-256 with ECDSA and SHA-256, and its key; both in PEM. */
function selfSigned(commonName, names, addresses, lifetimeMs) {
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const algorithm = sequence(oid('1.2.840.10045.4.3.2')); // ecdsa-with-SHA256
  const name = sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));
  const alternatives = sequence(
    ...names.map((dnsName) => der(0x82, Buffer.from(dnsName))),
    ...addresses.map((address) => der(0x87, Buffer.from(address))),
  );
  const authority = sequence(der(0x01, Buffer.from([0xff])));
  const tbs = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name,
    sequence(utcTime(Date.now() - 3_600_000), utcTime(Date.now() + lifetimeMs)),
    name,
    publicKey.export({format: 'der', type: 'spki'}),
    der(0xa3, sequence(extension('2.5.29.17', alternatives), extension('2.5.29.19', authority))),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', tbs, privateKey)]));
  const certificate = sequence(tbs, algorithm, signature)
    .toString('base64')
    .match(/.{1,64}/g);
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({format: 'pem', type: 'pkcs8'}),
  };
}

/** Tag, length, value (X.690, DER). */
function der(tag, value) {
  const size = [];
  for (let rest = value.length; rest > 0; rest >>= 8) size.unshift(rest & 0xff);
  const length = value.length < 0x80 ? [value.length] : [0x80 | size.length, ...size];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}
function sequence(...parts) {
  return der(0x30, Buffer.concat(parts));
}
function set(...parts) {
  return der(0x31, Buffer.concat(parts));
}
function integer(bytes) {
  return der(0x02, bytes);
}
function extension(id, value) {
  return sequence(oid(id), der(0x04, value));
}
/** `YYMMDDHHMMSSZ`: enough until 2049. */
function utcTime(ms) {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/\D/g, '')}Z`));
}
function oid(text) {
  const [first, second, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let high = part >> 7; high > 0; high >>= 7) groups.unshift(0x80 | (high & 0x7f));
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}
