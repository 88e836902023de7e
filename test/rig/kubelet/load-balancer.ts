/**
 * What a cloud does for Services of type LoadBalancer: an address, and traffic to it reaches the Service. Here the address is put
 * onto one of the Pods behind the Service, so it is reached without translation: `port` must be the `targetPort`.
 */
import {isDeepStrictEqual} from 'node:util';
import {messageOf, type ApiClient} from '../api-client.ts';
import type {KubeObject, ObjectMeta} from '../objects.ts';
import {addAddress, removeAddress} from '../network.ts';
import {addressPool} from './address-pool.ts';
import {keyOf} from './pod.ts';
import type {Store} from './store.ts';

type Namespaced = {readonly metadata: ObjectMeta & {readonly namespace: string}};

export type Service = KubeObject &
  Namespaced & {
    readonly spec: {
      readonly type?: string;
      readonly loadBalancerIP?: string;
      readonly ports?: readonly {readonly port: number; readonly targetPort?: number | string}[];
    };
    readonly status?: {readonly loadBalancer?: {readonly ingress?: readonly object[]}};
  };

export type EndpointSlice = KubeObject &
  Namespaced & {
    readonly endpoints?: readonly {
      readonly addresses: readonly string[];
      readonly conditions?: {readonly ready?: boolean};
      readonly targetRef?: {readonly kind: string};
    }[];
  };

export type LoadBalancerOptions = {
  readonly client: ApiClient;
  readonly services: Store<Service>;
  readonly slices: Store<EndpointSlice>;
  /** Of the rig; see network.ts. */
  readonly id: string;
  readonly report: (line: string) => void;
};

/** What one Service has. `pod`: the address of the Pod that holds its address. */
type Holding = {readonly address: string; pod?: string};

const serviceOf = 'kubernetes.io/service-name';
const retryMs = 500;

/** Those below 10.245.1.0 are for Services that ask for a certain one. */
const firstAddress = 256;

export function startLoadBalancer({client, services, slices, id, report}: LoadBalancerOptions): void {
  const pool = addressPool('10.245', firstAddress);
  const holdings = new Map<string, Holding>();
  /** One after the other: two Services may want the same address. */
  let queue: Promise<void> = Promise.resolve();

  const sync = (namespace: string, name: string): void => {
    queue = queue.then(async () => {
      try {
        await reconcile(namespace, name);
      } catch (error) {
        report(`Service ${namespace}/${name}: ${error instanceof Error ? error.message : String(error)}`);
        setTimeout(() => sync(namespace, name), retryMs);
      }
    });
  };
  const addressFor = (service: Service): string | undefined => {
    const wanted = service.spec.loadBalancerIP ?? '';
    if (wanted === '') return pool.next();
    return pool.contains(wanted) && pool.take(wanted) ? wanted : undefined;
  };
  const release = async (key: string): Promise<void> => {
    const held = holdings.get(key);
    if (held === undefined) return;
    if (held.pod !== undefined) await removeAddress(id, held.pod, held.address);
    pool.release(held.address);
    holdings.delete(key);
    // Another one may wait for just this address.
    for (const {metadata} of services.list())
      if (!holdings.has(keyOf(metadata.namespace, metadata.name))) sync(metadata.namespace, metadata.name);
  };
  const reconcile = async (namespace: string, name: string): Promise<void> => {
    const key = keyOf(namespace, name);
    const service = services.get(namespace, name);
    if (service?.spec.type !== 'LoadBalancer') {
      await release(key);
      return;
    }
    const wanted = service.spec.loadBalancerIP ?? '';
    if (wanted !== '' && holdings.get(key)?.address !== wanted) await release(key);
    let held = holdings.get(key);
    if (held === undefined) {
      const address = addressFor(service);
      if (address === undefined) {
        report(`Service ${key} wants ${wanted}, which is taken or not in 10.245.0.0/16: it waits`);
        await writeIngress(client, service, []);
        return;
      }
      held = {address};
      holdings.set(key, held);
      for (const {port, targetPort = port} of service.spec.ports ?? []) {
        if (typeof targetPort === 'number' && targetPort !== port) {
          report(`Service ${key}: its address is reached by port ${targetPort} and not by ${port}`);
        }
      }
    }
    await place(held, readyPods(slices, namespace, name));
    await writeIngress(client, service, [{ip: held.address, ipMode: 'VIP'}]);
  };
  /** It stays where it is as long as that Pod is ready, and also while no other one is. */
  const place = async (held: Holding, ready: readonly string[]): Promise<void> => {
    const [first] = ready;
    if (first === undefined || (held.pod !== undefined && ready.includes(held.pod))) return;
    if (held.pod !== undefined) await removeAddress(id, held.pod, held.address);
    delete held.pod;
    await addAddress(id, first, held.address);
    held.pod = first;
  };

  services.onChange(({metadata}) => sync(metadata.namespace, metadata.name));
  slices.onChange(({metadata}) => {
    const service = metadata.labels?.[serviceOf];
    if (service !== undefined) sync(metadata.namespace, service);
  });
}

/** Addresses of the ready Pods behind the Service, sorted. */
export function readyPods(slices: Store<EndpointSlice>, namespace: string, name: string): readonly string[] {
  return [...slices.list()]
    .filter(({metadata}) => metadata.namespace === namespace && metadata.labels?.[serviceOf] === name)
    .flatMap(({endpoints}) => endpoints ?? [])
    .filter(({conditions, targetRef}) => conditions?.ready !== false && targetRef?.kind === 'Pod')
    .flatMap(({addresses}) => addresses)
    .sort();
}

async function writeIngress(client: ApiClient, service: Service, ingress: readonly object[]): Promise<void> {
  if (isDeepStrictEqual(service.status?.loadBalancer?.ingress ?? [], ingress)) return;
  const {namespace, name, uid} = service.metadata;
  const body = {metadata: {uid}, status: {loadBalancer: {ingress}}};
  const path = `/api/v1/namespaces/${namespace}/services/${name}/status`;
  const answer = await client.request('PATCH', path, body, 'application/merge-patch+json');
  if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409) throw new Error(messageOf(answer));
}
