// oxlint-disable vitest/no-disabled-tests, vitest/no-conditional-tests -- skipped, with the reason, where there can be no cluster
/**
 * The official conformance suite of Gateway API, run once; each of its tests is a test here. All are expected to pass that are selected by
 * the features which Sluice publishes, and nothing is skipped.
 */
import {cpSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, inject, it} from 'vitest';
import {supportedFeatures} from '../../collections/gateway/supported-features.ts';
import type {Cluster} from '../rig/cluster.ts';
import {coveredProfiles, readCatalogue, selectedTests} from './catalogue.ts';
import {followedRun} from './followed-run.ts';
import {readReport} from './report.ts';
import {type Programs, setStage} from './stage.ts';
import {runSuite} from './suite-run.ts';

const limitMinutes = 30;
/** What the suite may take, and what it takes to end it. */
const timeout = (limitMinutes + 2) * 60_000;
const startTimeout = 300_000;

const found = inject('conformance') ?? {missing: 'it is a project of its own'};
if ('missing' in found) it.skip(`the conformance suite (skipped: ${found.missing})`, () => {});
else testConformance(found);

function testConformance(programs: Programs): void {
  const catalogue = readCatalogue(programs.suite.tests);
  const features = new Set(supportedFeatures.envoy);
  const profiles = coveredProfiles(catalogue, features).map(({name}) => name);
  const expected = selectedTests(catalogue, features, []).map(({name}) => name);

  describe('the conformance suite', () => {
    const run = followedRun();
    let folder = '';
    let cluster: Cluster | undefined;
    let published: ReadonlySet<string> = new Set();

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
      const stage = await setStage(programs, (started) => (cluster = started));
      published = stage.publishedFeatures;
      const {onOutcome} = run;
      run.follow(runSuite(stage, {binaries: programs.suite, profiles, folder, limitMinutes, onOutcome}));
    }, startTimeout);
    afterAll(async () => {
      const isClean = expected.every((name) => run.passed().includes(name));
      if (!isClean) {
        if (cluster !== undefined) cpSync(join(cluster.folder, 'logs'), join(folder, 'logs'), {recursive: true});
        console.log(`what the suite and the Pods have printed: ${folder}`);
      }
      await cluster?.stop();
      if (isClean) rmSync(folder, {recursive: true, force: true});
    }, 60_000);

    it('finds the features that are implemented in the status of the GatewayClass', () => {
      expect(published).toEqual(features);
      expect(profiles).toContain('GATEWAY-HTTP');
    });

    it.each(expected)(
      '%s passes',
      async (name) => {
        expect(await run.outcome(name)).toMatchObject({result: 'passed', reason: []});
      },
      timeout,
    );

    it(
      'runs no other tests, and reports success in all profiles',
      async () => {
        const {code, reason, report} = await run.end();
        expect({code, reason}).toEqual({code: 0, reason: []});
        expect(run.passed().toSorted()).toEqual(expected.toSorted());
        const inReport = readReport(report).profiles ?? [];
        expect(inReport.map(({name}) => name).toSorted()).toEqual(profiles.toSorted());
        for (const {core, extended} of inReport) {
          for (const level of [core, ...(extended === undefined ? [] : [extended])]) {
            expect(level).toMatchObject({result: 'success', statistics: {Failed: 0, Skipped: 0}});
          }
        }
      },
      timeout,
    );
  });
}
