import type {ApiClient} from '../api-client.ts';
import {nodeName} from './node-object.ts';
import type {Pod} from './pod.ts';

/** What a scheduler does, where there is one node. Resolves to whether the Pod is bound now. */
export async function bind(client: ApiClient, {metadata: {namespace, name, uid}}: Pod): Promise<boolean> {
  const answer = await client.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: {name, uid},
    target: {apiVersion: 'v1', kind: 'Node', name: nodeName},
  });
  // 404: deleted since. 409: bound already, or another one has the name.
  return answer.status < 300 || answer.status === 404 || answer.status === 409;
}
