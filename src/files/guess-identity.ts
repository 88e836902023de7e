import {type Identity, identityOf} from '../schema/identity.ts';

/** Manifests name themselves in their first lines. */
const LOOKED_AT = 16 * 1024;

/**
 * Which object a text that does not parse would define, from the lines that look as such lines look in manifests. So
 * a broken document of several keeps its own last good object, and only that.
 */
export function guessIdentity(text: string): Identity {
  const lines = text.slice(0, LOOKED_AT).split('\n');
  const start = lines.findIndex((line) => line.startsWith('metadata:'));
  const metadata = start < 0 ? [] : lines.slice(start + 1);
  const end = metadata.findIndex((line) => /^[^\s#]/.test(line));
  const inside = end < 0 ? metadata : metadata.slice(0, end);
  const indent = /^[ \t]+(?=\S)/.exec(inside.find((line) => line.trim() !== '') ?? '')?.[0] ?? ' ';
  return identityOf({
    apiVersion: scalarOf(lines, 'apiVersion:'),
    kind: scalarOf(lines, 'kind:'),
    metadata: {name: scalarOf(inside, `${indent}name:`), namespace: scalarOf(inside, `${indent}namespace:`)},
  });
}

function scalarOf(lines: readonly string[], start: string): string | undefined {
  const line = lines.find((text) => text.startsWith(start));
  return /^[ \t]+["']?([\w./-]+)["']?[ \t]*(?:#.*)?\r?$/.exec(line?.slice(start.length) ?? '')?.[1];
}
