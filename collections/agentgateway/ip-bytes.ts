/** Addresses as the bytes that Workloads and Services carry. */
import {isIpAddress} from '../../src/api/ip-address.ts';

/** Four or sixteen bytes in network order; undefined where the text is no IP address (a proxy refuses other lengths). */
export function ipBytes(text: string): Uint8Array | undefined {
  if (!isIpAddress(text)) return undefined;
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail] = embeddedAsHex(text).split('::');
  const front = groups(head);
  const back = groups(tail ?? '');
  const zeros = Array.from({length: 8 - front.length - back.length}, () => 0);
  return Uint8Array.from([...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff]));
}

const groups = (text: string): readonly number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));

/** `::ffff:10.0.0.1` with its last four bytes as two groups. */
function embeddedAsHex(text: string): string {
  const start = text.lastIndexOf(':') + 1;
  const last = text.slice(start);
  if (!last.includes('.')) return text;
  const [a = 0, b = 0, c = 0, d = 0] = last.split('.').map(Number);
  return `${text.slice(0, start)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
