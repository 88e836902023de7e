import {messageOf, type ApiClient} from '../api-client.ts';

export const nodeName = 'rig-node';
/** Where the API server fetches logs. */
export const kubeletPort = 10_250;
/** The address by which the API server reaches the kubelet, and the host of every Pod. */
export const hostIP = '127.0.0.1';

/** Registers the node. Endpoints and the Pod garbage collector ask for it; nothing judges whether it is alive. */
export async function registerNode(client: ApiClient): Promise<void> {
  const now = new Date().toISOString();
  const capacity = {cpu: '64', memory: '256Gi', pods: '1000'};
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'kubernetes.io/hostname': nodeName,
        'topology.kubernetes.io/region': 'rig-region',
        'topology.kubernetes.io/zone': 'rig-zone',
      },
    },
    status: {
      addresses: [{type: 'InternalIP', address: hostIP}],
      daemonEndpoints: {kubeletEndpoint: {Port: kubeletPort}},
      capacity,
      allocatable: capacity,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'the rig runs Pods as processes',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
    },
  };
  const answer = await client.request('POST', '/api/v1/nodes', node);
  if (answer.status !== 201 && answer.status !== 409) throw new Error(`the Node was refused: ${messageOf(answer)}`);
}
