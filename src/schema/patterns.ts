/** Patterns of schemas and CEL rules, matched on texts that anyone may have written. */
import {RE2JS} from 're2js';

export type Pattern = {readonly test: (text: string) => boolean; readonly toString: () => string};

/** Beyond this length a text is matched in linear time: the engine of the platform may backtrack for ever. */
const MAX_BACKTRACKING = 256;

const made = new Map<string, Pattern>();

/** Compiled once per pattern. Unanchored, RE2 syntax. */
export function patternOf(pattern: string): Pattern {
  const known = made.get(pattern) ?? make(pattern);
  made.set(pattern, known);
  return known;
}

function make(pattern: string): Pattern {
  const native = nativeOf(pattern);
  let linear: RE2JS | undefined;
  return {
    test: (text) => {
      if (native !== undefined && text.length <= MAX_BACKTRACKING) return native.test(text);
      linear ??= RE2JS.compile(pattern);
      return linear.matcher(text).find();
    },
    toString: () => pattern,
  };
}

/** Undefined where the platform does not know the syntax, such as `(?i)`. */
function nativeOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}
