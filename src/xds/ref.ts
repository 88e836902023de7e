/** A resource of a scope as others name it: `type|name`. Type URLs contain no `|`. */
export const refOf = (type: string, name: string): string => `${type}|${name}`;

export function splitRef(ref: string): {readonly type: string; readonly name: string} {
  const bar = ref.indexOf('|');
  return {type: ref.slice(0, bar), name: ref.slice(bar + 1)};
}
