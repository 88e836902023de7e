/** Secrets in every form in which they could get into a text. */
import {createPrivateKey} from 'node:crypto';

/** Characters or bytes: long enough that nothing has them by chance. */
const LENGTH = 24;

/**
 * Pieces of a secret of which none may be in a text that everybody may read. Of a private key on a curve only the secret
 * number counts: the other half is in its certificate.
 */
export function needlesOf(secret: string): readonly string[] {
  if (!secret.includes('-----BEGIN')) return formsOf(Buffer.from(secret)).concat(secret);
  const key = createPrivateKey(secret);
  const number = Buffer.from(key.export({format: 'jwk'}).d ?? '', 'base64url');
  const der = key.export({format: 'der', type: 'pkcs8'});
  const at = der.indexOf(number);
  if (number.length < LENGTH || at < 0) throw new Error('this key is not one of a curve');
  // Where the number is in the lines of the PEM text, which are encoded once more in a Secret.
  const text = der.toString('base64');
  const [from, to] = [Math.ceil(((at + 2) * 4) / 3), Math.floor(((at + number.length) * 4) / 3)];
  const lines = [0, 64, 128].map((line) => text.slice(Math.max(from, line), Math.min(to, line + 64)));
  const pieces = lines.filter((line) => line.length >= LENGTH);
  return [...formsOf(number), ...pieces.flatMap((piece) => [piece, ...formsOf(Buffer.from(piece))])];
}

/** As hexadecimal digits, as a list of numbers, and in base64, which depends on how many bytes come before. */
function formsOf(bytes: Buffer): string[] {
  const encoded = [0, 1, 2].map((shift) =>
    bytes
      .subarray(shift, shift + 21)
      .toString('base64')
      .replace(/=+$/, ''),
  );
  const piece = bytes.subarray(0, 16);
  return [...encoded, piece.toString('hex'), [...piece].join(',')];
}

/** Which of the secrets, by name, are in the text in some form. */
export const found = (text: string, secrets: ReadonlyMap<string, string>): readonly string[] => {
  const compact = text.replaceAll(/\s+|\\n/g, '');
  return [...secrets]
    .filter(([, secret]) => needlesOf(secret).some((needle) => text.includes(needle) || compact.includes(needle)))
    .map(([name]) => name);
};
