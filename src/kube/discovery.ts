/** Which versions of a kind a server has. Answers are shared by all who ask at about the same time. */
import {isRecord} from '../schema/record.ts';
import {ApiError, type KubeClient} from './client.ts';
import type {Clock} from './clock.ts';
import {apiVersionOf, type KubeKind} from './kinds.ts';

export type Discovery = {
  /**
   * The first of the kind's versions that the server has; undefined where it certainly has none. Rejects where the server
   * cannot be asked, or does not answer like an API server: that says nothing about the kind.
   */
  versionOf(kind: KubeKind): Promise<string | undefined>;
};

/** Plurals of a group and version. */
type Resources = ReadonlySet<string>;

/** What was asked for is good for others who ask so shortly after. */
const SHARED_MS = 100;
const NONE: Resources = new Set();

export function createDiscovery(client: Pick<KubeClient, 'request'>, clock: Clock): Discovery {
  const asked = new Map<string, {readonly at: number; readonly answer: Promise<unknown>}>();

  const get = (path: string): Promise<unknown> => {
    const known = asked.get(path);
    if (known !== undefined && clock.now() - known.at < SHARED_MS) return known.answer;
    const answer = client.request({method: 'GET', path}).then(({body}) => body);
    asked.set(path, {at: clock.now(), answer});
    return answer;
  };

  const resourcesOf = async (apiVersion: string): Promise<Resources> => {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      return resourcesIn(await get(path), path);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      // A 404 may come from anything between here and the server. Its list of groups does not.
      if (groupVersionsIn(await get('/apis')).has(apiVersion)) throw error;
      return NONE;
    }
  };

  return {
    async versionOf(kind) {
      const found = await Promise.all(kind.versions.map((version) => resourcesOf(apiVersionOf(kind, version))));
      return kind.versions.find((_, index) => found[index]?.has(kind.plural));
    },
  };
}

function resourcesIn(body: unknown, path: string): Resources {
  const list = isRecord(body) && body['kind'] === 'APIResourceList' ? body['resources'] : undefined;
  if (!Array.isArray(list)) throw new Error(`GET ${path}: the answer is no list of resources`);
  return new Set(
    list.flatMap((item: unknown) => (isRecord(item) && typeof item['name'] === 'string' ? [item['name']] : [])),
  );
}

function groupVersionsIn(body: unknown): ReadonlySet<string> {
  const list = isRecord(body) && body['kind'] === 'APIGroupList' ? body['groups'] : undefined;
  if (!Array.isArray(list)) throw new Error('GET /apis: the answer is no list of groups');
  const versions = list.flatMap((group: unknown) => {
    const of: unknown = isRecord(group) ? group['versions'] : undefined;
    return Array.isArray(of) ? of : [];
  });
  return new Set(
    versions.flatMap((version: unknown) =>
      isRecord(version) && typeof version['groupVersion'] === 'string' ? [version['groupVersion']] : [],
    ),
  );
}
