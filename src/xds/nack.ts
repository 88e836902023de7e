/** What a NACK says. A NACK is a request with error_detail, whatever its code. */

export type Nack =
  /** The client does not say which resources: none of the response counts as accepted. */
  | {readonly kind: 'whole'}
  /** agentgateway blames by name; all others are applied, and so are those of `warnings`. */
  | {
      readonly kind: 'blamed';
      readonly errors: ReadonlyMap<string, string>;
      readonly warnings: ReadonlyMap<string, string>;
    };

/** Reads agentgateway's message: a JSON array of `{key, error}` and `{key, warn}`. Anything else blames the whole. */
export function readBlame(message: string): Nack {
  const errors = new Map<string, string>();
  const warnings = new Map<string, string>();
  for (const entry of parseArray(message)) {
    if (typeof entry !== 'object' || entry === null || !('key' in entry) || typeof entry.key !== 'string') {
      return {kind: 'whole'};
    }
    if ('error' in entry) errors.set(entry.key, String(entry.error));
    else if ('warn' in entry) warnings.set(entry.key, String(entry.warn));
    else return {kind: 'whole'};
  }
  return errors.size + warnings.size === 0 ? {kind: 'whole'} : {kind: 'blamed', errors, warnings};
}

function parseArray(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
