/**
 * Names of Services, by way of /etc/hosts: nothing serves DNS here, and nothing forwards ClusterIPs. A name leads to the addresses
 * of the ready Pods behind the Service, as that of a headless one does; so the `port` must be the `targetPort`.
 */
import {readyPods, type EndpointSlice, type Service} from './load-balancer.ts';
import type {Store} from './store.ts';

/** Lines of /etc/hosts for a Pod of the namespace; the last name of a Service is short there alone. */
export function serviceNames(services: Store<Service>, slices: Store<EndpointSlice>, inNamespace: string): string {
  const lines: string[] = [];
  for (const {metadata} of services.list()) {
    const {name, namespace} = metadata;
    const long = `${name}.${namespace}`;
    const names = [`${long}.svc.cluster.local`, `${long}.svc`, long, ...(namespace === inNamespace ? [name] : [])];
    for (const address of readyPods(slices, namespace, name)) lines.push(`${address} ${names.join(' ')}\n`);
  }
  return lines.sort().join('');
}
