import {mkdir, readFile, readdir, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {StatusDocument, WantedRow} from './status-document.ts';

/** One JSON file per object: `<kind>/<namespace>/<name>.json`, without the namespace where an object has none. */
export type StatusFolder = {
  read(row: Pick<WantedRow, 'kind' | 'namespace' | 'name'>): Promise<StatusDocument | undefined>;
  /** Whole or not at all: written beside, then renamed. */
  write(document: StatusDocument): Promise<void>;
  remove(key: string): Promise<void>;
  /** Keys of all there are. */
  keys(): Promise<readonly string[]>;
};

/** `Kind/namespace/name`, or `Kind/name`: the key of a status row. */
export const documentKey = ({kind, metadata}: StatusDocument): string =>
  [kind, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), metadata.name].join('/');

export function openStatusFolder(folder: string): StatusFolder {
  const made = new Set<string>();
  const fileOf = (key: string): string => join(folder, `${key.split('/').map(safe).join('/')}.json`);
  return {
    async read({kind, namespace, name}) {
      const key = [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');
      try {
        const value: unknown = JSON.parse(await readFile(fileOf(key), 'utf8'));
        return isDocument(value) ? value : undefined;
      } catch {
        // Not there, or cut short by a full disk: it is written anew.
        return undefined;
      }
    },
    async write(document) {
      const file = fileOf(documentKey(document));
      if (!made.has(dirname(file))) await mkdir(dirname(file), {recursive: true});
      made.add(dirname(file));
      await writeFile(`${file}.new`, `${JSON.stringify(document, undefined, 1)}\n`);
      await rename(`${file}.new`, file);
    },
    async remove(key) {
      await rm(fileOf(key), {force: true});
    },
    async keys() {
      const files = await readdir(folder, {recursive: true}).catch(() => []);
      return files
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length).split(/[\\/]/).map(decodeURIComponent).join('/'));
    },
  };
}

/** Names of Kubernetes objects are harmless as file names; whatever else comes, it stays inside the folder. */
const safe = (part: string): string => encodeURIComponent(part).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));

/** Only Sluice writes there, so the shape is believed beyond its outline. */
function isDocument(value: unknown): value is StatusDocument {
  if (typeof value !== 'object' || value === null) return false;
  const {apiVersion, kind, metadata, status}: Record<string, unknown> = {...value};
  return (
    typeof apiVersion === 'string' &&
    typeof kind === 'string' &&
    typeof metadata === 'object' &&
    metadata !== null &&
    typeof status === 'object' &&
    status !== null
  );
}
