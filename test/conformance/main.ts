/**
 * `npm run conformance`: the official conformance suite of Gateway API against Sluice, in a cluster of its own.
 *
 *     npm run conformance -- [--run-test NAME]... [--profile NAME]... [--keep] [--save] [--limit MINUTES] [-- FLAG...]
 *
 * All tests are run that the features published in GatewayClass status select, or those of `--run-test` alone, for all profiles whose
 * core features are published, or those of `--profile`. `--keep` leaves the cluster up, until Ctrl-C. `--save` writes the report to
 * reports/ beside this file. FLAGs are for the suite, such as `-debug`. Ends with 1 where a test fails or is skipped.
 */
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {parseArgs} from 'node:util';
import type {Cluster} from '../rig/cluster.ts';
import {inNamespace, nodeNamespace} from '../rig/network.ts';
import {type Catalogue, coveredProfiles, readCatalogue, selectedTests} from './catalogue.ts';
import type {Outcome} from './outcomes.ts';
import {readReport, reportTable} from './report.ts';
import {findPrograms, type Programs, setStage, type Stage} from './stage.ts';
import {runSuite, type SuiteEnd} from './suite-run.ts';

const {values, positionals: flags} = parseArgs({
  allowPositionals: true,
  options: {
    'run-test': {type: 'string', multiple: true, default: []},
    profile: {type: 'string', multiple: true, default: []},
    keep: {type: 'boolean', default: false},
    save: {type: 'boolean', default: false},
    limit: {type: 'string', default: '60'},
  },
});
const {'run-test': chosenTests, profile: chosenProfiles, keep, save} = values;
const limitMinutes = Number(values.limit);
const reports = join(import.meta.dirname, 'reports');

async function main(): Promise<void> {
  if (!(limitMinutes > 0)) throw new Error(`--limit ${values.limit}: expected minutes`);
  if (save && chosenTests.length > 0) throw new Error('--save is for a run of all tests');
  const programs = await findPrograms(say);
  if ('missing' in programs) throw new Error(programs.missing);
  const catalogue = readCatalogue(programs.suite.tests);
  checkNames(chosenTests, catalogue.tests, '--run-test');
  checkNames(chosenProfiles, catalogue.profiles, '--profile');

  let cluster: Cluster | undefined;
  // Its own way of ending is a signal, which does not come back here.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      say('stopping');
      void (cluster?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
    });
  }
  try {
    say('starting a cluster, with Sluice in it');
    const stage = await setStage(programs, (started) => (cluster = started));
    process.exitCode = (await test(stage, programs, catalogue)) ? 0 : 1;
    if (keep) await keptUp(stage.cluster);
  } finally {
    await cluster?.stop();
  }
}

/** Resolves to whether everything that should have passed has. */
async function test(stage: Stage, programs: Programs, catalogue: Catalogue): Promise<boolean> {
  const {cluster, publishedFeatures: published} = stage;
  const profiles =
    chosenProfiles.length > 0
      ? catalogue.profiles.filter(({name}) => chosenProfiles.includes(name))
      : coveredProfiles(catalogue, published);
  const expected =
    chosenTests.length > 0 ? chosenTests : selectedTests(catalogue, published, profiles).map(({name}) => name);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  const chosen = chosenTests.length > 0 ? 'by name' : `by ${published.size} published features`;
  say(`${expected.length} of ${catalogue.tests.length} tests are selected ${chosen}`);
  say(`profiles: ${profiles.map(({name}) => name).join(', ')}; log and report: ${folder}`);

  const outcomes = new Map<string, Outcome>();
  const from = performance.now();
  const run = (runTest?: string): Promise<SuiteEnd> =>
    runSuite(stage, {
      binaries: programs.suite,
      profiles: profiles.map(({name}) => name),
      runTest,
      folder,
      limitMinutes,
      // The cluster goes anyway.
      flags: [...(runTest === undefined ? [] : ['-cleanup-base-resources=false']), ...flags],
      onOutcome: (outcome) => {
        if (runTest !== undefined && outcome.name !== runTest) return;
        outcomes.set(outcome.name, outcome);
        if (outcome.result !== 'skipped' || expected.includes(outcome.name)) say(progressOf(outcome));
      },
    });
  const ends: SuiteEnd[] = [];
  if (chosenTests.length === 0) ends.push(await run());
  else for (const name of chosenTests) ends.push(await run(name));
  say(`the suite took ${Math.round((performance.now() - from) / 1_000)} s`);

  const bad = expected.filter((name) => outcomes.get(name)?.result !== 'passed');
  const good = bad.length === 0 && ends.every(({code}) => code === 0);
  // They go with the cluster.
  if (!good) cpSync(join(cluster.folder, 'logs'), join(folder, 'logs'), {recursive: true});
  if (chosenTests.length === 0) showReport(ends[0]?.report);
  say(`${expected.length - bad.length} of ${expected.length} passed`);
  for (const name of bad) {
    const outcome = outcomes.get(name);
    say(outcome === undefined ? `NO END ${name}` : progressOf(outcome));
  }
  for (const {code, reason} of ends) if (code !== 0 && reason.length > 0) say(`the suite: ${reason.join('\n    ')}`);
  say(`log and report: ${folder}`);
  return good;
}

function progressOf({name, result, seconds, reason}: Outcome): string {
  const word = {passed: 'ok  ', failed: 'FAIL', skipped: 'SKIP'}[result];
  return [`${word} ${name} ${seconds.toFixed(1)} s`, ...reason].join('\n       ');
}

function showReport(file: string | undefined): void {
  if (file === undefined || !existsSync(file)) return say('the suite has written no report');
  const report = readReport(file);
  say(['', ...reportTable(report), ''].join('\n'));
  if (!save) return;
  // Named as those that are submitted.
  const {gatewayAPIChannel: channel, implementation, mode} = report;
  const saved = join(reports, `${channel}-${implementation.version}-${mode}-report.yaml`);
  mkdirSync(reports, {recursive: true});
  // A file of its own: the suite makes one that nobody else may read.
  writeFileSync(saved, readFileSync(file));
  say(`report saved: ${relative('.', saved)}`);
}

async function keptUp(cluster: Cluster): Promise<void> {
  const here = await cluster.kubeconfig(join(cluster.folder, 'kubeconfig'));
  const shell = inNamespace(nodeNamespace(cluster.id)).join(' ');
  say(
    [
      'The cluster stays up until Ctrl-C.',
      `  from here:    export KUBECONFIG=${here}`,
      `  on the node:  ${shell} bash   (Gateways are at 10.245.0.0/16)`,
      `  logs:         ${join(cluster.folder, 'logs')}`,
    ].join('\n'),
  );
  // The channel to the cluster does not keep this process alive.
  await new Promise(() => setInterval(() => {}, 60_000));
}

function checkNames(chosen: readonly string[], known: readonly {readonly name: string}[], option: string): void {
  const names = known.map(({name}) => name);
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const close = names.filter((name) => name.toLowerCase().includes(unknown.toLowerCase()));
  throw new Error(`${option} ${unknown}: there is ${(close.length > 0 ? close : names).join(', ')}`);
}

function say(line: string): void {
  console.log(line);
}

main().catch((error: unknown) => {
  console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
