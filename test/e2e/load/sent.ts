import {eventually} from '../harness/eventually.ts';
import type {Sluice} from '../harness/sluice.ts';

/** What a control plane has sent to all its clients since it was started, by type of the resource. */
export type Sent = {
  readonly resources: Readonly<Record<string, number>>;
  readonly removed: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly bytes: number;
};

/** Counts of zero are left out. */
export async function sentBy(sluice: Pick<Sluice, 'admin'>): Promise<Sent> {
  const text = await sluice.admin('/metrics');
  const byType = (metric: string): Record<string, number> =>
    Object.fromEntries(
      [...text.matchAll(new RegExp(String.raw`^sluice_xds_${metric}_total\{type="([^"]*)"\} (\d+)$`, 'gm'))]
        .map(([, type = '', value]): [string, number] => [type.slice(type.lastIndexOf('.') + 1), Number(value)])
        .filter(([, value]) => value > 0),
    );
  const sum = (metric: string): number => Object.values(byType(metric)).reduce((all, value) => all + value, 0);
  return {resources: byType('resources'), removed: byType('removed'), messages: sum('messages'), bytes: sum('bytes')};
}

/** Resolves once a client is connected that has asked for `types` types and has nothing left to be sent or taken. */
export async function clientsAtRest(sluice: Pick<Sluice, 'admin'>, types: number, limitMs: number): Promise<void> {
  await eventually(async () => {
    const clients = JSON.parse(await sluice.admin('/debug/clients')) as readonly ClientSummary[]; // ClientView[]
    if (clients.length === 0) throw new Error('no client is connected');
    for (const client of clients) {
      const busy = client.types.filter(({pending, sent, acknowledged}) => pending > 0 || sent !== acknowledged);
      if (client.types.length < types || busy.length > 0) throw new Error(JSON.stringify(client.types));
    }
  }, limitMs);
}

type ClientSummary = {
  readonly types: readonly {
    readonly type: string;
    readonly pending: number;
    readonly sent: number;
    readonly acknowledged: number;
  }[];
};

/** Differences, zeros left out. */
export function difference(after: Sent['resources'], before: Sent['resources']): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([type, count]): [string, number] => [type, count - (before[type] ?? 0)])
      .filter(([, count]) => count !== 0),
  );
}
