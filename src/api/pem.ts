/** PEM (RFC 7468) and base64, as far as certificates and keys need it. */

export type PemBlock = {readonly label: string; readonly bytes: Uint8Array};

/** Bytes of base64 text, which may hold white space; undefined where it is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replaceAll(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 !== 0) return undefined;
  return Uint8Array.from(atob(compact), (character) => character.charCodeAt(0));
}

/** The blocks in order of the text, or what is wrong with it. Text around the blocks is allowed. */
export function parsePem(text: string): readonly PemBlock[] | string {
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const [, label = ''] = found;
    const footer = `-----END ${label}-----`;
    const end = text.indexOf(footer, begin.lastIndex);
    if (end < 0) return `the ${label} block has no end`;
    const body = text.slice(begin.lastIndex, end);
    // Old key formats put headers before the data, such as `Proc-Type: 4,ENCRYPTED`.
    if (body.includes(':')) return `the ${label} block is encrypted or has headers`;
    const bytes = decodeBase64(body);
    if (bytes === undefined) return `the ${label} block is not base64`;
    blocks.push({label, bytes});
    begin.lastIndex = end + footer.length;
  }
  return blocks.length === 0 ? 'there is no PEM block in it' : blocks;
}
