/** Objects into the API server, by server-side apply, and out of it. */
import {setTimeout as sleep} from 'node:timers/promises';
import {messageOf, type ApiAnswer, type ApiClient} from './api-client.ts';
import {describeObject, objectsOf, type KubeObject, type Manifests} from './objects.ts';

export type Applier = {
  /** One after the other, in the order given. Waits for CRDs until they are served. Resolves to what the server stored. */
  apply(manifests: Manifests, fieldManager?: string): Promise<readonly KubeObject[]>;
  /** Those that are not there are passed over. Does not wait until they are gone. */
  remove(manifests: Manifests): Promise<void>;
  /** Where the object lives: `/api/v1/namespaces/default/services/echo`. */
  pathOf(object: KubeObject): Promise<string>;
};

type Resource = {readonly name: string; readonly kind: string; readonly namespaced: boolean};

const servedLimitMs = 20_000;
const pollEveryMs = 100;

export function applier(client: ApiClient): Applier {
  const resources = new Map<string, readonly Resource[]>();

  const find = async (apiVersion: string, kind: string, again: boolean): Promise<Resource | undefined> => {
    if (again || !resources.has(apiVersion)) {
      const root = apiVersion.includes('/') ? '/apis' : '/api';
      const {status, body} = await client.request<{readonly resources: readonly Resource[]}>(
        'GET',
        `${root}/${apiVersion}`,
      );
      resources.set(apiVersion, status === 200 ? body.resources : []);
    }
    return resources.get(apiVersion)?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
  };
  const pathOf = async (object: KubeObject): Promise<string> => {
    const {apiVersion, kind, metadata} = object;
    // Asked again once: a CRD may have come since.
    const resource = (await find(apiVersion, kind, false)) ?? (await find(apiVersion, kind, true));
    if (resource === undefined) throw new Error(`the API server serves no ${kind} of ${apiVersion}`);
    const root = apiVersion.includes('/') ? '/apis' : '/api';
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${root}/${apiVersion}${scope}/${resource.name}/${metadata.name}`;
  };
  const applyOne = async (object: KubeObject, fieldManager: string): Promise<KubeObject> => {
    const query = `?fieldManager=${encodeURIComponent(fieldManager)}&force=true`;
    const path = await pathOf(object);
    const answer = await client.request<KubeObject>('PATCH', `${path}${query}`, object, 'application/apply-patch+yaml');
    if (answer.status >= 300) throw new Error(`${describeObject(object)} cannot be applied: ${messageOf(answer)}`);
    return answer.body;
  };

  return {
    pathOf,
    async apply(manifests, fieldManager = 'rig') {
      const stored: KubeObject[] = [];
      for (const object of objectsOf(manifests)) stored.push(await applyOne(object, fieldManager));
      for (const object of stored) if (isCrd(object)) await served(client, object);
      return stored;
    },
    async remove(manifests) {
      for (const object of objectsOf(manifests)) {
        const answer = await client.request('DELETE', await pathOf(object));
        if (answer.status >= 300 && answer.status !== 404) {
          throw new Error(`${describeObject(object)} cannot be removed: ${messageOf(answer)}`);
        }
      }
    },
  };
}

type Crd = KubeObject & {
  readonly spec: {
    readonly group: string;
    readonly names: {readonly plural: string};
    readonly versions: readonly {readonly name: string; readonly served: boolean}[];
  };
  readonly status?: {readonly conditions?: readonly {readonly type: string; readonly status: string}[]};
};

const isCrd = (object: KubeObject): object is Crd => object.kind === 'CustomResourceDefinition';

/**
 * Until the CRD is Established and every version of it answers. Lists are asked for first: they work a moment earlier, and the CRD
 * itself is half a megabyte to read.
 */
async function served(client: ApiClient, {metadata, spec}: Crd): Promise<void> {
  const until = Date.now() + servedLimitMs;
  const works = async (path: string, isGood: (answer: ApiAnswer<unknown>) => boolean): Promise<void> => {
    for (;;) {
      const answer = await client.request('GET', path);
      if (isGood(answer)) return;
      if (Date.now() > until) throw new Error(`${metadata.name} is not served after ${servedLimitMs} ms`);
      await sleep(pollEveryMs);
    }
  };
  for (const version of spec.versions.filter((one) => one.served)) {
    await works(`/apis/${spec.group}/${version.name}/${spec.names.plural}?limit=1`, ({status}) => status === 200);
  }
  await works(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`, ({body}) =>
    isEstablished(body),
  );
}

function isEstablished(body: unknown): boolean {
  const {status} = body as Pick<Crd, 'status'>; // a CRD, or a Status with a text there
  const conditions = typeof status === 'object' ? (status.conditions ?? []) : [];
  return conditions.some(({type, status: value}) => type === 'Established' && value === 'True');
}
