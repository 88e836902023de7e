import {resolve} from 'node:path';
import {setLogger} from '@grpc/grpc-js';
import {createApp, type App, type Endpoints} from '../app.ts';
import {loadConfigOrDefault} from '../config/load-config.ts';
import {createLogs} from '../config/logging.ts';
import type {StaticConfig} from '../config/static-config.ts';
import {loadExtensions} from '../extensions/load-extensions.ts';
import {announce} from './announce.ts';
import {version} from './version.ts';

export type RunOptions = {
  readonly config?: string;
  readonly file?: readonly string[];
  readonly collections?: readonly string[];
};

/** How long the announcement waits for proxies to serve, in milliseconds. */
const announceAfter = 30_000;

/** Ctrl-C under npm comes twice, from the terminal and from npm: what follows this soon is the same request. */
const sameRequestMs = 1_000;

/** Runs until it is told to stop; a second signal does not wait for what is under way. */
export async function run(options: RunOptions): Promise<void> {
  const config = withOptions(options);
  const extended = await loadExtensions(config.collections);
  const logs = createLogs(config.logging);
  // The gRPC library writes to the console of its own accord; what matters of it is reported where it is called.
  const grpc = (text: unknown): void => logs('xds').debug({}, String(text));
  setLogger({error: grpc, info: grpc, debug: grpc});
  const app = createApp(config, {logs, version, extended});

  const stopped = new Promise<void>((done, failed) => {
    let askedAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (askedAt !== undefined) {
        if (performance.now() - askedAt < sameRequestMs) return;
        endProxies(app);
        process.exit(1);
      }
      askedAt = performance.now();
      logs('sluice').info({signal}, 'stopping');
      app.stop().then(done, failed);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });

  // Nobody may be reading any more; other commands end then, this one has proxies to look after.
  process.stdout.removeAllListeners('error').on('error', () => {});
  const endpoints = await app.start();
  void announceWhenServing(app, config, endpoints).catch((error: unknown) => {
    logs('sluice').warn({reason: String(error)}, 'the announcement failed');
  });
  await stopped;
  // A download may be under way; nothing of ours is.
  process.exit(0);
}

/** Without draining them: whoever asks twice is in a hurry. */
function endProxies(app: App): void {
  for (const {pid} of app.status().proxies) {
    if (pid === undefined) continue;
    try {
      process.kill(pid);
    } catch {
      // Gone already, which is what was wanted.
    }
  }
}

async function announceWhenServing(app: App, config: StaticConfig, endpoints: Endpoints): Promise<void> {
  await app.settled(announceAfter);
  process.stdout.write(announce(app, config, endpoints, version));
}

/** Manifests are those of the command line instead of anything the configuration names, collections are both. */
function withOptions({config: path, file, collections = []}: RunOptions): StaticConfig {
  const paths = file?.map((one) => resolve(one));
  const config = loadConfigOrDefault(path, process.cwd(), paths && {paths});
  return {...config, collections: [...config.collections, ...collections.map((one) => resolve(one))]};
}
