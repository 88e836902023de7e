/** JSON of a manifest: JSON.parse for speed; a reader of our own for what it does not say: where, how deep, twice. */
import {JsonReader} from './json-reader.ts';
import {endOfString, MAX_DEPTH, type ParsedText} from './text.ts';

/** Parses a whole text. Duplicate keys and deep nesting are faults. */
export function parseJson(text: string): ParsedText {
  try {
    const value: unknown = JSON.parse(text);
    const {depth, keys} = measure(text);
    if (depth <= MAX_DEPTH && keys === countKeys(value)) return {value};
  } catch {
    // The engine's own message differs between versions and often has no position.
  }
  const {fault} = new JsonReader(text).read([]);
  return {fault: fault ?? {message: 'invalid JSON', offset: 0}};
}

/** Depth and number of keys of a legal JSON text, without building anything. */
function measure(text: string): {depth: number; keys: number} {
  let level = 0;
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x3a: // :
        keys++;
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++level > depth) depth = level;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        level--;
        break;
      default:
    }
  }
  return {depth, keys};
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += countKeys(item);
    return keys;
  }
  for (const child of Object.values(value)) keys += 1 + countKeys(child);
  return keys;
}
