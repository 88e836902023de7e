import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';

/** A process, told apart from a later one with the same pid by the time it was started. */
export type ProcessIdentity = {readonly pid: number; readonly startTime: string};

/** When the process was started, in a form of the platform's own; undefined if there is none, or only its remains. */
export function startTimeOf(pid: number): string | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : {pid, startTime};
}

export const isAlive = ({pid, startTime}: ProcessIdentity): boolean => startTimeOf(pid) === startTime;

/** proc(5), /proc/pid/stat: the name stands in brackets and may hold anything; `state` is field 3, `starttime` 22. */
function fromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function fromPs(pid: number): string | undefined {
  try {
    const out = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {encoding: 'utf8'}).trim();
    return out === '' || out.startsWith('Z') ? undefined : out.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/** Signals the whole process group that `pid` leads; a group that is gone, or not ours to signal, is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
