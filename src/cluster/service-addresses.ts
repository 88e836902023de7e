/**
 * Where load balancers have made Services reachable. It stands in statuses, which are not part of the objects that are read;
 * so it goes into the graph by an input of its own.
 */
import {serviceAddresses, type ServiceAddressesRow} from '../../collections/inputs.ts';
import {balancedAddresses} from '../api/load-balancer.ts';
import type {LiveObjects} from '../kube/live-objects.ts';
import type {Graph} from '../krt/index.ts';

const groupKind = '/Service';

/** Returns what ends it. What is live when it begins is in the graph when it returns. */
export function followServiceAddresses(graph: Graph, live: LiveObjects): () => void {
  const waiting = new Set<string>();
  let next: NodeJS.Immediate | undefined;

  const rowOf = (key: string): ServiceAddressesRow | undefined => {
    const addresses = balancedAddresses(live.get({groupKind, key})?.status);
    return addresses.length === 0 ? undefined : {key, addresses};
  };
  const flush = (): void => {
    clearImmediate(next);
    next = undefined;
    const keys = [...waiting];
    waiting.clear();
    graph.commit((tx) => {
      for (const key of keys) {
        const row = rowOf(key);
        if (row === undefined) tx.delete(serviceAddresses, key);
        else tx.set(serviceAddresses, row);
      }
    });
  };
  const unfollow = live.onChange(({groupKind: kind, key}) => {
    // Most Services have no such status, and never had one.
    if (kind !== groupKind || (rowOf(key) === undefined && graph.get(serviceAddresses, key) === undefined)) return;
    waiting.add(key);
    // Not while somebody else is told of the same change.
    next ??= setImmediate(flush);
  });

  for (const {groupKind: kind, key} of live.names()) if (kind === groupKind) waiting.add(key);
  if (waiting.size > 0) flush();
  return () => {
    clearImmediate(next);
    unfollow();
  };
}
