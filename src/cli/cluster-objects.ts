/** Objects of a cluster as they are now, for a command that looks once. */
import {ApiError, type KubeClient} from '../kube/client.ts';
import {systemClock} from '../kube/clock.ts';
import {createDiscovery} from '../kube/discovery.ts';
import {collectionPath, type KubeKind} from '../kube/kinds.ts';

export type ClusterObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {readonly name: string; readonly namespace?: string; readonly generation?: number};
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

export type Listed = {
  readonly objects: readonly ClusterObject[];
  /** Kinds that could not be read, and why. */
  readonly unread: readonly string[];
};

/** Objects of a page. */
const PAGE = 500;

/** All objects of the kinds that the cluster has. Rejects as KubeClient does, but for what may not be read. */
export async function listObjects(client: KubeClient, kinds: readonly KubeKind[], namespace?: string): Promise<Listed> {
  const discovery = createDiscovery(client, systemClock);
  const unread: string[] = [];
  const listed = await Promise.all(
    kinds.map(async (kind) => {
      const version = await discovery.versionOf(kind);
      if (version === undefined) return [];
      try {
        return await listAll(client, kind, collectionPath(kind, version, kind.namespaced ? namespace : undefined));
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 403) throw error;
        unread.push(`${kind.kind}: ${error.message}`);
        return [];
      }
    }),
  );
  return {objects: listed.flat(), unread: unread.sort()};
}

async function listAll(client: KubeClient, {kind}: KubeKind, path: string): Promise<readonly ClusterObject[]> {
  const objects: ClusterObject[] = [];
  let token = '';
  do {
    const query = {limit: String(PAGE), ...(token !== '' && {continue: token})};
    const {body} = await client.request({method: 'GET', path, query});
    const {apiVersion = '', items = [], metadata = {}} = body as List; // what an API server answers to such a request
    objects.push(...items.map((item) => ({...item, apiVersion, kind})));
    token = metadata.continue ?? '';
  } while (token !== '');
  return objects;
}

type List = {
  readonly apiVersion?: string;
  readonly items?: readonly ClusterObject[];
  readonly metadata?: {readonly continue?: string};
};
