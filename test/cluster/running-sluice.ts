/** The bundled program as a process of this machine, for a cluster without Pods. It is ended with the test file. */
import {spawn, type ChildProcess} from 'node:child_process';
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {dump} from 'js-yaml';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import {cleanUpLater, onSuddenExit} from '../e2e/harness/clean-up.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {freePort} from '../e2e/harness/free-port.ts';
import {request} from '../e2e/harness/request.ts';

const program = resolve(import.meta.dirname, '../../dist/sluice.js');

export type RunningSluice = {
  readonly adminPort: number;
  readonly xdsPort: number;
  /** Resolves when it is ready; rejects with its log otherwise. */
  start(): Promise<void>;
  /** Resolves to its exit code when it is gone; null where it was killed. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
};

/** `config`: merged into its static configuration, in which the ports are set. */
export async function runningSluice(config: JsonObject): Promise<RunningSluice> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-restart-'));
  const [xdsPort, adminPort] = [await freePort(), await freePort()];
  const file = join(folder, 'sluice.yaml');
  const logFile = join(folder, 'sluice.log');
  const own = {
    apiVersion: 'config.sluice.dev/v1alpha1',
    kind: 'Sluice',
    xds: {address: `127.0.0.1:${xdsPort}`},
    admin: {address: `127.0.0.1:${adminPort}`},
    stateDir: 'state',
    logging: {format: 'json'},
  };
  writeFileSync(file, dump(deepMerge<JsonObject>(own, config)));

  let child: ChildProcess | undefined;
  let gone: Promise<number | null> = Promise.resolve(null);
  const kill = (): void => void child?.kill('SIGKILL');
  const forget = onSuddenExit(kill);
  cleanUpLater(async () => {
    kill();
    await gone;
    forget();
    rmSync(folder, {recursive: true, force: true});
  });
  return {
    adminPort,
    xdsPort,
    start: async () => {
      const out = openSync(logFile, 'a');
      const started = spawn(process.execPath, [program, 'run', '--config', file], {
        cwd: folder,
        stdio: ['ignore', out, out],
        env: {...process.env, POD_NAME: 'sluice-0', POD_NAMESPACE: 'sluice-system'},
      });
      closeSync(out);
      child = started;
      gone = new Promise((resolveGone) => {
        started.once('error', () => resolveGone(null));
        started.once('exit', (code) => resolveGone(code));
      });
      try {
        await eventually(async () => {
          const {status, body} = await request({port: adminPort, path: '/readyz', timeoutMs: 1_000});
          if (status !== 200) throw new Error(`/readyz answers ${status}: ${body}`);
        }, 60_000);
      } catch (error) {
        throw new Error(`sluice is not ready:\n${readFileSync(logFile, 'utf8')}`, {cause: error});
      }
    },
    end: async (signal) => {
      child?.kill(signal);
      return gone;
    },
  };
}
