/** Kubeconfig files: what they say of one context, merged as kubectl does it. */
import {readFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {load} from 'js-yaml';
import {isRecord} from '../schema/record.ts';
import {CredentialsError} from './credentials.ts';

/** An entry, and the folder that paths in it are relative to. */
export type Entry = {readonly fields: Readonly<Record<string, unknown>>; readonly at: string; readonly file: string};

export type KubeContext = {
  readonly name: string;
  readonly cluster: Entry;
  readonly user: Entry;
  readonly namespace?: string;
};

/** Of several files the first that says something counts. Throws CredentialsError. */
export function readContext(files: readonly string[], wanted?: string): KubeContext {
  const documents = files.map(readDocument);
  const shown = files.join(', ');
  const current = documents.map(({content}) => content['current-context']).find((name) => isText(name));
  const name = wanted ?? (isText(current) ? current : undefined);
  if (name === undefined) throw new CredentialsError(`${shown}: no current-context`);

  const find = (list: string, of: string, entry: string): Entry => {
    for (const {content, file} of documents) {
      const items: unknown = content[list];
      if (items === undefined || items === null) continue;
      if (!Array.isArray(items)) throw new CredentialsError(`${file}: ${list}: must be a list`);
      const found: unknown = items.find((item: unknown) => isRecord(item) && item['name'] === entry);
      if (!isRecord(found)) continue;
      const fields = found[of];
      return {fields: isRecord(fields) ? fields : {}, at: `${list}[${JSON.stringify(entry)}].${of}`, file};
    }
    throw new CredentialsError(`${shown}: ${list}: there is no entry named ${JSON.stringify(entry)}`);
  };

  const context = find('contexts', 'context', name);
  const namespace = textAt(context, 'namespace');
  return {
    name,
    cluster: find('clusters', 'cluster', textAt(context, 'cluster') ?? ''),
    user: find('users', 'user', textAt(context, 'user') ?? ''),
    ...(namespace !== undefined && {namespace}),
  };
}

/** Absent and empty are the same. Throws CredentialsError where something else stands there. */
export function textAt({fields, at, file}: Entry, field: string): string | undefined {
  const value = fields[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new CredentialsError(`${file}: ${at}.${field}: must be a string`);
  return value;
}

export const isTrueAt = ({fields}: Entry, field: string): boolean => fields[field] === true;

/** What a file named by a field holds. */
export function fileAt(entry: Entry, field: string): string | undefined {
  const path = textAt(entry, field);
  if (path === undefined) return undefined;
  const full = resolve(dirname(entry.file), path);
  try {
    return readFileSync(full, 'utf8');
  } catch (error) {
    throw new CredentialsError(`${entry.file}: ${entry.at}.${field}: ${full} cannot be read: ${reasonOf(error)}`);
  }
}

function readDocument(file: string): {readonly content: Readonly<Record<string, unknown>>; readonly file: string} {
  let content: unknown;
  try {
    content = load(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CredentialsError(`${file}: cannot be read as a kubeconfig: ${reasonOf(error)}`);
  }
  if (!isRecord(content)) throw new CredentialsError(`${file}: is no kubeconfig`);
  return {content, file};
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
