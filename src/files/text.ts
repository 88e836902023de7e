/** What the readers of YAML and JSON share. */

/** Where a text is no legal manifest. `offset` counts UTF-16 units from its start. */
export type SyntaxFault = {readonly message: string; readonly offset: number};

export type ParsedText = {readonly value: unknown} | {readonly fault: SyntaxFault};

/** Deeper than any Kubernetes object; recursion over accepted values needs no guard of its own. */
export const MAX_DEPTH = 64;

/** Index of the closing quote of the JSON string that opens at `start`; the length of the text where there is none. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}
