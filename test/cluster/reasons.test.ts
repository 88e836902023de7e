/**
 * Every reason of every condition appears, goes away and appears again on a real API server, with the permissions of
 * deploy/kubernetes. The cases are in the tables of the folder reasons.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {kubeKinds} from '../../src/kube/kinds.ts';
import {messageOf} from '../rig/api-client.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {audit, type Audit} from './reasons/audit.ts';
import type {Outcome, Table} from './reasons/case.ts';
import {exceptions} from './reasons/exceptions.ts';
import {gatewayClassReasons} from './reasons/gateway-class.ts';
import {gatewayListenerReasons} from './reasons/gateway-listener.ts';
import {gatewayReasons} from './reasons/gateway.ts';
import {grpcRouteReasons} from './reasons/grpc-route.ts';
import {httpRouteReasons} from './reasons/http-route.ts';
import {parametersCrds} from './reasons/parameters.ts';
import {nameOf, runCase} from './reasons/runner.ts';
import {places, reasonsOf} from './reasons/sources.ts';
import {outcomesIn} from './reasons/status.ts';
import {runSluice, user, type RunningSluice} from './running.ts';

const tables: readonly Table[] = [
  gatewayClassReasons,
  gatewayReasons,
  gatewayListenerReasons,
  httpRouteReasons,
  grpcRouteReasons,
];

const titleOf = ({kind, of}: Table): string => (of === 'object' ? kind : `${kind}, ${of}`);
/** As paths of an API server name a kind. */
const pluralOf = (table: Table): string => kubeKinds.find(({kind}) => kind === table.kind)?.plural ?? '';
const reasonIn = (outcome: Outcome): string => outcome.slice(outcome.indexOf('/') + 1);
const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();

describe('the tables of reasons', () => {
  const given = (): readonly string[] => places().map(({file, reason}) => `${file} ${reason}`);
  const covered = [
    ...tables.flatMap(({cases}) => cases.map(({from, is, says}) => ({place: `${from} ${reasonIn(is)}`, says}))),
    ...exceptions.map(({from, reason, says}) => ({place: `${from} ${reason}`, says})),
  ];
  const healed = tables.flatMap(({cases, good}) =>
    cases.flatMap((one) => (one.healed === 'absent' ? [] : `${good[reasonIn(one.healed)]} ${reasonIn(one.healed)}`)),
  );

  it('have all reasons that the sources give, and no others', () => {
    expect(unique([...covered.map(({place}) => place), ...healed])).toEqual(unique(given()));
  });

  it('have a message for each of the places where a file gives the same reason', () => {
    const all = given();
    const forgotten = unique(all).filter((place) => {
      const messages = unique(covered.filter((one) => one.place === place).map(({says}) => says));
      return !healed.includes(place) && messages.length < all.filter((one) => one === place).length;
    });
    expect(forgotten).toEqual([]);
  });

  it('would miss none, however a source writes it', () => {
    const text = `
      const refused = (reason: string, message: string) => ({reason, message});
      function invalid(message: string, reason = 'Default') { return {reason, message}; }
      const reason = problem === rejected ? 'One' : problem.reason;
      const rows = [
        {reason: 'Two', message: 'Not'}, {reason: known ?? 'Three'}, {reason: a ? b : 'Four' as const},
        refused('Five', 'Not'), invalid('Not', 'Six'), conditionOf('Not', 'Seven', undefined),
      ];
      const {reason: other} = row;
      if (reason === 'Not') rows.push({...row, reason: other});`;
    const found = reasonsOf('rows.ts', text, new Map([['conditionOf', [1]]]));
    expect(found).toEqual(['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven']);
    expect(() => reasonsOf('rows.ts', 'const row = {reason: `Not${x}`}')).toThrow('rows.ts: a reason is no text');
  });
});

describeWithCluster('loopback', 'reasons on a real API server', () => {
  let cluster: Cluster;
  let sluice: RunningSluice;
  let log: Audit;

  beforeAll(async () => {
    log = audit(user);
    cluster = await clusterForTests('loopback', {apiServerArgs: log.apiServerArgs});
    await cluster.installGatewayApi();
    await cluster.apply(parametersCrds);
    sluice = await runSluice(cluster, {
      config: {provision: {enabled: true}, xds: {serviceHost: 'sluice.sluice-system.svc', servicePort: 9978}},
    });
  });
  afterAll(() => log?.remove());

  for (const table of tables) {
    describe.concurrent(`of ${titleOf(table)}`, () => {
      const cases = table.cases.map((about, index) => ({...about, name: nameOf(table, index)}));
      it.for(cases)('$is comes and goes: $says', async ({name, ...about}) => {
        const seen = await runCase({cluster, graph: sluice.app.graph}, table, about, name);
        expect(seen).toEqual([about.is, about.healed, about.is]);
      });
    });
  }

  it.for(exceptions.flatMap((one) => ('refused' in one ? {...one, ...one.refused} : [])))(
    '$reason does not come here, because the server refuses its object: $answer',
    async ({object, answer}) => {
      const path = `${await cluster.pathOf(object)}?fieldManager=test&dryRun=All`;
      const response = await cluster.request('PATCH', path, object, 'application/apply-patch+yaml');
      expect(response.status).toBe(422);
      expect(messageOf(response)).toContain(answer);
    },
  );

  it('were written once for each change, without complaints', async () => {
    // Time for what should not come.
    await sleep(1_000);
    const writes = log.writes();
    // A conflict says that somebody else has changed the object meanwhile.
    expect(writes.filter(({code}) => code !== 200 && code !== 409)).toEqual([]);
    const odd = tables.flatMap((table) =>
      table.cases.flatMap(({is, says, writes: [least, most] = [3, 3]}, index) => {
        const own = writes.filter(
          ({resource, namespace, name, code}) =>
            code === 200 && resource === pluralOf(table) && (namespace || name) === nameOf(table, index),
        ).length;
        return own >= least && own <= most ? [] : `${titleOf(table)} ${is} (${says}): ${own} writes`;
      }),
    );
    expect(odd).toEqual([]);
    // Of a Deployment that is made wrong on purpose it does complain.
    const complaints = sluice.logs().filter(({level, component}) => level === 'error' && component !== 'provision');
    expect(complaints).toEqual([]);
    expect(sluice.app.graph.errors()).toEqual([]);
  });

  it('were none but those that have a case', () => {
    const kinds = new Map(tables.map((table) => [pluralOf(table), table.kind]));
    const written = log
      .writes()
      .flatMap(({resource, status}) => outcomesIn(status).map((one) => `${kinds.get(resource)} ${one}`));
    const known = tables.flatMap(({kind, of, cases}) =>
      cases.flatMap(({is, healed}) => [`${kind} ${of} ${is}`, `${kind} ${of} ${healed}`]),
    );
    expect(unique(written).filter((one) => !known.includes(one))).toEqual([]);
    expect(unique(written).length).toBeGreaterThan(30);
  });
});
