/**
 * YAML of manifests: documents apart from each other, so that a broken one costs only itself, and scalars read as
 * kubectl reads them (`yes` and `on` are booleans, `<<` merges).
 */
import {
  boolYaml11Tag,
  constructFromEvents,
  EVENT_ID,
  type Event,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  mapTag,
  mergeTag,
  nullCoreTag,
  parseEvents,
  Schema,
  seqTag,
  strTag,
  YAMLException,
} from 'js-yaml';
import {MAX_DEPTH, type ParsedText, type SyntaxFault} from './text.ts';

const SCHEMA = new Schema([strTag, nullCoreTag, boolYaml11Tag, intCoreTag, floatCoreTag, mergeTag, seqTag, mapTag]);

const MAX_ALIASES = 1000;
/** What a document may grow to when every alias is replaced by a copy of what it stands for. */
const MAX_EXPANDED = 100_000;

export type TextDocument = {
  readonly text: string;
  /** 1-based line of the file on which `text` begins. */
  readonly line: number;
};

/** Splits at the lines `---` and `...`. Documents that hold nothing but comments are left out. */
export function splitDocuments(text: string): TextDocument[] {
  const documents: TextDocument[] = [];
  const marker = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm;
  let start = 0;
  let line = 1;
  let directives = '';
  const take = (end: number): void => {
    const part = text.slice(start, end);
    const closing = part.startsWith('...');
    const content = closing ? part.slice(3) : part;
    if (/^%/m.test(content) && !/^[^%#\s]/m.test(content)) directives = content;
    else if (holdsSomething(content)) {
      // Directives stand before the marker; their lines must not shift the document's.
      const head = directives.split('\n').filter((directive) => directive.startsWith('%'));
      documents.push({text: head.length === 0 ? content : `${head.join('\n')}\n${content}`, line: line - head.length});
      directives = '';
    }
    line += countLines(part);
    start = end;
  };
  for (let found = marker.exec(text); found !== null; found = marker.exec(text)) {
    if (found.index > start) take(found.index);
  }
  if (start < text.length) take(text.length);
  return documents;
}

function holdsSomething(text: string): boolean {
  return /^[ \t]*[^\s#]/m.test(text.startsWith('---') ? text.slice(3) : text);
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** Parses one document. The value is a tree: aliases are replaced by copies. */
export function parseYaml(text: string): ParsedText {
  try {
    const events = parseEvents(text, {maxDepth: MAX_DEPTH});
    const aliases = events.reduce((sum, event) => (event.type === EVENT_ID.ALIAS ? sum + 1 : sum), 0);
    const [value] = constructFromEvents(events, {source: text, schema: SCHEMA, maxAliases: MAX_ALIASES});
    return {value: aliases === 0 ? value : copyTree(value, {left: MAX_EXPANDED}, 0)};
  } catch (error) {
    return {fault: faultOf(error)};
  }
}

const REASONS: Readonly<Record<string, string>> = {
  [`nesting exceeded maxDepth (${MAX_DEPTH})`]: `nested deeper than ${MAX_DEPTH} levels`,
  [`aliases exceeded maxAliases (${MAX_ALIASES})`]: `more than ${MAX_ALIASES} aliases`,
  'duplicated mapping key': 'duplicate key',
};

function faultOf(error: unknown): SyntaxFault {
  if (error instanceof YAMLException) {
    return {message: REASONS[error.reason] ?? error.reason, offset: error.mark?.position ?? 0};
  }
  return {message: error instanceof Error ? error.message : String(error), offset: 0};
}

function copyTree(value: unknown, budget: {left: number}, depth: number): unknown {
  if (--budget.left < 0) throw new Error(`aliases expand to more than ${MAX_EXPANDED} values`);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) throw new Error(`aliases nest deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => copyTree(item, budget, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copyTree(child, budget, depth + 1)]));
}

/** For each path: the offset at which its deepest part that exists begins (a key, or an entry of a list). */
export function locateInYaml(text: string, paths: readonly (readonly (string | number)[])[]): number[] {
  try {
    const events = parseEvents(text, {maxDepth: MAX_DEPTH});
    return paths.map((path) => locate(text, events, path));
  } catch {
    return paths.map(() => 0);
  }
}

function locate(text: string, events: readonly Event[], path: readonly (string | number)[]): number {
  let at = events[0]?.type === EVENT_ID.DOCUMENT ? 1 : 0;
  let offset = startOf(events[at]);
  for (const part of path) {
    const node = events[at];
    let next: {at: number; offset: number} | undefined;
    if (node?.type === EVENT_ID.MAPPING) next = entryOf(text, events, at + 1, String(part));
    else if (node?.type === EVENT_ID.SEQUENCE) next = itemOf(events, at + 1, Number(part));
    if (next === undefined) break;
    ({at, offset} = next);
  }
  return offset;
}

function entryOf(
  text: string,
  events: readonly Event[],
  first: number,
  key: string,
): {at: number; offset: number} | undefined {
  for (let at = first; ;) {
    const name = events[at];
    if (name === undefined || name.type === EVENT_ID.POP) return undefined;
    const value = after(events, at);
    if (name.type === EVENT_ID.SCALAR && getScalarValue(text, name) === key)
      return {at: value, offset: name.valueStart};
    at = after(events, value);
  }
}

function itemOf(events: readonly Event[], first: number, index: number): {at: number; offset: number} | undefined {
  let at = first;
  for (let left = index; left >= 0; left--) {
    const item = events[at];
    if (item === undefined || item.type === EVENT_ID.POP) return undefined;
    if (left === 0) return {at, offset: startOf(item)};
    at = after(events, at);
  }
  return undefined;
}

/** Index of the event that follows the node at `at`. */
function after(events: readonly Event[], at: number): number {
  let open = 0;
  for (let index = at; index < events.length; index++) {
    const type = events[index]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) open++;
    else if (type === EVENT_ID.POP) open--;
    if (open === 0) return index + 1;
  }
  return events.length;
}

function startOf(event: Event | undefined): number {
  if (event === undefined) return 0;
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return 0;
  }
}
