/**
 * Our strategic merge against that of a real API server: what it makes of a Deployment and a patch has to be what it makes
 * of the Deployment that we have merged.
 */
import * as fc from 'fast-check';
import {beforeAll, expect, it} from 'vitest';
import {mergeFieldsOf} from '../../collections/infra/merge-keys.ts';
import {strategicMerge, StrategicMergeError} from '../../collections/infra/strategic-merge.ts';
import {isJsonObject, type Json, type JsonObject} from '../../src/api/json.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {ApiError, type KubeClient, type KubeContentType} from '../../src/kube/client.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {deploymentArbitrary, patchArbitrary} from './merge-arbitraries.ts';

const pathOf = (name: string): string => `/apis/apps/v1/namespaces/default/deployments/${name}`;
/** Written by the controller of Deployments, whenever it gets to it. */
const revision = 'deployment.kubernetes.io/revision';

describeWithCluster('loopback', 'strategic merge and a real API server', () => {
  let cluster: Cluster;
  let client: KubeClient;
  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    const kubeconfig = await cluster.kubeconfig(`${cluster.folder}/kubeconfig`);
    client = createKubeClient(loadCredentials({kubeconfig}), {version: 'test'});
  });

  /** What the server would store, or that it says no. */
  const answer = async (
    path: string,
    method: 'PUT' | 'PATCH',
    body: JsonObject,
    contentType: KubeContentType,
  ): Promise<Json> => {
    try {
      const {body: stored} = await client.request({method, path, query: {dryRun: 'All'}, contentType, body});
      // Whatever the server sends is JSON.
      const {metadata, spec} = stored as {readonly metadata: JsonObject; readonly spec: JsonObject};
      const {labels = {}, annotations = {}} = metadata;
      const {[revision]: _revision, ...notes} = isJsonObject(annotations) ? annotations : {};
      return {labels, annotations: notes, spec};
    } catch (error) {
      if (error instanceof ApiError && [400, 422, 500].includes(error.status)) return 'refused';
      throw error;
    }
  };

  it('do the same', async () => {
    const outcomes = {same: 0, refused: 0};
    let made = 0;
    await fc.assert(
      fc.asyncProperty(deploymentArbitrary, patchArbitrary, async (deployment, patch) => {
        fc.pre(!hasDirectivesInNews(deployment, patch));
        const name = `merged-${made++}`;
        const path = pathOf(name);
        await client.request({
          method: 'PATCH',
          path,
          query: {fieldManager: 'test', force: 'true'},
          contentType: 'application/apply-patch+yaml',
          body: {...deployment, metadata: {...metadataOf(deployment), name}},
        });
        const {body} = await client.request({method: 'GET', path});
        const theirs = await answer(path, 'PATCH', patch, 'application/strategic-merge-patch+json');
        const ours = await merged(path, body as JsonObject, patch);
        expect(ours).toEqual(theirs);
        outcomes[theirs === 'refused' ? 'refused' : 'same']++;
        await client.request({method: 'DELETE', path});
      }),
      {numRuns: 150},
    );
    expect(outcomes.same).toBeGreaterThan(60);
  });

  async function merged(path: string, live: JsonObject, patch: JsonObject): Promise<Json> {
    try {
      const result = strategicMerge(live, patch, mergeFieldsOf['Deployment']);
      expect(directivesIn(result)).toEqual([]);
      // Whatever the version is by now.
      const {resourceVersion: _version, ...metadata} = metadataOf(result);
      return await answer(path, 'PUT', {...result, metadata}, 'application/json');
    } catch (error) {
      if (error instanceof StrategicMergeError) return 'refused';
      throw error;
    }
  }
});

/**
 * What API servers take over as it is, directives included, and then store as if these were values; we leave them out. So
 * there is nothing to compare with where a container is new, or takes the place of all others.
 */
function hasDirectivesInNews(deployment: JsonObject, patch: JsonObject): boolean {
  const known = containersIn(deployment).map((container) => container['name']);
  const items = containersIn(patch);
  const isReplaced = items.some((item) => item['$patch'] === 'replace');
  const news = items.filter((item) => !('$patch' in item) && (isReplaced || !known.includes(item['name'] ?? null)));
  return news.some((item) => directivesIn(item).some((name) => !name.startsWith('$setElementOrder')) || hasNull(item));
}

const metadataOf = ({metadata = {}}: JsonObject): JsonObject => (isJsonObject(metadata) ? metadata : {});

function containersIn(object: JsonObject): readonly JsonObject[] {
  const list = ['spec', 'template', 'spec', 'containers'].reduce<Json | undefined>(
    (value, name) => (isJsonObject(value) ? value[name] : undefined),
    object,
  );
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function hasNull(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasNull);
  return value === null || (isJsonObject(value) && Object.values(value).some(hasNull));
}

/** Names that only patches have. `metadata.managedFields` has others of the server's own. */
function directivesIn(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(directivesIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    name === 'managedFields' ? [] : name.startsWith('$') ? [name] : directivesIn(field),
  );
}
