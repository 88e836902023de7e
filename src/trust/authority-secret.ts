/**
 * The Secret that holds the authority of a Sluice and all its replicas: which of its certificates sign, which are
 * trusted, and when it is time for another one. Pure but for reading certificates.
 */
import {createPrivateKey, X509Certificate} from 'node:crypto';
import {decodeBase64} from '../api/pem.ts';
import {isRecord} from '../schema/record.ts';
import type {KeyPair} from './authority.ts';
import {joinPem} from './certificates.ts';
import {TrustError} from './trust-source.ts';

/** An authority, and when it is valid. */
export type Authority = KeyPair & {readonly notBefore: Date; readonly notAfter: Date};

export type AuthorityRecord = {
  readonly newest: Authority;
  /** The one before, which signs until everybody has heard of the newest, and is trusted until it ends. */
  readonly previous?: Authority;
  /** Made by us, so that we may replace it. Others are used as they are. */
  readonly isOurs: boolean;
  readonly resourceVersion?: string;
};

export type SecretName = {readonly namespace: string; readonly name: string};

/** Label of Secrets that are ours. */
const managedBy = {key: 'app.kubernetes.io/managed-by', value: 'sluice'};

const keys = {
  newest: {certificate: 'ca.crt', key: 'ca.key'},
  previous: {certificate: 'previous-ca.crt', key: 'previous-ca.key'},
  /** What cert-manager makes of a Certificate with `isCA`. */
  foreign: {certificate: 'tls.crt', key: 'tls.key'},
} as const;

/** Throws TrustError where it holds no authority; the message says which key of the Secret is wrong, and not what it is. */
export function readAuthorities(secret: unknown, {namespace, name}: SecretName): AuthorityRecord {
  const {metadata, data} = isRecord(secret) ? secret : {};
  const {labels, resourceVersion} = isRecord(metadata) ? metadata : {};
  const texts = textsOf(data);
  const place = `Secret ${namespace}/${name}`;
  const newest = texts.has(keys.newest.key) || !texts.has(keys.foreign.key) ? keys.newest : keys.foreign;
  return {
    newest: authorityIn(texts, newest, place),
    ...(texts.has(keys.previous.certificate) && {previous: authorityIn(texts, keys.previous, place)}),
    isOurs: isRecord(labels) && labels[managedBy.key] === managedBy.value,
    ...(typeof resourceVersion === 'string' && {resourceVersion}),
  };
}

/** The object to create, or to put in the place of the one that was read. */
export function authoritySecret({namespace, name}: SecretName, record: AuthorityRecord): object {
  const {newest, previous, resourceVersion} = record;
  const data = {...encoded(keys.newest, newest), ...(previous && encoded(keys.previous, previous))};
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      namespace,
      name,
      labels: {[managedBy.key]: managedBy.value},
      ...(resourceVersion !== undefined && {resourceVersion}),
    },
    type: 'Opaque',
    data,
  };
}

/** Throws TrustError. */
export function authorityOf({certificate, key}: KeyPair, place = 'the authority'): Authority {
  const found = attempt(() => new X509Certificate(certificate));
  if (found === undefined) throw new TrustError(`${place}: the certificate is not an X.509 certificate in PEM`);
  if (!found.ca) throw new TrustError(`${place}: the certificate is not one of an authority (CA:TRUE)`);
  const secret = attempt(() => createPrivateKey(key));
  if (secret === undefined) throw new TrustError(`${place}: the key is not a private key in PEM, or it is encrypted`);
  if (!found.checkPrivateKey(secret)) throw new TrustError(`${place}: the private key does not fit the certificate`);
  return {certificate, key, notBefore: new Date(found.validFrom), notAfter: new Date(found.validTo)};
}

/**
 * Which of them signs at a time: the newest only once every proxy has had the time to be told to trust it. Every replica
 * comes to the same answer, whenever it was started.
 */
export function signerOf({newest, previous}: AuthorityRecord, now: Date, settleMs: number): Authority {
  const isSettled = now.getTime() - newest.notBefore.getTime() >= settleMs;
  return previous === undefined || isSettled || now >= previous.notAfter ? newest : previous;
}

/** PEM of all that is to be trusted. */
export function bundleOf({newest, previous}: AuthorityRecord, now: Date): string {
  const old = previous !== undefined && now < previous.notAfter ? [previous.certificate] : [];
  return joinPem([newest.certificate, ...old]);
}

/** Less than a third of its life is left. */
export function isDue({newest: {notBefore, notAfter}}: AuthorityRecord, now: Date): boolean {
  return notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / 3;
}

type Keys = {readonly certificate: string; readonly key: string};

function authorityIn(texts: ReadonlyMap<string, string>, names: Keys, place: string): Authority {
  const [certificate, key] = [texts.get(names.certificate), texts.get(names.key)];
  for (const [name, text] of [
    [names.certificate, certificate],
    [names.key, key],
  ]) {
    if (text === undefined) throw new TrustError(`${place}: data[${JSON.stringify(name)}] is missing or not base64`);
  }
  return authorityOf({certificate: certificate ?? '', key: key ?? ''}, `${place}: ${names.certificate}, ${names.key}`);
}

function textsOf(data: unknown): ReadonlyMap<string, string> {
  const entries = Object.entries(isRecord(data) ? data : {}).flatMap(([name, value]) => {
    const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
    return bytes === undefined ? [] : [[name, Buffer.from(bytes).toString('utf8')] as const];
  });
  return new Map(entries);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const encoded = (names: Keys, {certificate, key}: KeyPair): Readonly<Record<string, string>> => ({
  [names.certificate]: base64(certificate),
  [names.key]: base64(key),
});

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
