/** A reader of DER (X.690), enough to look into certificates and keys. */

export type DerValue = {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Position after the value in the bytes it was read from. */
  readonly end: number;
};

export const derTag = {integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, sequence: 0x30} as const;

/** The value that starts at `offset`, or undefined where tag, length and bytes do not fit each other. */
export function readDer(bytes: Uint8Array, offset = 0): DerValue | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) {
      const byte = bytes[start + i];
      if (byte === undefined) return undefined;
      length = length * 256 + byte;
    }
    start += count;
  }
  const end = start + length;
  return end > bytes.length ? undefined : {tag, content: bytes.subarray(start, end), end};
}

/** The values inside a constructed value, or undefined where they do not fill it exactly. */
export function readDerItems(content: Uint8Array): readonly DerValue[] | undefined {
  const items: DerValue[] = [];
  for (let offset = 0; offset < content.length;) {
    const item = readDer(content, offset);
    if (item === undefined) return undefined;
    items.push(item);
    offset = item.end;
  }
  return items;
}

/** The items of a SEQUENCE that makes up all of `bytes`. */
export function readDerSequence(bytes: Uint8Array): readonly DerValue[] | undefined {
  const outer = readDer(bytes);
  if (outer === undefined || outer.tag !== derTag.sequence || outer.end !== bytes.length) return undefined;
  return readDerItems(outer.content);
}
