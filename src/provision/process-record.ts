import {mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {ProcessIdentity} from './process-identity.ts';

/** What is kept of a running process, so that it is found again when Sluice itself was restarted. */
export type ProcessRecord = ProcessIdentity & {
  /** Of all that makes it the right process: another fingerprint, and it is replaced. */
  readonly fingerprint: string;
  /** What its owner has to know of it, such as the port of its admin endpoint. */
  readonly notes: Readonly<Record<string, number>>;
};

/** The record in the file; undefined where there is none that can be read. */
export function readRecord(file: string): ProcessRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

export function writeRecord(file: string, record: ProcessRecord): void {
  mkdirSync(dirname(file), {recursive: true});
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}

export function removeRecord(file: string): void {
  rmSync(file, {force: true});
}

function isRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== 'object' || value === null) return false;
  const {pid, startTime, fingerprint, notes}: Record<string, unknown> = {...value};
  return (
    Number.isSafeInteger(pid) &&
    typeof startTime === 'string' &&
    typeof fingerprint === 'string' &&
    typeof notes === 'object' &&
    notes !== null &&
    Object.values(notes).every((note) => typeof note === 'number')
  );
}
