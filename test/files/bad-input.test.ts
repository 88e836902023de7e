import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {groupKind, objectKey} from '../../src/api/object.ts';
import {formatProblem, type Problem} from '../../src/api/problem.ts';
import {createFileProvider, loadOnce} from '../../src/files/file-provider.ts';
import type {AnyObject} from '../../src/schema/objects.ts';
import {BAD_MANIFESTS} from './bad-manifests.ts';
import {testFolder} from './folder.ts';
import {GOOD_MANIFESTS, GOOD_OBJECTS} from './good-manifests.ts';

const cases = BAD_MANIFESTS;
const idsOf = (objects: readonly AnyObject[]): string[] =>
  objects.map((object) => `${groupKind(object)} ${objectKey(object)}`);

describe('a folder of broken manifests among good ones', () => {
  const folder = testFolder();
  let objects: readonly AnyObject[] = [];
  let problems: readonly Problem[] = [];

  beforeAll(() => {
    for (const [name, text] of Object.entries(GOOD_MANIFESTS)) folder.write(name, text);
    for (const {name, text} of cases) folder.write(name, text());
    ({objects, problems} = loadOnce([folder.path]));
  });
  afterAll(() => folder[Symbol.dispose]());

  it('has at least forty cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(new Set(cases.map(({name}) => name)).size).toBe(cases.length);
  });

  it.each(cases)('says what is wrong with $name', ({message, name}) => {
    const file = join(folder.path, name);
    const printed = problems.filter((problem) => problem.file === file).map(formatProblem);
    const short = printed.map((line) => line.replaceAll(`${folder.path}/`, ''));
    expect(short).toEqual(message.split('\n').map((line) => `${name}${line}`));
  });

  it('says nothing else', () => {
    const expected = cases.flatMap(({message}) => message.split('\n'));
    expect(problems.length).toBe(expected.length);
  });

  it('loads every good object, also those beside broken ones in one file', () => {
    const ids = idsOf(objects);
    expect(ids).toEqual(expect.arrayContaining([...GOOD_OBJECTS]));
    const beside = ids.filter((id) => !GOOD_OBJECTS.includes(id)).sort();
    expect(beside).toEqual([
      '/Namespace list-item',
      'gateway.networking.k8s.io/HTTPRoute good-neighbour/bad',
      'gateway.networking.k8s.io/HTTPRoute twice/bad',
    ]);
  });

  it('does the same when watched, and tells each problem once', async () => {
    const told: Problem[] = [];
    const batches: (readonly AnyObject[])[] = [];
    const provider = createFileProvider({
      paths: [folder.path],
      onProblems: (found) => told.push(...found),
      onChanges: ({set}) => batches.push(set),
    });
    await provider.start();
    await provider.stop();
    expect(batches.map((set) => idsOf(set).sort())).toEqual([idsOf(objects).sort()]);
    expect(told.map(formatProblem).sort()).toEqual(problems.map(formatProblem).sort());
    expect(provider.problems()).toEqual(told);
  });
});
