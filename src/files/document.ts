/** One document of a manifest: text -> valid objects and faults. Pure; lines count from the document's first. */
import {hash} from 'node:crypto';
import {groupKind, objectKey} from '../api/object.ts';
import {type Identity, identityOf} from '../schema/identity.ts';
import type {AnyObject} from '../schema/objects.ts';
import {isRecord} from '../schema/record.ts';
import {validate} from '../schema/validate.ts';
import {formatPath, type Path, type Violation} from '../schema/violation.ts';
import {guessIdentity} from './guess-identity.ts';
import {parseJson} from './json.ts';
import {JsonReader} from './json-reader.ts';
import {locateInYaml, parseYaml} from './yaml.ts';

export type DocumentResult = {
  readonly objects: readonly FoundObject[];
  /** At most MAX_FAULTS of them, and one that counts the rest. */
  readonly faults: readonly Fault[];
  /** Objects that the document means to define and fails to. */
  readonly broken: ReadonlySet<string>;
  /** It fails to define objects it does not name. */
  readonly unidentified: boolean;
  /** Kinds that Sluice does not read: `apps/v1 Deployment`. */
  readonly ignored: readonly string[];
  /** Items of a List by the hash of their text: what the document's next version need not validate again. */
  readonly validated: ReadonlyMap<string, AnyObject>;
  /** 0-based line of the document on which its content begins. */
  readonly firstLine: number;
};

export type FoundObject = {
  /** `group/Kind namespace/name`, as Identity has it. */
  readonly id: string;
  readonly object: AnyObject;
  /** `items[3]`, empty where the object is the document. */
  readonly at: string;
};

export type Fault = {
  readonly object?: string;
  readonly field?: string;
  /** 0-based line within the document. */
  readonly line: number;
  readonly message: string;
};

export type ReadOptions = {
  readonly format: 'json' | 'yaml';
  /** `validated` of what stood here before; undefined where the document is read once only. */
  readonly known: ReadonlyMap<string, AnyObject> | undefined;
};

/** Beyond this an object is refused: an API server takes no more than about 3 MiB. In characters. */
export const MAX_OBJECT_SIZE = 8 * 1024 * 1024;
/** A file that is no manifest at all would have thousands. */
const MAX_FAULTS = 20;
const MAX_LIST_DEPTH = 2;

/** Reads one document. Never throws. */
export function readDocument(text: string, {format, known}: ReadOptions): DocumentResult {
  if (format === 'yaml' && text.length > MAX_OBJECT_SIZE && !/^kind: *\w*List\s*$/m.test(text)) {
    return unreadable(text, guessIdentity(text), 0, tooLarge(text.length));
  }
  const asJson = format === 'json' || /^\s*\{/.test(text) ? parseJson(text) : undefined;
  // What begins like JSON in a YAML file may be YAML's own flow style.
  const syntax = asJson !== undefined && (format === 'json' || 'value' in asJson) ? 'JSON' : 'YAML';
  const parsed = syntax === 'JSON' && asJson !== undefined ? asJson : parseYaml(text);
  if ('fault' in parsed) {
    const identity = syntax === 'YAML' ? guessIdentity(text) : {};
    return unreadable(text, identity, lineAt(text, parsed.fault.offset), `invalid ${syntax}: ${parsed.fault.message}`);
  }
  const reader = new ItemReader(text, syntax, known);
  // An explicit null is a document that holds nothing.
  if (parsed.value !== null && parsed.value !== undefined) reader.read({value: parsed.value, path: []}, 0);
  return reader.result();
}

function unreadable(text: string, identity: Identity, line: number, message: string): DocumentResult {
  const {id, object} = identity;
  return {
    objects: [],
    faults: [{...(object === undefined ? {} : {object}), line, message}],
    broken: new Set(id === undefined ? [] : [id]),
    unidentified: id === undefined,
    ignored: [],
    validated: new Map(),
    firstLine: firstLine(text),
  };
}

type Item = {readonly value: unknown; readonly path: Path};

class ItemReader {
  readonly #text: string;
  readonly #syntax: 'JSON' | 'YAML';
  readonly #known: ReadonlyMap<string, AnyObject> | undefined;
  readonly #objects: FoundObject[] = [];
  readonly #faults: {readonly fault: Omit<Fault, 'line'>; readonly path: Path}[] = [];
  readonly #broken = new Set<string>();
  readonly #ignored = new Set<string>();
  readonly #validated = new Map<string, AnyObject>();
  #unidentified = false;

  constructor(text: string, syntax: 'JSON' | 'YAML', known: ReadonlyMap<string, AnyObject> | undefined) {
    this.#text = text;
    this.#syntax = syntax;
    this.#known = known;
  }

  result(): DocumentResult {
    return {
      objects: this.#objects,
      faults: this.#placedFaults(),
      broken: this.#broken,
      unidentified: this.#unidentified,
      ignored: [...this.#ignored],
      validated: this.#validated,
      firstLine: firstLine(this.#text),
    };
  }

  /** Reads an object, or the items of a List, which may be typed. */
  read({path, value}: Item, depth: number): void {
    const items = isRecord(value) ? itemsOf(value) : undefined;
    if (items === undefined || depth > MAX_LIST_DEPTH) this.#object({path, value});
    else items.forEach((item, index) => this.read({value: item, path: [...path, 'items', index]}, depth + 1));
  }

  #object({path, value}: Item): void {
    const isItem = path.length > 0;
    const keyed = isItem && this.#known !== undefined;
    const text = keyed || this.#text.length > MAX_OBJECT_SIZE ? JSON.stringify(value) : '';
    const key = keyed ? hash('sha1', text, 'base64') : undefined;
    const known = key === undefined ? undefined : this.#known?.get(key);
    if (text.length > MAX_OBJECT_SIZE) {
      this.#refuse(identityOf(value), path, [{path: [], message: tooLarge(text.length)}]);
      return;
    }
    const identity = known === undefined ? identityOf(value) : {};
    const result = known === undefined ? validate(value) : ({is: 'valid', object: known} as const);
    switch (result.is) {
      case 'valid': {
        const {object} = result;
        if (key !== undefined) this.#validated.set(key, object);
        this.#objects.push({id: `${groupKind(object)} ${objectKey(object)}`, object, at: formatPath(path)});
        return;
      }
      case 'ignored':
        this.#ignored.add(`${result.apiVersion} ${result.kind}`);
        return;
      case 'invalid':
        this.#refuse(identity, path, result.violations);
        return;
    }
  }

  #refuse({id, object}: Identity, at: Path, violations: readonly Violation[]): void {
    if (id === undefined) this.#unidentified = true;
    else this.#broken.add(id);
    for (const violation of violations) {
      const path = [...at, ...violation.path];
      const field = formatPath(path);
      const named = {...(object === undefined ? {} : {object}), ...(field === '' ? {} : {field})};
      this.#faults.push({path, fault: {...named, message: violation.message}});
    }
  }

  /** Lines are looked up last, in one go: that takes another parse. */
  #placedFaults(): Fault[] {
    if (this.#faults.length === 0) return [];
    const shown = this.#faults.slice(0, MAX_FAULTS);
    const paths = shown.map(({path}) => path);
    const offsets =
      this.#syntax === 'JSON' ? new JsonReader(this.#text).read(paths).offsets : locateInYaml(this.#text, paths);
    const faults = shown.map(({fault}, index): Fault => ({...fault, line: lineAt(this.#text, offsets[index] ?? 0)}));
    const hidden = this.#faults.length - shown.length;
    if (hidden > 0) faults.push({line: firstLine(this.#text), message: `${hidden} more problems in this document`});
    return faults;
  }
}

/** The items of a `List` or a typed one (`HTTPRouteList`), whose items need not repeat apiVersion and kind. */
function itemsOf(value: Readonly<Record<string, unknown>>): unknown[] | undefined {
  const {apiVersion, items, kind} = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return undefined;
  const itemKind = kind.slice(0, -'List'.length);
  return itemKind === ''
    ? items
    : items.map((item: unknown) => (isRecord(item) ? {apiVersion, kind: itemKind, ...item} : item));
}

function firstLine(text: string): number {
  return lineAt(text, /^[ \t]*(?!---[ \t\r\n])[^\s#]/m.exec(text)?.index ?? 0);
}

function lineAt(text: string, offset: number): number {
  let line = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function tooLarge(size: number): string {
  const mebibytes = (characters: number): string => `${(characters / 1024 / 1024).toFixed(1)} MiB`;
  return `the object is too large: ${mebibytes(size)}, the limit is ${mebibytes(MAX_OBJECT_SIZE)}`;
}
