/** Single objects of an API server: read, applied, deleted. */
import {deepMerge, isJsonObject, type JsonObject} from '../api/json.ts';
import {ApiError, type KubeClient} from '../kube/client.ts';
import type {Term} from '../kube/lease-term.ts';
import type {DesiredObject} from './desired.ts';
import {objectPath} from './kube-kinds.ts';
import {appliedAnnotation, hashOf, type LiveObject, liveObjectOf} from './live-object.ts';
import {ProvisionError, TermOver} from './provision-errors.ts';

export type KubeObjectWriterOptions = {
  readonly client: KubeClient;
  readonly fieldManager: string;
  /** The longest that a request may take, in milliseconds. */
  readonly requestMs: number;
};

/** A term that ends sooner is as good as over. */
const LEAST_MS = 500;

export class KubeObjectWriter {
  readonly #options: KubeObjectWriterOptions;

  constructor(options: KubeObjectWriterOptions) {
    this.#options = options;
  }

  async read({
    kind,
    namespace,
    name,
  }: Pick<LiveObject, 'kind' | 'namespace' | 'name'>): Promise<LiveObject | undefined> {
    try {
      const {client, requestMs} = this.#options;
      const path = pathOf(kind, namespace, name);
      const {body} = await client.request({method: 'GET', path, timeoutMs: requestMs});
      return liveObjectOf(body, kind);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** By server-side apply; fields that others have set are taken over. */
  async apply({object}: DesiredObject, term: Term): Promise<LiveObject> {
    const {kind, metadata} = object;
    const {client, fieldManager} = this.#options;
    const {body} = await client.request({
      method: 'PATCH',
      path: pathOf(kind, metadata.namespace, metadata.name),
      query: {fieldManager, force: 'true'},
      contentType: 'application/apply-patch+yaml',
      body: marked(object),
      timeoutMs: this.#msFor(term),
    });
    const live = liveObjectOf(body, kind);
    if (live === undefined) throw new ProvisionError(`${kind} ${metadata.name}: the answer of the server is no object`);
    return live;
  }

  /** This very version of it, so that what somebody has made of it meanwhile is not lost: false = there is another one. */
  async remove({kind, namespace, name, uid, resourceVersion}: LiveObject, term: Term): Promise<boolean> {
    try {
      await this.#options.client.request({
        method: 'DELETE',
        path: pathOf(kind, namespace, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions: {uid, resourceVersion},
        },
        timeoutMs: this.#msFor(term),
      });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return true;
      if (error instanceof ApiError && error.status === 409) return false;
      throw error;
    }
  }

  #msFor(term: Term): number {
    const left = term.msLeft();
    if (left < LEAST_MS) throw new TermOver('the time of this leader is over');
    return Math.min(this.#options.requestMs, left);
  }
}

function pathOf(kind: string, namespace: string, name: string): string {
  const path = objectPath(kind, namespace, name);
  if (path === undefined)
    throw new ProvisionError(`${kind} ${namespace}/${name}: is no kind that is made for Gateways`);
  return path;
}

/** With the hash of itself. */
function marked(object: DesiredObject['object']): JsonObject {
  const annotations: JsonObject = {[appliedAnnotation]: hashOf(object)};
  return deepMerge<JsonObject>(object, {metadata: {annotations}});
}

/** Whether it has all that `data` is to have, whatever that is. */
export function hasDataOf({body}: LiveObject, {object}: DesiredObject): boolean {
  const [wanted, data] = [object['data'], body['data']];
  if (!isJsonObject(wanted)) return true;
  return Object.keys(wanted).every((key) => isJsonObject(data) && typeof data[key] === 'string' && data[key] !== '');
}
