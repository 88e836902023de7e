import {sha256} from '@noble/hashes/sha2.js';
import {bytesToHex, utf8ToBytes} from '@noble/hashes/utils.js';

/** Names of Services and values of labels are no longer. */
const longest = 63;

/**
 * What the objects of a Gateway are called, and what their labels call it: its own name where that can be the name of a
 * Service, otherwise one made of it, with a hash of it at the end. Two Gateways of a namespace never share one.
 */
export function infraName(gateway: string): string {
  if (gateway.length <= longest && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(gateway)) return gateway;
  const plain = gateway.replaceAll(/[^-a-z0-9]/g, '-');
  return shortened(/^[a-z]/.test(plain) ? plain : `gw-${plain}`, gateway);
}

/** A name as the value of a label. */
export const labelValue = (name: string): string => (name.length <= longest ? name : shortened(name, name));

const shortened = (text: string, hashed: string): string =>
  `${text.slice(0, 50).replace(/-+$/, '')}-${bytesToHex(sha256(utf8ToBytes(hashed))).slice(0, 12)}`;
