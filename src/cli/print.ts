import {once} from 'node:events';
import {dump} from 'js-yaml';

/** Text is handed over in pieces of about this many characters. */
const pieceSize = 256 * 1024;

/** Writes to standard output in large pieces and waits where the reader is slow. */
export async function print(parts: Iterable<string>): Promise<void> {
  let piece: string[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const text = piece.join('');
    piece = [];
    size = 0;
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
  };
  for (const part of parts) {
    piece.push(part);
    size += part.length;
    if (size >= pieceSize) await flush();
  }
  await flush();
}

/** One YAML document; never folded, so that long values stay on one line. */
export const toYaml = (value: unknown): string => dump(value, {lineWidth: -1, noRefs: true});

/** A JSON object of lists, one item a line: `{"a":[\n…,\n…],\n"b":[]}`. */
export function* jsonLists(lists: Readonly<Record<string, Iterable<unknown>>>): Generator<string> {
  yield '{';
  let first = true;
  for (const [name, items] of Object.entries(lists)) {
    yield `${first ? '' : ',\n'}${JSON.stringify(name)}:[`;
    first = false;
    let separator = '\n';
    for (const item of items) {
      yield separator;
      yield JSON.stringify(item);
      separator = ',\n';
    }
    yield ']';
  }
  yield '}\n';
}

/** The same as YAML. */
export function* yamlLists(lists: Readonly<Record<string, Iterable<unknown>>>): Generator<string> {
  for (const [name, items] of Object.entries(lists)) {
    let empty = true;
    for (const item of items) {
      if (empty) yield `${name}:\n`;
      empty = false;
      yield toYaml([item]);
    }
    if (empty) yield `${name}: []\n`;
  }
}
