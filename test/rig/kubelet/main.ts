/**
 * A kubelet, a scheduler and a cloud's load balancers, as far as tests need them: it runs Pods as processes of this machine. It
 * runs inside of the network namespace of the node, as a child of the supervisor.
 */
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {apiClientOf} from '../api-client.ts';
import {nodeAddress} from '../network.ts';
import {connect} from '../rpc.ts';
import type {KubeletMethods, KubeletOptions, OwnerMethods} from '../supervisor-methods.ts';
import {addressPool} from './address-pool.ts';
import {bind} from './binder.ts';
import {startLoadBalancer, type EndpointSlice, type Service} from './load-balancer.ts';
import {startLogServer} from './log-server.ts';
import {hostIP, nodeName, registerNode} from './node-object.ts';
import type {ConfigMap, Pod, Secret} from './pod.ts';
import {startPodWorker, type PodWorker} from './pod-worker.ts';
import {serviceNames} from './service-names.ts';
import {tokenSource} from './service-account-token.ts';
import {watchStore} from './store.ts';
import type {VolumeSources} from './volume-files.ts';

/** Tokens are looked after so often. */
const refreshEveryMs = 10_000;
const bindRetryMs = 200;
/** Endpoints change several at a time. */
const namesAfterMs = 50;

async function start(options: KubeletOptions): Promise<void> {
  const {id, folder, apiPort, kubeletServing} = options;
  const logFolder = join(folder, 'logs', 'pods');
  mkdirSync(logFolder, {recursive: true});
  const report = (line: string): void => console.log(new Date().toISOString(), line);
  const client = apiClientOf({url: options.url, caFile: options.caFile, token: options.adminToken});
  await registerNode(client);

  const pods = watchStore<Pod>(client, '/api/v1/pods');
  const secrets = watchStore<Secret>(client, '/api/v1/secrets');
  const configMaps = watchStore<ConfigMap>(client, '/api/v1/configmaps');
  const services = watchStore<Service>(client, '/api/v1/services');
  const slices = watchStore<EndpointSlice>(client, '/apis/discovery.k8s.io/v1/endpointslices');

  const sources: VolumeSources = {
    secret: (namespace, name) => secrets.get(namespace, name),
    configMap: (namespace, name) => configMaps.get(namespace, name),
    token: tokenSource(client),
  };
  const addresses = addressPool('10.244', 2);
  const workers = new Map<string, PodWorker>();
  let links = 0;

  const startPod = (pod: Pod): void => {
    const address = addresses.next();
    const worker = startPodWorker(pod, {
      client,
      sources,
      id,
      network: {address, link: `veth${(links += 1)}`},
      hostIP,
      folder: join(folder, 'pods'),
      logFolder,
      environment: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        // There is nothing that forwards ClusterIPs, so clients inside of the cluster are sent to the node.
        KUBERNETES_SERVICE_HOST: nodeAddress,
        KUBERNETES_SERVICE_PORT: String(apiPort),
      },
      hosts: (namespace) => serviceNames(services, slices, namespace),
      program: async (image) => (await supervisor.call('program', {image})) ?? undefined,
      report,
    });
    const {uid} = pod.metadata;
    workers.set(uid, worker);
    void worker.done.then(() => {
      workers.delete(uid);
      addresses.release(address);
    });
  };
  const binding = new Set<string>();
  const bindPod = async (pod: Pod): Promise<void> => {
    const {namespace, name, uid} = pod.metadata;
    if (binding.has(uid)) return;
    binding.add(uid);
    try {
      while (pods.get(namespace, name)?.metadata.uid === uid && !(await bind(client, pod).catch(() => false))) {
        await sleep(bindRetryMs);
      }
    } finally {
      binding.delete(uid);
    }
  };

  pods.onChange((pod, gone) => {
    const {uid, deletionTimestamp} = pod.metadata;
    const worker = workers.get(uid);
    if (gone) worker?.gone();
    else if (worker !== undefined) worker.update(pod);
    else if (pod.spec.nodeName === nodeName) {
      startPod(pod);
      workers.get(uid)?.update(pod);
    } else if (pod.spec.nodeName === undefined && deletionTimestamp === undefined) void bindPod(pod);
  });
  const refresh = (namespace: string): void => {
    for (const pod of pods.list()) if (pod.metadata.namespace === namespace) workers.get(pod.metadata.uid)?.refresh();
  };
  for (const store of [secrets, configMaps]) {
    store.onChange(({metadata}) => refresh(metadata.namespace ?? ''));
  }
  const refreshAll = (): void => {
    for (const worker of workers.values()) worker.refresh();
  };
  setInterval(refreshAll, refreshEveryMs);
  let names: NodeJS.Timeout | undefined;
  for (const store of [services, slices]) {
    store.onChange(() => {
      names ??= setTimeout(() => {
        names = undefined;
        refreshAll();
      }, namesAfterMs);
    });
  }
  startLoadBalancer({client, services, slices, id, report});
  await startLogServer({
    ...kubeletServing,
    find: (namespace, name, container) => {
      const uid = pods.get(namespace, name)?.metadata.uid;
      return uid === undefined ? undefined : workers.get(uid)?.runners.get(container)?.log;
    },
  });
  await Promise.all([pods, secrets, configMaps, services, slices].map(({synced}) => synced));
}

const methods: KubeletMethods = {start};
const supervisor = connect<OwnerMethods>(process, methods);
process.once('disconnect', () => process.exit(0));
