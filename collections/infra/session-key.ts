import {hmac} from '@noble/hashes/hmac.js';
import {sha256} from '@noble/hashes/sha2.js';
import {bytesToHex, hexToBytes, utf8ToBytes} from '@noble/hashes/utils.js';
import {decodeBase64} from '../../src/api/pem.ts';
import type {Context} from '../../src/krt/index.ts';
import {secrets, sessionSeed} from '../inputs.ts';
import type {Identity} from './identity.ts';
import {type Manifest, manifest} from './manifest.ts';

/** What proxies of one Gateway share to read each other's sessions: 32 bytes, in hexadecimal digits. */
export type SessionKey = {
  readonly secretName: string;
  readonly text: string;
  /** The same in base64, as it is stored. */
  readonly encoded: string;
};

/**
 * The key that a Gateway has, since a new one would end all sessions and start its proxies anew; or the one that it is to
 * get: different for each Gateway, and not to be known without the seed. Undefined without either.
 */
export function sessionKeyOf(ctx: Context, {namespace, name}: Identity): SessionKey | undefined {
  const secretName = `${name}-session-key`;
  const stored = ctx.get(secrets, `${namespace}/${secretName}`, ({data}) => data?.['key']);
  const bytes = stored === undefined ? undefined : decodeBase64(stored);
  if (stored !== undefined && bytes !== undefined && bytes.length > 0) {
    return {secretName, text: new TextDecoder().decode(bytes), encoded: stored};
  }
  const seed = ctx.get(sessionSeed, 'seed', ({privateKey}) => privateKey);
  if (seed === undefined) return undefined;
  const text = bytesToHex(hmac(sha256, hexToBytes(seed), utf8ToBytes(`${namespace}/${name}`)));
  return {secretName, text, encoded: btoa(text)};
}

export function sessionSecret(identity: Identity, {secretName, encoded}: SessionKey): Manifest {
  const {gatewayLabels: labels} = identity;
  const data = {key: encoded};
  return manifest(
    'v1',
    'Secret',
    {...identity, labels, annotations: {}},
    {name: secretName, body: {type: 'Opaque', data}},
  );
}
