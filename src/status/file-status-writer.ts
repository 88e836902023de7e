import {structurallyEqual} from '../krt/index.ts';
import {observedGenerationOf, statusDocument, type StatusDocument, type WantedRow} from './status-document.ts';
import {openStatusFolder} from './status-folder.ts';

type Log = {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type FileStatusWriterOptions = {
  readonly folder: string;
  readonly log: Log;
  /** The clock, for tests. */
  readonly now?: () => Date;
  /** Objects worked on at the same time; 8 by default. */
  readonly concurrency?: number;
  /** Pause after a write that failed, in milliseconds; 1 s by default. */
  readonly retryMs?: number;
};

export type StatusChange = {readonly key: string; readonly new?: WantedRow};

export type FileStatusWriter = {
  /** The first state, all of it: statuses of objects that are gone are deleted. */
  start(rows: readonly WantedRow[]): void;
  /** What one commit changed; `new` absent = the object is gone. Of several changes of an object the last counts. */
  apply(changes: readonly StatusChange[]): void;
  /** What is kept now, sorted by key. */
  list(): readonly StatusDocument[];
  /** Files written and deleted since the start, and objects still waiting. */
  counts(): {readonly written: number; readonly removed: number; readonly waiting: number};
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
  /** Finishes what waits, tries nothing twice. */
  stop(): Promise<void>;
};

/** Keeps the statuses of file mode in a folder. A file is touched only when its content changes. */
export function createFileStatusWriter(options: FileStatusWriterOptions): FileStatusWriter {
  const {log, now = () => new Date(), concurrency = 8, retryMs = 1_000} = options;
  const folder = openStatusFolder(options.folder);
  const kept = new Map<string, StatusDocument>();
  /** What to add to the generation of an object, because files are counted from one again at every start. */
  const offsets = new Map<string, number>();
  const waiting = new Map<string, WantedRow | undefined>();
  const busy = new Set<string>();
  /** Objects that have a status as of now. */
  const wanted = new Set<string>();
  const counts = {written: 0, removed: 0};
  let idlers: (() => void)[] = [];
  let stopped = false;

  const previousOf = async (row: WantedRow): Promise<StatusDocument | undefined> => {
    const known = kept.get(row.key);
    if (known !== undefined || offsets.has(row.key)) return known;
    const stored = await folder.read(row);
    offsets.set(row.key, stored === undefined ? 0 : offsetFor(row, stored));
    if (stored !== undefined) kept.set(row.key, stored);
    return stored;
  };

  const write = async (row: WantedRow): Promise<void> => {
    const previous = await previousOf(row);
    const observedGeneration = row.generation + (offsets.get(row.key) ?? 0);
    const document = statusDocument(row, previous, {observedGeneration, now: toSeconds(now())});
    if (previous !== undefined && structurallyEqual(previous, document)) return;
    await folder.write(document);
    kept.set(row.key, document);
    counts.written++;
    log.debug({object: row.key}, 'status written');
  };

  const remove = async (key: string): Promise<void> => {
    await folder.remove(key);
    kept.delete(key);
    offsets.delete(key);
    counts.removed++;
    log.debug({object: key}, 'status removed');
  };

  const work = async (key: string, row: WantedRow | undefined): Promise<void> => {
    busy.add(key);
    try {
      await (row === undefined ? remove(key) : write(row));
    } catch (error) {
      log.error({object: key, reason: String(error)}, 'status cannot be kept');
      if (!stopped) {
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        if (!waiting.has(key)) waiting.set(key, row);
      }
    } finally {
      busy.delete(key);
      next();
    }
  };

  const next = (): void => {
    for (const [key, row] of waiting) {
      if (busy.size >= concurrency) return;
      // The same object is never written twice at a time: what has come meanwhile follows.
      if (busy.has(key)) continue;
      waiting.delete(key);
      void work(key, row);
    }
    if (busy.size > 0 || waiting.size > 0) return;
    const done = idlers;
    idlers = [];
    for (const idler of done) idler();
  };

  const idle = async (): Promise<void> => {
    if (busy.size === 0 && waiting.size === 0) return;
    await new Promise<void>((resolve) => idlers.push(resolve));
  };

  const removeStale = async (): Promise<void> => {
    for (const key of await folder.keys()) if (!wanted.has(key)) waiting.set(key, undefined);
  };

  const apply = (changes: readonly StatusChange[]): void => {
    for (const change of changes) {
      // Back in line at the end: an object that changes all the time holds nobody up.
      waiting.delete(change.key);
      waiting.set(change.key, change.new);
      if (change.new === undefined) wanted.delete(change.key);
      else wanted.add(change.key);
    }
    next();
  };

  return {
    start(rows) {
      apply(rows.map((row) => ({key: row.key, new: row})));
      const scan = '\0scan';
      busy.add(scan);
      void removeStale()
        .catch((error: unknown) => log.error({reason: String(error)}, 'statuses of objects that are gone remain'))
        .finally(() => {
          busy.delete(scan);
          next();
        });
    },
    apply,
    list: () => [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, document]) => document),
    counts: () => ({...counts, waiting: waiting.size + busy.size}),
    idle,
    async stop() {
      stopped = true;
      await idle();
    },
  };
}

/**
 * Files carry no generation; it is counted from one at each start. If what is kept says the same as what is wanted, the
 * object is taken to be the one it was; otherwise, to have moved on by one.
 */
function offsetFor(row: WantedRow, stored: StatusDocument): number {
  const last = observedGenerationOf(stored);
  if (row.generation > last) return 0;
  const unchanged = structurallyEqual(stored, statusDocument(row, stored, {observedGeneration: last}));
  return last - row.generation + (unchanged ? 0 : 1);
}

const toSeconds = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;
