/** One thing an API server would refuse an object for. */
export type Violation = {
  readonly path: Path;
  /** A clause without subject or full stop: `is required`, `must be an integer, is "x"`. */
  readonly message: string;
};

/** Field names and list indices from the top of the object. */
export type Path = readonly (string | number)[];

/** `spec.rules[0].matches[1].path`; keys that are no plain names are quoted: `metadata.labels["a/b"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

const MAX_SHOWN = 60;

/** A value inside a message, cut where it is long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}
