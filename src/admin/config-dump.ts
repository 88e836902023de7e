/** What the proxies of a Gateway are to have, and what each of them has of it. */
import type {ClientProgress, Resource, XdsServer} from '../xds/api.ts';
import {type Answer, json, jsonList, jsonParts} from './answer.ts';
import {type Decode, printable} from './printable.ts';

export type ConfigDumpSources = {
  readonly xds: Pick<XdsServer, 'scopes' | 'inspect'>;
  readonly decoder: () => Promise<Decode>;
  /** What proxies complain of: rows of the collection of that name. */
  readonly nacks: () => readonly unknown[];
};

/**
 * `gateway` = `namespace/name`; `type` and `name` choose resources, `type` by the last part of its URL. Private keys and
 * other secrets are not shown.
 */
export async function configDump({xds, decoder, nacks}: ConfigDumpSources, query: URLSearchParams): Promise<Answer> {
  const gateway = query.get('gateway');
  const [type, name] = [query.get('type'), query.get('name')];
  if (gateway === null) return json({error: 'the parameter gateway=NAMESPACE/NAME is missing'}, 400);
  const scopes = xds.scopes();
  const views = scopes.flatMap((scope) => {
    const view = gatewayOf(scope) === gateway ? xds.inspect(scope) : undefined;
    return view === undefined ? [] : [{scope, ...view}];
  });
  if (views.length === 0) {
    const gateways = [...new Set(scopes.map(gatewayOf))].sort();
    return json({error: `there is nothing for proxies of Gateway ${gateway}, and none is connected`, gateways}, 404);
  }
  const decode = await decoder();
  const wanted = (resource: Resource): boolean =>
    (type === null || resource.type.endsWith(type)) && (name === null || resource.name === name);
  const complaints = nacks();

  function* parts(): Generator<string> {
    yield `{"gateway":${JSON.stringify(gateway)},"proxies":[`;
    let separator = '\n';
    for (const {scope, resources, clients} of views) {
      yield `${separator}{"scope":${JSON.stringify(scope)},\n"clients":`;
      yield* jsonList(clients.map((client) => shown(client, complaints)));
      yield ',\n"resources":';
      yield* jsonList(decoded(resources.filter(wanted), decode));
      yield '}';
      separator = ',\n';
    }
    yield ']}';
  }
  return jsonParts(parts());
}

/** Scopes are `<dialect>/<namespace>/<gateway>`. */
const gatewayOf = (scope: string): string => scope.slice(scope.indexOf('/') + 1);

function* decoded(resources: readonly Resource[], decode: Decode): Generator {
  for (const {type, name, version, bytes, refs, parent} of resources) {
    // The shape by which it knows what to decode; one at a time, for this is what takes long.
    yield printable({type, name, version, refs, ...(parent !== undefined && {parent}), bytes}, decode);
  }
}

function shown(client: ClientProgress, nacks: readonly unknown[]): object {
  const {node, types, ...rest} = client;
  const complaints = nacks.filter((row) => isRecord(row) && row['client'] === String(client.client));
  const {id, cluster, userAgent, metadata} = node;
  return {
    ...rest,
    node: {id, cluster, userAgent, metadata},
    types: types.map(({type, current, differences}) => ({type, current, differences})),
    complaints: complaints.map((row) => pick(row, ['type', 'name', 'warning', 'message'])),
  };
}

function pick(row: unknown, names: readonly string[]): object {
  return isRecord(row) ? Object.fromEntries(names.map((name) => [name, row[name]])) : {};
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
