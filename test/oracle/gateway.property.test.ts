/**
 * The attachment level against a graph rebuilt from nothing: whatever the history, after each commit every collection
 * must be what its inputs alone say.
 */
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {attachedRoutes} from '../../collections/gateway/attached-routes.ts';
import {attachments} from '../../collections/gateway/attachments.ts';
import {backends} from '../../collections/gateway/backends.ts';
import {certificates} from '../../collections/gateway/certificates.ts';
import {endpoints} from '../../collections/gateway/endpoints.ts';
import {gatewayBackends} from '../../collections/gateway/gateway-backends.ts';
import {gatewayClassStatus} from '../../collections/status/gateway-class-status.ts';
import {gatewayStatus} from '../../collections/status/gateway-status.ts';
import {managedGateways} from '../../collections/gateway/gateways.ts';
import {grants} from '../../collections/gateway/grants.ts';
import {routeStatus} from '../../collections/status/route-status.ts';
import {listeners} from '../../collections/gateway/listeners.ts';
import {ports} from '../../collections/gateway/ports.ts';
import {routeResolutions, routeRules} from '../../collections/gateway/route-rules.ts';
import {differences, faultsOf, startSubject, watched} from './rebuild.ts';
import {copyInputs, historyArbitrary, startingSteps} from './world.ts';

const collections = [
  watched(managedGateways),
  watched(grants),
  watched(certificates),
  watched(listeners),
  watched(ports),
  watched(attachments),
  watched(routeRules),
  watched(routeResolutions),
  watched(backends),
  watched(gatewayBackends),
  watched(endpoints),
  watched(attachedRoutes),
  watched(gatewayClassStatus),
  watched(gatewayStatus),
  watched(routeStatus),
];

describe('the attachment level', () => {
  it('equals a graph rebuilt from nothing after every commit', () => {
    fc.assert(
      fc.property(historyArbitrary(12), (history) => {
        const subject = startSubject(collections);
        subject.commit(startingSteps());
        for (const steps of history) {
          subject.commit(steps);
          expect(faultsOf(subject, collections)).toEqual([]);
        }
      }),
      {numRuns: 60},
    );
  });

  it('does not depend on how edits are put into commits', () => {
    fc.assert(
      fc.property(historyArbitrary(20), (history) => {
        const subject = startSubject(collections);
        const atOnce = startSubject(collections);
        for (const steps of [startingSteps(), ...history]) subject.commit(steps);
        atOnce.commit([...startingSteps(), ...history.flat()]);
        expect(differences(subject.graph, atOnce.graph, collections)).toEqual([]);
      }),
      {numRuns: 60},
    );
  });

  it('leaves nothing behind when every input is emptied', () => {
    fc.assert(
      fc.property(historyArbitrary(10), (history) => {
        const subject = startSubject(collections);
        const empty = startSubject(collections);
        for (const steps of [startingSteps(), ...history]) subject.commit(steps);
        subject.graph.commit((tx) => copyInputs(empty.graph, tx));
        expect(collections.flatMap(({rows}) => rows(subject.graph))).toEqual([]);
      }),
      {numRuns: 20},
    );
  });

  it('has something to compare', () => {
    const subject = startSubject(collections);
    subject.commit(startingSteps());
    const most = new Map<string, number>();
    for (const steps of fc.sample(historyArbitrary(12), {numRuns: 60, seed: 7}).flat()) {
      subject.commit(steps);
      for (const {collection} of collections) {
        const rows = subject.graph.size(collection);
        most.set(collection.name, Math.max(most.get(collection.name) ?? 0, rows));
      }
    }
    expect([...most].filter(([, rows]) => rows < 2)).toEqual([]);
  });
});
