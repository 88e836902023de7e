/** What this machine must have for a cluster. */
import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import type {ClusterOptions} from './cluster.ts';

const programs = {loopback: ['setpriv'], pods: ['setpriv', 'ip', 'nsenter', 'unshare', 'mount', 'umount', 'chroot']};

/** Why a cluster of this mode cannot be started here; undefined when it can. */
export function whyNotHere(mode: ClusterOptions['mode']): string | undefined {
  if (process.platform !== 'linux') return `the rig needs Linux, and this is ${process.platform}`;
  if (mode === 'pods' && process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = programs[mode].filter((program) => !inPath(program));
  return missing.length === 0 ? undefined : `the rig needs ${missing.join(', ')} (packages util-linux and iproute2)`;
}

function inPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
