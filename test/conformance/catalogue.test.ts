import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {coveredProfiles, readCatalogue, selectedTests, type SuiteTest} from './catalogue.ts';

const test = (name: string, features: readonly string[], parallel = false): SuiteTest => ({
  name,
  features,
  parallel,
  provisional: false,
});
const profiles = [
  {name: 'GATEWAY-HTTP', core: ['Gateway', 'HTTPRoute'], extended: ['HTTPRouteCORS']},
  {name: 'GATEWAY-UDP', core: ['Gateway', 'UDPRoute'], extended: []},
];

it('has the tests in the order in which they are run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
  try {
    const file = join(folder, 'tests.json');
    const tests = [test('A', [], true), test('B', []), test('C', [], true), test('D', [])];
    writeFileSync(file, JSON.stringify({tests, profiles}));
    const catalogue = readCatalogue(file);
    expect(catalogue.tests.map(({name}) => name)).toEqual(['B', 'D', 'A', 'C']);
    expect(catalogue.profiles).toEqual(profiles);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

it('selects what the features allow, and the core of profiles that are asked for', () => {
  const tests = [
    test('Weight', ['Gateway', 'HTTPRoute']),
    test('Cors', ['HTTPRoute', 'HTTPRouteCORS']),
    test('Datagram', ['Gateway', 'UDPRoute']),
    test('InNoProfile', ['GRPCRoute']),
  ];
  const catalogue = {tests, profiles};
  const published = new Set(['Gateway', 'HTTPRoute', 'GRPCRoute']);
  const names = (selected: readonly SuiteTest[]) => selected.map(({name}) => name);
  expect(names(selectedTests(catalogue, published, []))).toEqual(['Weight', 'InNoProfile']);
  expect(names(selectedTests(catalogue, published, profiles))).toEqual(['Weight', 'Datagram', 'InNoProfile']);
  expect(coveredProfiles(catalogue, published)).toEqual([profiles[0]]);
});
