/** What proxies report comes back as input collections: who is connected, and what they refuse. */
import type {Observable} from 'rxjs';
import {nacks, proxies, type NackRow, type ProxyRow} from '../collections/inputs.ts';
import type {Graph} from './krt/index.ts';
import type {ClientEvent} from './xds/api.ts';

/** Returns what ends it. */
export function followClients(graph: Graph, events$: Observable<ClientEvent>): () => void {
  const scopes = new Map<number, string>();
  /** Keys of the refusals of each client that stand. */
  const refused = new Map<number, Set<string>>();
  const keyOf = (client: number, type: string, name: string): string => `${client}|${type}|${name}`;

  const forget = (client: number, keys: readonly string[]): void => {
    const standing = refused.get(client);
    const healed = keys.filter((key) => standing?.delete(key) === true);
    if (healed.length > 0) graph.commit((tx) => healed.forEach((key) => tx.delete(nacks, key)));
  };

  const take = (event: ClientEvent): void => {
    switch (event.kind) {
      case 'connected': {
        const {client, node, scope, profile, peer} = event;
        scopes.set(client, scope);
        const row: ProxyRow = {
          key: String(client),
          scope,
          dialect: profile === 'agentgateway' ? 'agentgateway' : 'envoy',
          node: node.id,
          cluster: node.cluster,
          metadata: node.metadata,
          peer,
        };
        graph.commit((tx) => tx.set(proxies, row));
        return;
      }
      case 'disconnected': {
        const {client} = event;
        forget(client, [...(refused.get(client) ?? [])]);
        refused.delete(client);
        scopes.delete(client);
        graph.commit((tx) => tx.delete(proxies, String(client)));
        return;
      }
      case 'acknowledged':
        // Only what was refused before is news; a first snapshot may acknowledge a hundred thousand names.
        if ((refused.get(event.client)?.size ?? 0) > 0) {
          forget(
            event.client,
            event.names.map((name) => keyOf(event.client, event.type, name)),
          );
        }
        return;
      case 'rejected': {
        const {client, type, names, message, warning} = event;
        const standing = refused.get(client) ?? new Set();
        refused.set(client, standing);
        const scope = scopes.get(client) ?? '';
        const rows = names.map((name): NackRow => ({
          key: keyOf(client, type, name),
          client: String(client),
          scope,
          type,
          name,
          message,
          warning,
        }));
        for (const {key} of rows) standing.add(key);
        graph.commit((tx) => rows.forEach((row) => tx.set(nacks, row)));
        return;
      }
    }
  };

  const subscription = events$.subscribe(take);
  return () => subscription.unsubscribe();
}
