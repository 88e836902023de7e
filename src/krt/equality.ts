/**
 * Structural equality of rows: plain objects, arrays, byte arrays and primitives. A property that is undefined equals
 * an absent one. Rows are trees of plain data; functions and class instances are compared by identity. Never throws:
 * what cannot be compared to the end, such as an object that contains itself, counts as different.
 */
export function structurallyEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  try {
    return equal(a, b);
  } catch {
    return false;
  }
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // The one value that differs from itself.
  if (typeof a === 'number') return Number.isNaN(a) && Number.isNaN(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // Nearly everything is a plain object, so that comes first.
  if (isPlain(a)) return isPlain(b) && equalObjects(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(a, b);
  return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b);
}

function equalArrays(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!equal(a[i], b[i])) return false;
  }
  return true;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

function equalObjects(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  let defined = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    defined++;
    const other = b[key];
    if (value !== other && !equal(value, other)) return false;
  }
  for (const key in b) if (b[key] !== undefined) defined--;
  return defined === 0;
}

function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
