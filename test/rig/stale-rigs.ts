/** What is left of rigs whose supervisor was killed itself: it ends everything otherwise. */
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {identify, isAlive, type ProcessIdentity} from '../../src/provision/process-identity.ts';
import {removeNamespaces} from './network.ts';

export const folderPrefix = 'sluice-rig-';

type RigRecord = {readonly supervisor: ProcessIdentity; readonly id: string};

const recordFile = (folder: string): string => join(folder, 'rig.json');

/** Says in the folder of a rig whose it is. `id`: what the names of its network namespaces begin with. */
export function recordRig(folder: string, id: string): void {
  const supervisor = identify(process.pid);
  if (supervisor !== undefined) writeFileSync(recordFile(folder), JSON.stringify({supervisor, id}));
}

/** Its servers have ended with it; namespaces and folders stay, and are removed here. */
export async function removeStaleRigs(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = join(tmpdir(), name);
    const record = read(folder);
    if (record === undefined || isAlive(record.supervisor)) continue;
    try {
      await removeNamespaces(record.id);
      rmSync(folder, {recursive: true, force: true});
    } catch {
      // Another rig does the same just now; what it leaves is for the next one.
    }
  }
}

function read(folder: string): RigRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(folder), 'utf8')) as RigRecord; // written above
  } catch {
    return undefined;
  }
}
