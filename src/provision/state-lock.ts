import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {identify, isAlive} from './process-identity.ts';
import {readRecord, removeRecord, writeRecord} from './process-record.ts';

/** The state folder is in use by another Sluice. */
export class StateInUse extends Error {
  override readonly name = 'StateInUse';
}

/**
 * Claims a state folder for this process; two of them would fight over the proxies. Returns what gives it back. A claim
 * of a process that is gone does not count. Throws StateInUse.
 */
export function lockState(folder: string): () => void {
  const file = join(folder, 'owner.json');
  mkdirSync(folder, {recursive: true});
  const owner = readRecord(file);
  if (owner !== undefined && owner.pid !== process.pid && isAlive(owner)) {
    throw new StateInUse(
      `the state folder ${folder} is in use by another sluice (process ${owner.pid}); set another stateDir`,
    );
  }
  const self = identify(process.pid);
  if (self !== undefined) writeRecord(file, {...self, fingerprint: 'sluice', notes: {}});
  return () => removeRecord(file);
}
