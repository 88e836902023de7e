/**
 * What all manifest files together say, as a state machine over (path, content): pure, no file system. Keeps last good
 * objects of what is broken, lets the first of two definitions win, counts generations, and tells every problem once.
 */
import {hash} from 'node:crypto';
import {isDeepStrictEqual} from 'node:util';
import type {Problem} from '../api/problem.ts';
import type {AnyObject} from '../schema/objects.ts';
import {type DocumentResult, readDocument} from './document.ts';
import {splitDocuments} from './yaml.ts';

/** Where a file stands: files with the lower root come first, then the lower path. */
export type ManifestFile = {
  /** Absolute; the identity of the file. */
  readonly path: string;
  /** What to call it in problems. */
  readonly shown: string;
  /** Index of the configured path under which it was found. */
  readonly root: number;
};

export type FileContent =
  | {readonly is: 'text'; readonly text: string}
  /** It cannot be read at all: what it defined stays. */
  | {readonly is: 'failed'; readonly message: string};

export type Removed = {readonly groupKind: string; readonly key: string};
export type Changes = {
  readonly set: readonly AnyObject[];
  readonly removed: readonly Removed[];
  /** Problems that were not there before. */
  readonly problems: readonly Problem[];
};

/** One definition of an object. */
type Claim = {
  readonly id: string;
  readonly object: AnyObject;
  readonly file: ManifestFile;
  /** 1-based document and line. */
  readonly document: number;
  readonly line: number;
  readonly at: string;
};

type FileState = {
  readonly file: ManifestFile;
  readonly hash: string;
  /** By the hash of the document's text. */
  readonly documents: ReadonlyMap<string, DocumentResult>;
  readonly claims: readonly Claim[];
  readonly told: readonly Told[];
};

/** A problem, and what makes it the same problem as before: where and what, and the text it was found in. */
type Told = {readonly key: string; readonly problem: Problem};

type Live = {readonly claim: Claim; readonly object: AnyObject};

const FAILED = 'failed';

export class ManifestFiles {
  readonly #files = new Map<string, FileState>();
  readonly #claims = new Map<string, Claim[]>();
  readonly #live = new Map<string, Live>();
  /** Ids whose claims changed since the last commit. */
  readonly #touched = new Set<string>();
  readonly #contested = new Set<string>();
  readonly #rereads: boolean;
  readonly #note: (text: string) => void;
  #told: ReadonlyMap<string, Problem> = new Map();

  /** `rereads`: files may come again, so remember what makes that cheap. `note` hears of kinds passed over. */
  constructor(options: {readonly rereads: boolean; readonly note?: (text: string) => void}) {
    this.#rereads = options.rereads;
    this.#note = options.note ?? (() => undefined);
  }

  /** Paths of the files that say anything, or cannot be read. */
  paths(): string[] {
    return [...this.#files.keys()];
  }

  /** True where the file holds objects. */
  defines(path: string): boolean {
    return (this.#files.get(path)?.claims.length ?? 0) > 0;
  }

  /** Takes a file's content over. Equal content changes nothing. */
  update(file: ManifestFile, content: FileContent): void {
    const former = this.#files.get(file.path);
    if (content.is === 'failed') {
      const key = `${file.path}\n${content.message}`;
      const problem: Problem = {file: file.shown, document: 0, message: content.message};
      const kept = former?.claims ?? [];
      this.#replace(former, {file, hash: FAILED, documents: new Map(), claims: kept, told: [{key, problem}]});
      return;
    }
    const digest = this.#rereads ? hash('sha1', content.text, 'base64') : '';
    if (former !== undefined && former.hash === digest && former.file.root === file.root) return;
    this.#replace(former, this.#read(file, content.text, digest, former));
  }

  /** The file is gone, and with it what it defined. */
  remove(path: string): void {
    const former = this.#files.get(path);
    if (former === undefined) return;
    this.#files.delete(path);
    this.#unclaim(former);
  }

  /** Net changes since the last commit. Objects equal to what was told before are not told again. */
  commit(): Changes {
    const set: AnyObject[] = [];
    const removed: Removed[] = [];
    for (const id of this.#touched) {
      const claims = this.#claims.get(id) ?? [];
      if (claims.length > 1) this.#contested.add(id);
      else this.#contested.delete(id);
      const [winner] = claims;
      const live = this.#live.get(id);
      if (winner === undefined) {
        if (live === undefined) continue;
        this.#live.delete(id);
        const [groupKind = '', key = ''] = id.split(' ');
        removed.push({groupKind, key});
      } else if (live === undefined || !isDeepStrictEqual(live.claim.object, winner.object)) {
        const object = withGeneration(winner.object, live);
        this.#live.set(id, {claim: winner, object});
        set.push(object);
      }
    }
    this.#touched.clear();

    const all = new Map(this.#allTold().map(({key, problem}) => [key, problem]));
    const problems = [...all].filter(([key]) => !this.#told.has(key)).map(([, problem]) => problem);
    this.#told = all;
    return {set, removed, problems};
  }

  /** As of the last commit, in the order of files and documents. */
  problems(): readonly Problem[] {
    return [...this.#told.values()];
  }

  #read(file: ManifestFile, text: string, digest: string, former: FileState | undefined): FileState {
    const format = file.path.endsWith('.json') ? 'json' : 'yaml';
    const parts = format === 'json' ? [{text, line: 1}] : splitDocuments(text);
    const documents = new Map<string, DocumentResult>();
    const claims: Claim[] = [];
    const told: Told[] = [];
    const broken = new Set<string>();
    let unidentified = false;
    const known = this.#rereads ? knownItems(former) : undefined;

    parts.forEach((part, index) => {
      const key = this.#rereads ? hash('sha1', part.text, 'base64') : String(index);
      const before = former?.documents.get(key);
      const result = documents.get(key) ?? before ?? readDocument(part.text, {format, known});
      documents.set(key, result);
      if (before === undefined) for (const kind of result.ignored) this.#note(`${file.shown}: ${kind} passed over`);
      const document = index + 1;
      for (const {at, id, object} of result.objects) {
        claims.push({id, object, file, document, line: part.line + result.firstLine, at});
      }
      for (const {line, ...fault} of result.faults) {
        const problem: Problem = {file: file.shown, document, line: part.line + line, ...fault};
        told.push({key: [file.path, document, key, fault.object, fault.field, fault.message].join('\n'), problem});
      }
      for (const id of result.broken) broken.add(id);
      unidentified ||= result.unidentified;
    });

    // What is broken stays as it was. Where a document does not say what it is, it may be anything that is missing now.
    const present = new Set(claims.map(({id}) => id));
    const kept = (former?.claims ?? []).filter(({id}) => !present.has(id) && (unidentified || broken.has(id)));
    return {file, hash: digest, documents, claims: [...claims, ...kept], told};
  }

  #replace(former: FileState | undefined, state: FileState): void {
    if (former !== undefined) this.#unclaim(former);
    this.#files.set(state.file.path, state);
    for (const claim of state.claims) {
      const claims = this.#claims.get(claim.id) ?? [];
      claims.push(claim);
      if (claims.length > 1) claims.sort(byPlace);
      this.#claims.set(claim.id, claims);
      this.#touched.add(claim.id);
    }
  }

  #unclaim(state: FileState): void {
    for (const {id} of state.claims) {
      const left = (this.#claims.get(id) ?? []).filter((claim) => claim.file.path !== state.file.path);
      if (left.length === 0) this.#claims.delete(id);
      else this.#claims.set(id, left);
      this.#touched.add(id);
    }
  }

  #allTold(): Told[] {
    const byFile = [...this.#files.values()].filter(({told}) => told.length > 0);
    const told = byFile.sort((a, b) => byFilePlace(a.file, b.file)).flatMap((state) => state.told);
    for (const id of this.#contested) {
      const [winner, ...losers] = this.#claims.get(id) ?? [];
      if (winner !== undefined) told.push(...losers.map((loser) => duplicate(winner, loser)));
    }
    return told;
  }
}

function duplicate(winner: Claim, loser: Claim): Told {
  const place = (claim: Claim): string =>
    `${claim.file.shown}:${claim.line} (document ${claim.document}${claim.at === '' ? '' : `, ${claim.at}`})`;
  const {kind, metadata} = loser.object;
  const name = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  const problem: Problem = {
    file: loser.file.shown,
    document: loser.document,
    line: loser.line,
    object: `${kind} ${name}`,
    ...(loser.at === '' ? {} : {field: loser.at}),
    message: `defined twice: ${place(winner)} comes first and is used, this one is not`,
  };
  return {key: ['twice', loser.id, place(winner), place(loser)].join('\n'), problem};
}

/** Validated items of Lists, of all documents of the file's last version. */
function knownItems(former: FileState | undefined): ReadonlyMap<string, AnyObject> {
  return new Map([...(former?.documents.values() ?? [])].flatMap(({validated}) => [...validated]));
}

function byPlace(a: Claim, b: Claim): number {
  return byFilePlace(a.file, b.file) || a.document - b.document; // sort is stable: items stay in their order
}

function byFilePlace(a: ManifestFile, b: ManifestFile): number {
  if (a.root !== b.root) return a.root - b.root;
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** 1 at first, one more whenever anything but metadata changes. */
function withGeneration(object: AnyObject, live: Live | undefined): AnyObject {
  const last = live?.object.metadata.generation ?? 0;
  const same = live !== undefined && isDeepStrictEqual(specOf(live.claim.object), specOf(object));
  return {...object, metadata: {...object.metadata, generation: same ? last : last + 1}};
}

function specOf(object: AnyObject): unknown {
  const {apiVersion: _a, kind: _k, metadata: _m, ...spec} = object;
  return spec;
}
