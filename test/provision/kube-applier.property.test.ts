/**
 * Whatever happens to a cluster, to the API server, and to what is wanted: when nothing happens any more, the cluster has
 * what is wanted, and whoever takes over the lead finds nothing to do.
 */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {endlessTerm} from '../../src/kube/lease-term.ts';
import type {DesiredGateway, DesiredObject} from '../../src/provision/desired.ts';
import {createKubeApplier} from '../../src/provision/kube-applier.ts';
import type {ProvisionReport} from '../../src/provision/kube-applier-options.ts';
import {covers} from '../../src/provision/live-object.ts';
import {apiError, labelled, manualClock, memoryApi} from './memory-api.ts';
import {recordingLog} from './recording-log.ts';

type Step =
  | {readonly op: 'want'; readonly gateway: string; readonly kinds: readonly string[]; readonly value: number}
  | {readonly op: 'unwant' | 'withhold'; readonly gateway: string}
  | {readonly op: 'meddle'; readonly object: string; readonly value: number}
  | {readonly op: 'delete'; readonly object: string}
  | {readonly op: 'fail'; readonly what: string; readonly status: number}
  | {readonly op: 'lose' | 'win'}
  | {readonly op: 'wait'; readonly ms: number};

const kinds = ['ServiceAccount', 'ConfigMap', 'Service', 'Deployment'] as const;
const gateway = fc.constantFrom('g0', 'g1', 'g2');
const object = fc
  .record({kind: fc.constantFrom(...kinds), gateway})
  .map((name) => `${name.kind}/default/${name.gateway}`);
const value = fc.integer({min: 1, max: 3});

const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 4, arbitrary: fc.record({op: fc.constant('want' as const), gateway, kinds: fc.subarray([...kinds]), value})},
  {weight: 2, arbitrary: fc.record({op: fc.constantFrom('unwant' as const, 'withhold' as const), gateway})},
  {weight: 2, arbitrary: fc.record({op: fc.constant('meddle' as const), object, value})},
  {weight: 1, arbitrary: fc.record({op: fc.constant('delete' as const), object})},
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('fail' as const),
      what: fc.constantFrom('PATCH', 'DELETE', 'GET', 'Deployment', 'ConfigMap'),
      status: fc.constantFrom(409, 422, 429, 500),
    }),
  },
  {weight: 1, arbitrary: fc.record({op: fc.constantFrom('lose' as const, 'win' as const, 'win' as const)})},
  {weight: 3, arbitrary: fc.record({op: fc.constant('wait' as const), ms: fc.constantFrom(0, 100, 5_000)})},
);

const rowOf = (name: string, mode: DesiredGateway['mode']): DesiredGateway => ({
  key: `default/${name}`,
  namespace: 'default',
  name,
  mode,
});

const desired = (kind: string, name: string, count: number): DesiredObject => ({
  key: `${kind}/default/${name}`,
  gateway: `default/${name}`,
  keepExisting: false,
  object: {
    apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
    kind,
    metadata: {
      name,
      namespace: 'default',
      labels: labelled(name),
      ownerReferences: [
        {apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name, uid: name, controller: true},
      ],
    },
    spec: {count},
  },
});

/** Runs a history, lets everything come to rest, and returns all that is wrong then. */
async function faultsAfter(history: readonly Step[]): Promise<readonly unknown[]> {
  const api = memoryApi();
  const clock = manualClock();
  const told = new Map<string, ProvisionReport>();
  const applier = createKubeApplier({
    client: api.client,
    feed: api.feed,
    clock,
    log: recordingLog(),
    random: () => 0.5,
    onReport: (report) => told.set(report.gateway, report),
  });
  const rows = new Map<string, DesiredGateway>();
  const wanted = new Map<string, DesiredObject>();
  const want = (name: string, row: DesiredGateway | undefined, objects: readonly DesiredObject[]): void => {
    const old = [...wanted.values()].filter((one) => one.gateway === `default/${name}`);
    for (const {key} of old) wanted.delete(key);
    for (const one of objects) wanted.set(one.key, one);
    const key = `default/${name}`;
    if (row === undefined) rows.delete(key);
    else rows.set(key, row);
    const gone = old.filter((one) => !wanted.has(one.key)).map((one) => ({key: one.key}));
    applier.apply({
      gateways: [row === undefined ? {key} : {key, new: row}],
      objects: [...gone, ...objects.map((one) => ({key: one.key, new: one}))],
    });
  };
  const take = async (one: Step): Promise<void> => {
    switch (one.op) {
      case 'want':
        want(
          one.gateway,
          rowOf(one.gateway, 'managed'),
          one.kinds.map((kind) => desired(kind, one.gateway, one.value)),
        );
        return;
      case 'unwant':
        want(one.gateway, undefined, []);
        return;
      case 'withhold':
        want(one.gateway, rowOf(one.gateway, 'withheld'), []);
        return;
      case 'meddle': {
        const live = api.get(one.object);
        if (live !== undefined) api.put({...live, spec: {count: one.value}});
        return;
      }
      case 'delete':
        if (api.get(one.object) !== undefined) api.delete(one.object);
        return;
      case 'fail':
        api.fault = ({method}, name) =>
          method === one.what || name.startsWith(one.what) ? apiError(one.status, 'no') : undefined;
        return;
      case 'lose':
        void applier.follow();
        return;
      case 'win':
        applier.lead(endlessTerm);
        return;
      case 'wait':
        await clock.advance(one.ms);
    }
  };

  applier.apply({gateways: [], objects: []});
  applier.lead(endlessTerm);
  for (const one of history) await take(one);
  api.fault = () => undefined;
  applier.lead(endlessTerm);
  await clock.advance(600_000);

  const withheld = new Set([...rows.values()].filter(({mode}) => mode !== 'managed').map(({name}) => name));
  const surplus = api.names().filter((name) => !wanted.has(name) && !withheld.has(name.split('/')[2] ?? ''));
  const wrong = [...wanted.values()].filter(({key, object}) => !covers(api.get(key), object));
  const complaints = [...told.values()].filter(({message}) => message !== undefined);
  api.sent.length = 0;
  applier.lead(endlessTerm);
  await clock.advance(600_000);
  const writes = api.sent.filter((request) => !request.startsWith('GET'));
  return [...surplus, ...wrong.map(({key}) => key), ...complaints, ...writes, clock.pending()].filter(
    (fault) => fault !== 0,
  );
}

describe('the applier', () => {
  it('makes good whatever has happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 30, size: 'max'}), async (history) => {
        expect(await faultsAfter(history)).toEqual([]);
      }),
      {numRuns: 300},
    );
  });
});
