/** What the conformance suite is run on: a cluster of Pods in which Sluice is installed as deploy/kubernetes does it. */
import {execFile} from 'node:child_process';
import {basename, join, resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import {defaultEnvoyVersion} from '../../src/config/static-config.ts';
import {locateEnvoy} from '../../src/provision/locate-envoy.ts';
import {base, type Manifest, objectsIn} from '../deploy/manifests.ts';
import {type ControlPlaneBinaries, ensureBinaries, type SuiteBinaries} from '../rig/binaries.ts';
import {type Cluster, startCluster} from '../rig/cluster.ts';
import type {KubeObject} from '../rig/objects.ts';
import {whyNotHere} from '../rig/requirements.ts';
import type {Program} from '../rig/supervisor-methods.ts';

const root = resolve(import.meta.dirname, '../..');
/** Made by Sluice where nobody else makes it. */
export const gatewayClass = 'envoy';
const acceptedWithinMs = 120_000;

/** Paths of programs. */
export type Programs = {
  readonly controlPlane: ControlPlaneBinaries;
  readonly suite: SuiteBinaries;
  readonly envoy: string;
};

/** Builds or fetches what is not in the caches, which takes minutes the first time; or says why that does not work. */
export async function findPrograms(log: (line: string) => void): Promise<Programs | {readonly missing: string}> {
  const reason = whyNotHere('pods');
  if (reason !== undefined) return {missing: reason};
  const [binaries, envoy] = await Promise.all([
    ensureBinaries({parts: ['control-plane', 'suite'], log}),
    locateEnvoy({
      version: defaultEnvoyVersion,
      pinned: true,
      log: {...silent, info: (_fields, message) => log(message)},
    }),
  ]);
  if ('missing' in binaries) return binaries;
  if ('hint' in envoy) return {missing: envoy.hint};
  const {controlPlane, suite} = binaries;
  if (controlPlane === undefined || suite === undefined) return {missing: 'the rig has built nothing'};
  return {controlPlane, suite, envoy: envoy.binary};
}
const nothing = (): void => {};
const silent = {debug: nothing, info: nothing, warn: nothing, error: nothing};

export type Stage = {
  readonly cluster: Cluster;
  /** In GatewayClass status. */
  readonly publishedFeatures: ReadonlySet<string>;
};

/**
 * Resolves when the GatewayClass is accepted. `onStart` is told as soon as there is something that must be stopped; it has to be
 * stopped by the caller in any case.
 */
export async function setStage(programs: Programs, onStart: (cluster: Cluster) => void): Promise<Stage> {
  const images = new Map<string, Program>();
  const cluster = await startCluster({
    mode: 'pods',
    binaries: programs.controlPlane,
    images: (image) => images.get(basename(image).replace(/[:@].*$/, '')),
  });
  onStart(cluster);
  // A bundle of its own: others may build dist/ meanwhile.
  const bundle = join(cluster.folder, 'bundle');
  await promisify(execFile)(process.execPath, ['build.mjs', bundle], {cwd: root});
  images.set('sluice', {command: [process.execPath, join(bundle, 'sluice.js')]});
  images.set('envoy', {command: [programs.envoy]});
  images.set('echo-basic', {command: [programs.suite.echoBasic]});
  await cluster.installGatewayApi();
  await cluster.apply(objectsIn(base).map(withOneReplica));
  return {cluster, publishedFeatures: await publishedFeatures(cluster)};
}

/** As overlays/single-replica has it: the suite makes enough Pods for a small machine. */
const withOneReplica = (object: Manifest): Manifest =>
  object.kind === 'Deployment' ? {...object, spec: {...Object(object['spec']), replicas: 1}} : object;

type GatewayClass = KubeObject & {
  readonly status?: {
    readonly conditions?: readonly {readonly type: string; readonly status: string}[];
    readonly supportedFeatures?: readonly {readonly name: string}[];
  };
};

async function publishedFeatures(cluster: Cluster): Promise<ReadonlySet<string>> {
  const path = `/apis/gateway.networking.k8s.io/v1/gatewayclasses/${gatewayClass}`;
  const until = Date.now() + acceptedWithinMs;
  for (;;) {
    const {status, body} = await cluster.request<GatewayClass>('GET', path);
    const {conditions = [], supportedFeatures = []} = (status === 200 && body.status) || {};
    if (conditions.some((condition) => condition.type === 'Accepted' && condition.status === 'True')) {
      return new Set(supportedFeatures.map(({name}) => name));
    }
    if (Date.now() > until) {
      throw new Error(
        `GatewayClass ${gatewayClass} is not accepted after ${acceptedWithinMs / 1_000} s; logs: ${join(cluster.folder, 'logs')}`,
      );
    }
    await sleep(200);
  }
}
