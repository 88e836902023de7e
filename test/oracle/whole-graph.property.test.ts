/**
 * The whole graph, every collection of it: those that the outputs reach are found by asking the graph, so a new one is
 * covered the moment it is listed in collections/index.ts.
 */
import {it} from '@fast-check/vitest';
import * as fc from 'fast-check';
import {describe, expect} from 'vitest';
import {graphOutputs, provisioned} from '../../collections/index.ts';
import {createGraph} from '../../src/krt/index.ts';
import {differences, faultsOf, startSubject, type Watched, watched} from './rebuild.ts';
import {historyArbitrary, startingSteps} from './world.ts';

const sample = createGraph({outputs: graphOutputs});

const collections: readonly Watched[] = sample
  .nodes()
  .filter(({kind}) => kind !== 'input')
  .flatMap(({outputs}) => outputs)
  .flatMap((name) => {
    const collection = sample.find(name);
    return collection === undefined ? [] : [{collection, rows: (graph) => graph.dump(name).map(({row}) => row)}];
  });

describe('the whole graph', () => {
  it('is made of what the dialects and the outputs need', () => {
    const names = collections.map(({collection}) => collection.name);
    expect(names).toEqual(
      expect.arrayContaining([
        'listeners',
        'envoy-virtual-hosts',
        'agentgateway-routes',
        'provisioned-objects',
        'provisioned-gateways',
        'statuses',
      ]),
    );
  });

  it('meets Gateways that are provisioned, withheld and left alone, and every kind of object', () => {
    const seen = new Set<string>();
    for (const history of fc.sample(historyArbitrary(12), {numRuns: 300, seed: 7})) {
      const subject = startSubject([watched(provisioned.objects), watched(provisioned.gateways)]);
      for (const steps of [startingSteps(), ...history]) {
        subject.commit(steps);
        for (const {mode} of subject.graph.list(provisioned.gateways)) seen.add(mode);
        for (const {object} of subject.graph.list(provisioned.objects)) seen.add(object.kind);
      }
      subject.graph.dispose();
    }
    const modes = ['managed', 'withheld', 'self-managed'];
    const objects = [
      'ConfigMap',
      'DaemonSet',
      'Deployment',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'Secret',
    ];
    const others = ['Service', 'ServiceAccount', 'VerticalPodAutoscaler'];
    expect([...seen].sort()).toEqual([...modes, ...objects, ...others].sort());
  });

  it.prop([historyArbitrary(8)], {numRuns: 40})('equals a graph rebuilt from nothing after every commit', (history) => {
    const subject = startSubject(collections);
    subject.commit(startingSteps());
    for (const steps of history) {
      subject.commit(steps);
      expect(faultsOf(subject, collections)).toEqual([]);
    }
  });

  it.prop([historyArbitrary(16)], {numRuns: 40})('does not depend on how edits are put into commits', (history) => {
    const subject = startSubject(collections);
    const atOnce = startSubject(collections);
    for (const steps of [startingSteps(), ...history]) subject.commit(steps);
    atOnce.commit([...startingSteps(), ...history.flat()]);
    expect(differences(subject.graph, atOnce.graph, collections)).toEqual([]);
  });

  it.prop([historyArbitrary(12)], {numRuns: 40})('tells in deltas what it lists', (history) => {
    const subject = startSubject(collections);
    const folded = new Map(collections.map(({collection}) => [collection.name, new Map<string, unknown>()]));
    subject.graph.onCommit(
      collections.map(({collection}) => collection),
      ({deltas}) => {
        for (const [name, {changes}] of deltas) {
          const rows = folded.get(name) ?? new Map<string, unknown>();
          for (const {key, old, new: now} of changes) {
            expect(old).toBe(rows.get(key));
            if (now === undefined) rows.delete(key);
            else rows.set(key, now);
          }
        }
      },
    );
    for (const steps of [startingSteps(), ...history]) subject.commit(steps);
    for (const {collection, rows} of collections) {
      const told = [...(folded.get(collection.name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
      expect(told).toEqual(rows(subject.graph));
    }
    expect(subject.diagnostics).toEqual([]);
  });
});
