/** Sluice as deploy/kubernetes installs it, in a cluster of Pods: the bundled program, with the ServiceAccount and roles of its own. */
import {join, resolve} from 'node:path';
import {dump, load} from 'js-yaml';
import {expect} from 'vitest';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import {base, type Manifest, objectsIn} from '../deploy/manifests.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {envoyBinary} from '../e2e/harness/envoy.ts';
import {messageOf} from '../rig/api-client.ts';
import type {Cluster, ClusterOptions} from '../rig/cluster.ts';
import type {KubeObject} from '../rig/objects.ts';
import {lingering} from './lingering.ts';

const root = resolve(import.meta.dirname, '../..');
const bundle = join(root, 'dist/sluice.js');

export const home = 'sluice-system';

export type InstallOptions = {
  readonly replicas?: number;
  /** Merged into the static configuration. */
  readonly config?: JsonObject;
};

/** Less than the Pods of Envoys ask for (`lifecycle.preStop.sleep`). */
export const lingerSeconds = 3;

/** What runs for the images of Sluice, of the proxies that it makes, and of the Pods behind them. */
export const images: NonNullable<ClusterOptions['images']> = (image) => {
  if (image.startsWith('sluice')) return {command: [process.execPath, bundle]};
  if (image.includes('envoyproxy/envoy')) return {command: lingering(lingerSeconds, [envoyBinary()])};
  if (image === 'echo:1')
    return {command: lingering(lingerSeconds, [process.execPath, join(root, 'test/rig/echo.mjs')])};
  return undefined;
};

/** Resolves when all replicas are ready. Gateway API has to be there. */
export async function installSluice(cluster: Cluster, {replicas = 1, config = {}}: InstallOptions = {}): Promise<void> {
  await cluster.apply(objectsIn(base).map((object) => adapted(object, replicas, config)));
  await eventually(async () => {
    const pods = await podsOf(cluster, home, 'app.kubernetes.io/name=sluice');
    expect(pods.filter(isReady)).toHaveLength(replicas);
  }, 60_000);
}

function adapted(object: Manifest, replicas: number, config: JsonObject): Manifest {
  if (object.kind === 'Deployment') return {...object, spec: {...Object(object['spec']), replicas}};
  if (object.kind !== 'ConfigMap') return object;
  const {data} = object as Manifest & {readonly data: Readonly<Record<string, string>>}; // as it is generated
  const file = load(data['sluice.yaml'] ?? '') as JsonObject; // written by us
  return {...object, data: {'sluice.yaml': dump(deepMerge(file, config))}};
}

export type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly observedGeneration?: number;
};
export type Pod = KubeObject & {
  readonly status?: {readonly podIP?: string; readonly conditions?: readonly Condition[]};
};
/** As it is asserted of an object of that generation. */
export const condition = (type: string, generation = 1, status = 'True', reason = type): unknown =>
  expect.objectContaining({type, status, reason, observedGeneration: generation});

export type GatewayClassObject = KubeObject & {readonly status: {readonly conditions: readonly Condition[]}};
export type RouteObject = KubeObject & {
  readonly status?: {
    readonly parents: readonly {
      readonly parentRef: {readonly name: string};
      readonly controllerName: string;
      readonly conditions: readonly Condition[];
    }[];
  };
};
export type GatewayObject = KubeObject & {
  readonly status: {
    readonly addresses?: readonly {readonly type: string; readonly value: string}[];
    readonly conditions: readonly Condition[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly conditions: readonly Condition[];
    }[];
  };
};

export async function podsOf(cluster: Cluster, namespace: string, labels: string): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(labels)}`;
  return (await cluster.request<{readonly items: readonly Pod[]}>('GET', path)).body.items;
}

export const isReady = ({metadata, status}: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({type, status: value}) => type === 'Ready' && value === 'True') === true;

/** The answer of the admin endpoint of a replica, which can be reached from its own Pod only. */
export async function askAdmin(cluster: Cluster, pod: Pod | undefined, path: string): Promise<string> {
  const script = 'fetch(process.argv[1]).then((answer) => answer.text()).then((text) => process.stdout.write(text))';
  const command = [process.execPath, '-e', script, `http://127.0.0.1:19000${path}`];
  const {code, stdout, stderr} = await cluster.execIn({pod: pod?.status?.podIP ?? ''}, command);
  if (code !== 0) throw new Error(`${path}: ${stderr}`);
  return stdout;
}

/** An object as it is now; undefined where it is gone. */
export async function read<T extends KubeObject>(cluster: Cluster, object: KubeObject): Promise<T | undefined> {
  const {status, body} = await cluster.request<T>('GET', await cluster.pathOf(object));
  return status === 404 ? undefined : body;
}

/** A merge patch (RFC 7386). Rejects where the API server does not take it. */
export async function patch(cluster: Cluster, object: KubeObject, change: JsonObject): Promise<void> {
  const type = 'application/merge-patch+json';
  const answer = await cluster.request('PATCH', await cluster.pathOf(object), change, type);
  if (answer.status >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${messageOf(answer)}`);
}

/** Resolves to its first address, once the Gateway is programmed and has one. */
export async function programmed(cluster: Cluster, gateway: KubeObject, timeoutMs = 60_000): Promise<string> {
  return eventually(async () => {
    const live = await read<GatewayObject>(cluster, gateway);
    const {conditions = [], addresses = []} = live?.status ?? {};
    expect(conditions).toContainEqual(expect.objectContaining({type: 'Programmed', status: 'True'}));
    expect(addresses).not.toHaveLength(0);
    return addresses[0]?.value ?? '';
  }, timeoutMs);
}
