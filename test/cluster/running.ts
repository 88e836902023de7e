/** Sluice in the process of the test, on a cluster of mode `loopback`, with the ServiceAccount and the roles of deploy/kubernetes. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll} from 'vitest';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import {createApp, type App} from '../../src/app.ts';
import {loadConfig} from '../../src/config/load-config.ts';
import {createLogs} from '../../src/config/logging.ts';
import {base, objectsIn} from '../deploy/manifests.ts';
import type {Cluster} from '../rig/cluster.ts';
// Its clusters end after what runs on them: hooks go backwards.
import '../rig/suites.ts';

export const account = {namespace: 'sluice-system', name: 'sluice'};
/** What the API server calls it. */
export const user = `system:serviceaccount:${account.namespace}:${account.name}`;

export type LogLine = {
  readonly level: string;
  readonly component: string;
  readonly msg: string;
  readonly [field: string]: unknown;
};

export type RunningSluice = {
  readonly app: App;
  /** `http://127.0.0.1:PORT` of the admin address. */
  readonly admin: string;
  /** `127.0.0.1:PORT`. */
  readonly xds: string;
  /** All that it has logged so far. */
  readonly logs: () => readonly LogLine[];
  /** Happens by itself at the end of the file. */
  readonly stop: () => Promise<void>;
};

export type RunOptions = {
  /** Merged into the static configuration: one replica that elects nobody, ports of its own, nothing provisioned. */
  readonly config?: JsonObject;
};

const roles = new Set(['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);

const running: RunningSluice[] = [];
afterAll(async () => {
  for (const one of running.splice(0)) await one.stop();
});

let started = 0;

/** Resolves when all objects are read and xDS is served. Gateway API has to be there. */
export async function runSluice(cluster: Cluster, {config = {}}: RunOptions = {}): Promise<RunningSluice> {
  await cluster.apply(objectsIn(base).filter(({kind}) => roles.has(kind)));
  const folder = join(cluster.folder, `sluice-${++started}`);
  const kubeconfig = await cluster.kubeconfig(`${folder}.kubeconfig`, {as: {serviceAccount: account}});
  const file = `${folder}.yaml`;
  const values: JsonObject = {
    apiVersion: 'config.sluice.dev/v1alpha1',
    kind: 'Sluice',
    provider: {type: 'kubernetes', kubernetes: {kubeconfig}},
    xds: {address: '127.0.0.1:0'},
    admin: {address: '127.0.0.1:0'},
    stateDir: `${folder}.state`,
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(deepMerge<JsonObject>(values, config)));
  const lines: LogLine[] = [];
  const logs = createLogs(
    {level: 'info', components: {}, format: 'json'},
    {write: (line) => void lines.push(JSON.parse(line) as LogLine)}, // as logging.ts writes it
  );
  const app = createApp(loadConfig(file, {environment: {}}), {logs, version: 'test'});
  const {admin, xds} = await app.start();
  const sluice = {app, admin: `http://${admin}`, xds, logs: () => lines, stop: () => app.stop()};
  running.push(sluice);
  return sluice;
}
