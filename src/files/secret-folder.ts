/**
 * A folder of mounted or written secrets as a source of Secret objects: `NAMESPACE/NAME/KEY`. For where secrets do not
 * come from an API server: volumes of a Pod, an agent of Vault, a CSI driver, certificates that certbot renews.
 */
import {dirname, resolve} from 'node:path';
import type {Problem} from '../api/problem.ts';
import type {AnyObject} from '../schema/objects.ts';
import {validate} from '../schema/validate.ts';
import {formatPath} from '../schema/violation.ts';
import type {Batch} from './file-provider.ts';
import {FolderWatch} from './folder-watch.ts';
import {type FoundSecret, scanSecrets, type SecretData, type SecretScan} from './secret-scan.ts';

export type SecretFolderOptions = {
  readonly folder: string;
  /** Net changes; never empty but for the first, which start() delivers before it resolves. */
  readonly onChanges: (batch: Batch) => void;
  /** Problems that were not there before, each once. Called before onChanges. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
  readonly log?: {readonly warn: (text: string) => void};
  /**
   * Quiet time after the last event of the file system before anything is read: a certificate and its key may be written
   * one after the other. Default 200.
   */
  readonly debounceMs?: number;
  /** Everything is read again that often, for what no event told of. Default 60,000. */
  readonly pollMs?: number;
};

export type SecretFolder = {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** All problems there are now. What cannot be read stays as it was. */
  readonly problems: () => readonly Problem[];
};

type Known = {readonly data: SecretData; readonly generation: number};

export function createSecretFolder(options: SecretFolderOptions): SecretFolder {
  return new Watcher(options);
}

const GROUP_KIND = '/Secret';
/** Events may keep coming: after this many debounce times the files are read all the same. */
const MAX_DEBOUNCES = 10;

class Watcher implements SecretFolder {
  readonly #options: SecretFolderOptions;
  readonly #folder: string;
  readonly #watch: FolderWatch;
  readonly #known = new Map<string, Known>();
  /** Of objects that are gone, so that one that comes back is newer. */
  readonly #generations = new Map<string, number>();
  #problems = new Map<string, Problem>();
  #debounce: NodeJS.Timeout | undefined;
  #firstEvent = 0;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: SecretFolderOptions) {
    this.#options = options;
    this.#folder = resolve(options.folder);
    this.#watch = new FolderWatch({
      onEvent: () => this.#schedule(),
      onFault: (text) => options.log?.warn(text),
    });
  }

  start = (): Promise<void> => {
    this.#read(true);
    this.#poll = setInterval(() => this.#read(false), this.#options.pollMs ?? 60_000);
    this.#poll.unref();
    return Promise.resolve();
  };

  stop = (): Promise<void> => {
    clearInterval(this.#poll);
    clearTimeout(this.#debounce);
    this.#watch.close();
    return Promise.resolve();
  };

  problems = (): readonly Problem[] => [...this.#problems.values()];

  #schedule(): void {
    const ms = this.#options.debounceMs ?? 200;
    const now = performance.now();
    if (this.#debounce === undefined) this.#firstEvent = now;
    else if (now - this.#firstEvent >= ms * MAX_DEBOUNCES) return; // the one that is set will do
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => {
      this.#debounce = undefined;
      this.#read(false);
    }, ms);
  }

  #read(isFirst: boolean): void {
    const scan = this.#scan();
    const problems = new Map<string, Problem>();
    const complain = (file: string, message: string, field?: string): void => {
      const problem = {file, document: 0, message, ...(field !== undefined && {field})};
      problems.set(`${file}\n${field}\n${message}`, problem);
    };
    for (const [folder, message] of scan.faults) complain(folder, message);
    const set = [...scan.secrets].flatMap(([key, found]) => this.#take(key, found, complain));
    const removed = this.#drop(scan);

    const news = [...problems].filter(([id]) => !this.#problems.has(id)).map(([, problem]) => problem);
    this.#problems = problems;
    if (news.length > 0) this.#options.onProblems?.(news);
    if (isFirst || set.length > 0 || removed.length > 0) {
      this.#options.onChanges({set, removed: removed.map((key) => ({groupKind: GROUP_KIND, key}))});
    }
  }

  /** What is there, with everything watched that it was read from. */
  #scan(): SecretScan {
    const folder = this.#folder;
    for (;;) {
      const scan = scanSecrets(folder);
      // The folder itself may come, go, or be a link that is turned to something else.
      const folders = new Map([[dirname(folder), true as const], ...scan.folders]);
      // What is watched only now may have changed before.
      if (!this.#watch.watchOnly(folders)) return scan;
    }
  }

  /** The object where it is another one than before. */
  #take(
    key: string,
    found: FoundSecret,
    complain: (file: string, message: string, field?: string) => void,
  ): AnyObject[] {
    if (found.is === 'unreadable') {
      complain(found.file, found.message);
      return [];
    }
    const {data} = found;
    const known = this.#known.get(key);
    if (known !== undefined && isSame(known.data, data)) return [];
    const generation = (known?.generation ?? this.#generations.get(key) ?? 0) + 1;
    const validation = validate(secretOf(key, data));
    if (validation.is !== 'valid') {
      const violations = validation.is === 'invalid' ? validation.violations : [];
      for (const {path, message} of violations) complain(`${this.#folder}/${key}`, message, formatPath(path));
      return [];
    }
    const {object} = validation;
    this.#known.set(key, {data, generation});
    return [{...object, metadata: {...object.metadata, generation}}];
  }

  /** Keys of what is gone; nothing is, below what cannot be looked into. */
  #drop({secrets, faults}: SecretScan): readonly string[] {
    const folder = this.#folder;
    if (faults.has(folder)) return [];
    const gone = [...this.#known].filter(
      ([key]) => !secrets.has(key) && !faults.has(`${folder}/${key.slice(0, key.indexOf('/'))}`),
    );
    for (const [key, {generation}] of gone) {
      this.#known.delete(key);
      this.#generations.set(key, generation);
    }
    return gone.map(([key]) => key);
  }
}

/** A pair of certificate and key makes it one of TLS. */
function secretOf(key: string, data: SecretData): unknown {
  const [namespace, name] = key.split('/');
  const isTls = data['tls.crt'] !== undefined && data['tls.key'] !== undefined;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {namespace, name},
    type: isTls ? 'kubernetes.io/tls' : 'Opaque',
    data: {...data},
  };
}

function isSame(a: SecretData, b: SecretData): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
