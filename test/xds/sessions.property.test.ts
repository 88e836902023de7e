import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Resource} from '../../src/xds/api.ts';
import {splitRef} from '../../src/xds/ref.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import type {ModelClient} from './support/model-client.ts';
import {address, cluster, config, endpoints, listener, routes, secret, virtualHost} from './support/resources.ts';
import {Rig} from './support/rig.ts';

/**
 * After any sequence of changes, subscriptions, ACKs, NACKs and reconnects the client has what the store has; and no
 * message on the way broke a rule (the model checks each one).
 */
type Step =
  | {readonly kind: 'commit'; readonly edits: readonly Edit[]}
  | {readonly kind: 'flush' | 'answer' | 'settle' | 'reconnect' | 'stall'}
  | {readonly kind: 'subscribe' | 'unsubscribe'; readonly type: number; readonly name: number};

type Edit = {
  readonly what: number;
  readonly name: number;
  readonly content: number;
  readonly gone: boolean;
  readonly bad: boolean;
  readonly warn: boolean;
  readonly refs: readonly (readonly [number, number])[];
};

const small = fc.nat(3);
const edit = fc.record({
  what: fc.nat(5),
  name: small,
  content: fc.nat(2),
  gone: fc.boolean(),
  bad: fc.boolean().map((bad) => bad),
  warn: fc.boolean(),
  refs: fc.array(fc.tuple(fc.nat(5), small), {maxLength: 2}),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({kind: fc.constant('commit' as const), edits: fc.array(edit, {minLength: 1, maxLength: 4})}),
  },
  {weight: 3, arbitrary: fc.record({kind: fc.constantFrom('flush' as const, 'answer' as const)})},
  {weight: 1, arbitrary: fc.record({kind: fc.constantFrom('settle' as const, 'reconnect' as const, 'stall' as const)})},
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('subscribe' as const, 'unsubscribe' as const),
      type: fc.nat(3),
      name: fc.nat(4),
    }),
  },
);

/** References go to lower kinds only, so that there are no cycles to wait for. */
const refsBelow = (what: number, refs: Edit['refs'], of: (what: number, name: number) => string): string[] => [
  ...new Set(refs.filter(([target]) => target < what).map(([target, name]) => of(target, name))),
];

function envoyResource({what, name, content, bad, refs: wanted}: Edit): Resource {
  const text = String(content);
  const kinds = [endpoints, cluster, secret, listener, routes, virtualHost] as const;
  // Nothing may rely on endpoints, secrets, routes or virtual hosts by itself: the client chooses those.
  const refs = refsBelow(what, wanted, (target, index) => (target === 1 ? cluster.ref(`n${index}`) : '')).filter(
    (ref) => ref !== '',
  );
  const own = `n${name}`;
  switch (what) {
    case 0:
      return endpoints.make(own, {content: text, bad});
    case 1:
      return cluster.make(own, {content: text, bad, subscribes: [endpoints.ref(own)]});
    case 3:
      return listener.make(own, {content: text, bad, refs, subscribes: [routes.ref(own), secret.ref(`n${content}`)]});
    case 5:
      return virtualHost.make(`n${content}/${own}`, {content: text, bad, refs, parent: routes.ref(`n${content}`)});
    default:
      return (kinds[what] ?? secret).make(own, {content: text, bad});
  }
}

function agentgatewayResource({what, name, content, bad, warn, refs: wanted}: Edit): Resource {
  const of = (kind: number, index: number): string => {
    const own = `kind${kind}/n${index}`;
    return kind < 2 ? address.ref(own) : config.ref(own);
  };
  const spec = {content: String(content), bad, warn, order: what, refs: refsBelow(what, wanted, of)};
  const own = `kind${what}/n${name}`;
  return what < 2 ? address.make(own, spec) : config.make(own, spec);
}

function run(rig: Rig, client: ModelClient, steps: readonly Step[], make: (edit: Edit) => Resource): void {
  const scope = `${client.mode}/default/gw`;
  const names = ['*', 'n0', 'n1', 'n2', 'n3'];
  const subscribable = [typeUrls.cluster, typeUrls.listener, 'type.googleapis.com/other', typeUrls.virtualHost];
  for (const each of steps) {
    const {connection} = rig;
    switch (each.kind) {
      case 'commit': {
        const resources = each.edits.map((one) => ({resource: make(one), gone: one.gone}));
        // A commit says one thing about a name: the last.
        const last = new Map(resources.map((entry) => [`${entry.resource.type}|${entry.resource.name}`, entry]));
        const set = [...last.values()].filter(({gone}) => !gone).map(({resource}) => resource);
        rig.apply(
          set,
          [...last].filter(([, {gone}]) => gone).map(([ref]) => ref),
          scope,
        );
        break;
      }
      case 'flush':
        rig.flush(connection);
        break;
      case 'answer':
        client.answer();
        break;
      case 'settle':
        connection.stalled = false;
        rig.settle();
        break;
      case 'stall':
        connection.stalled = true;
        break;
      case 'reconnect':
        connection.close();
        rig.connect(client);
        break;
      case 'subscribe':
        if (client.mode === 'envoy') client.subscribe(subscribable[each.type] ?? '', [names[each.name] ?? '']);
        break;
      case 'unsubscribe':
        if (client.mode === 'envoy') client.unsubscribe(subscribable[each.type] ?? '', [names[each.name] ?? '']);
        break;
    }
  }
}

/** Where the client differs from the store: it is to have what it covers, in the store's version, or an older one where it rejects that. */
function differences(rig: Rig, client: ModelClient, types: readonly string[]): string[] {
  const found: string[] = [];
  for (const type of types) {
    const state = client.type(type);
    const due = new Map(
      rig
        .resources(`${client.mode}/default/gw`, type)
        .filter(({name, parent}) => state.covers(name) && (parent === undefined || has(client, parent)))
        .map((resource) => [resource.name, resource]),
    );
    for (const [name, {version, bytes}] of due) {
      const isBad = Buffer.from(bytes).toString().includes('"bad":true');
      if ((state.resources.get(name)?.version === version) === isBad) found.push(`${type} ${name}`);
    }
    for (const name of state.resources.keys()) if (!due.has(name)) found.push(`${type} ${name}, which should be gone`);
  }
  return found;
}

function has(client: ModelClient, ref: string): boolean {
  const {type, name} = splitRef(ref);
  return client.type(type).resources.has(name);
}

/** Lets everything come to rest; then nothing may be pending. */
function finish(rig: Rig, client: ModelClient): string[] {
  const {connection} = rig;
  connection.stalled = false;
  rig.settle();
  // Clusters warm until their endpoints come: all but those whose endpoints the client rejects.
  const stuck = [...(client.type(typeUrls.cluster).warming?.names ?? [])].filter((name) => {
    const {bytes = ''} = rig.get(connection.scope, endpoints.ref(name)) ?? {};
    return !Buffer.from(bytes).toString().includes('"bad":true');
  });
  // What still waits, waits for a resource that the client dropped or a reference that dangles.
  client.checksOrder = false;
  for (let round = 0; round < 3; round += 1) {
    rig.clock.advance(6000);
    rig.settle();
    client.stopWarming();
    rig.settle();
  }
  const pending = connection.session.view().types.filter((type) => type.pending > 0);
  return [
    ...client.violations,
    ...stuck.map((name) => `${name} is stuck`),
    ...pending.map(({type}) => `${type} is pending`),
  ];
}

describe('any history', () => {
  it('leaves an Envoy with what the store has', () => {
    fc.assert(
      fc.property(fc.array(step, {maxLength: 40}), (steps) => {
        const rig = new Rig();
        const client = rig.client({mode: 'envoy', follows: true});
        client.subscribe(typeUrls.cluster);
        client.subscribe(typeUrls.listener);
        run(rig, client, steps, envoyResource);
        expect(finish(rig, client)).toEqual([]);
        const types = [typeUrls.cluster, typeUrls.endpoints, typeUrls.secret, typeUrls.listener];
        const all = [...types, typeUrls.routeConfiguration, typeUrls.virtualHost];
        expect(differences(rig, client, all)).toEqual([]);
      }),
      {numRuns: 400},
    );
  });

  it('leaves an agentgateway proxy with what the store has', () => {
    fc.assert(
      fc.property(fc.array(step, {maxLength: 40}), fc.boolean(), (steps, startsLate) => {
        const rig = new Rig();
        const client = rig.client({mode: 'agentgateway'});
        if (!startsLate) client.start();
        run(rig, client, steps, agentgatewayResource);
        if (startsLate) client.start();
        expect(finish(rig, client)).toEqual([]);
        expect(differences(rig, client, [typeUrls.address, typeUrls.resource])).toEqual([]);
        expect(client.ready).toBe(true);
      }),
      {numRuns: 400},
    );
  });
});
