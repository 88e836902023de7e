import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import * as inputs from '../../collections/inputs.ts';
import {inputsByGroupKind} from '../../collections/inputs.ts';
import packageJson from '../../package.json' with {type: 'json'};
import {notExtended} from '../../src/extensions/extended.ts';
import {loadExtensions} from '../../src/extensions/load-extensions.ts';
import {publishedModules, publishedNames} from '../../src/extensions/published-modules.ts';
import {createGraph} from '../../src/krt/index.ts';
import {writeFiles} from '../cli/manifests.ts';

/** Outside of the repository, as extensions are. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-extensions-'));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const head = `import {derive, index} from 'sluice/krt'; import {services} from 'sluice/collections';\n`;
const counting = (name: string): string =>
  `derive('${name}', {from: services, rows: (_ctx, row) => ({key: row.metadata.name})})`;

/** Names of outputs that Sluice has not got. */
async function namesFrom(...files: readonly string[]): Promise<readonly string[]> {
  const {outputs} = await loadExtensions(files.map((file) => join(folder, file)));
  return outputs.all.slice(notExtended.outputs.all.length + 2).map(({name}) => name);
}

/** What loading says, with the folder left out. */
async function complaint(...files: readonly string[]): Promise<string> {
  try {
    await loadExtensions(files.map((file) => join(folder, file)));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExtensionError') throw error;
    return error.message.replaceAll(`${folder}/`, '');
  }
  return 'accepted';
}

describe('modules', () => {
  it('are TypeScript or JavaScript, of any kind', async () => {
    writeFiles(folder, {
      'a.ts': `${head}enum Size {small} export default [${counting('from-ts')}] satisfies unknown[]; Size;`,
      'a.mts': `${head}const made: {name: string} = await Promise.resolve(${counting('from-mts')}); export default [made];`,
      'a.mjs': `${head}export default [${counting('from-mjs')}];`,
      'a.js': `${head}export default {outputs: [${counting('from-js')}]};`,
      'a.cjs': `const {derive} = require('sluice/krt'); const {services} = require('sluice/collections');
        module.exports = [${counting('from-cjs')}];`,
    });
    expect(await namesFrom('a.ts', 'a.mts', 'a.mjs', 'a.js', 'a.cjs')).toEqual([
      'from-ts',
      'from-mts',
      'from-mjs',
      'from-js',
      'from-cjs',
    ]);
  });

  it('import each other and packages, and all of them the Sluice that runs', async () => {
    writeFiles(folder, {
      'many/one.ts': `import {shared} from './shared.ts'; export default [shared];`,
      'many/two.ts': `import {shared} from './shared.js'; import {packaged} from 'some-package'; export default [shared, packaged];`,
      'many/shared.ts': `${head}export const shared = ${counting('shared')};`,
      'many/node_modules/some-package/package.json':
        '{"name": "some-package", "type": "module", "exports": "./main.js"}',
      'many/node_modules/some-package/main.js': `${head}export const packaged = ${counting('packaged')};`,
      // An installed Sluice is there for its types.
      'many/node_modules/sluice/package.json': '{"name": "sluice", "exports": {"./krt": "./krt.js"}}',
      'many/node_modules/sluice/krt.js': `throw new Error('a second copy')`,
    });
    expect(await namesFrom('many/one.ts', 'many/two.ts')).toEqual(['shared', 'shared', 'packaged']);
    const {outputs} = await loadExtensions([join(folder, 'many/two.ts')]);
    const [, packaged] = outputs.all.slice(-2);
    expect(packaged?.definition).toMatchObject({from: inputs.services});
  });

  it('may be links, and named twice', async () => {
    mkdirSync(join(folder, 'links'));
    writeFiles(folder, {'links/real.ts': `${head}export default [${counting('linked')}];`});
    symlinkSync(join(folder, 'links/real.ts'), join(folder, 'links/link.ts'));
    expect(await namesFrom('links/link.ts', 'links/link.ts')).toEqual(['linked']);
  });

  it('know which node is whose', async () => {
    writeFiles(folder, {
      'whose.ts': `${head}const below = ${counting('below')};
        export default {resources: [derive('above', {from: below, rows: () => undefined})]};`,
    });
    const {fileOf, outputs} = await loadExtensions([join(folder, 'whose.ts')]);
    const graph = createGraph({outputs: outputs.all});
    const nodes = graph.nodes().map(({name}) => name);
    expect(nodes.filter((node) => fileOf(node) !== undefined)).toEqual(['below', 'above', 'above/checked']);
    expect(fileOf('above')).toBe(join(folder, 'whose.ts'));
  });

  it('may be what README.md tells, with the default export it tells of', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [inside = '', outside = ''] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
    const paths = {'../../src/krt/index.ts': 'krt', '../../src/api/object.ts': 'api', '../inputs.ts': 'collections'};
    let module = `${inside}${outside}`;
    for (const [path, name] of Object.entries(paths)) module = module.replace(`'${path}'`, `'sluice/${name}'`);
    writeFiles(folder, {'readme.ts': module});
    expect(await namesFrom('readme.ts')).toEqual(['routes-per-service']);
  });

  it('are nothing where none is named', async () => {
    expect(await loadExtensions([])).toBe(notExtended);
  });
});

describe('what is wrong is told in one line', () => {
  const exported =
    'expected is {outputs, resources, statuses}, lists of collections of which each may be left out, or a list of outputs';
  const file = 'expected is a TypeScript or JavaScript module that exports collections as its default';
  it.each([
    ['a file that is not there', undefined, `FILE: there is no such file; ${file}`],
    [
      'a syntax error',
      `${head}\nexport default [derive('a') derive('b')];`,
      'FILE:3:29: does not parse: Unexpected token, expected ","',
    ],
    [
      'an error of its own',
      `const a = 1;\n\nnull.name;`,
      `FILE:3: TypeError: Cannot read properties of null (reading 'name')`,
    ],
    ['something thrown that is no error', `throw 'it away';`, 'FILE: throws it away'],
    [
      'an import of nothing',
      `import {a} from './absent.ts'; export default [a];`,
      'FILE: imports ./absent.ts, which cannot be found',
    ],
    [
      'a package that is not there',
      `import {a} from 'absent'; export default [a];`,
      'FILE: imports absent, which cannot be found',
    ],
    [
      'a part that Sluice has not got',
      `import {a} from 'sluice/engine'; export default [a];`,
      'FILE: imports sluice/engine, which cannot be found; there are sluice/krt, sluice/collections, sluice/api, sluice/envoy, sluice/agentgateway',
    ],
    [
      'an export that Sluice has not got',
      `import {derived} from 'sluice/krt';\nexport default [derived('a')];`,
      expect.stringMatching(/^FILE:2: ReferenceError: sluice\/krt has no export derived; it has .*, derive, /),
    ],
    [
      'a call of the engine gone wrong',
      `import {derive} from 'sluice/krt';\nderive('a');`,
      expect.stringMatching(/^FILE:2: TypeError: /),
    ],
    ['no default export', 'export const a = 1;', `FILE: there is no default export; ${exported}`],
    ['nothing', '', `FILE: the default export is empty; ${exported}`],
    ['a number', 'export default 3;', `FILE: the default export is 3; ${exported}`],
    ['a function', 'export default () => [];', `FILE: the default export is a function; ${exported}`],
    [
      'a collection alone',
      `${head}export default services;`,
      `FILE: the default export is the collection services without a list around it; ${exported}`,
    ],
    [
      'an unknown field',
      'export default {output: []};',
      `FILE: the default export has the unknown field output; ${exported}`,
    ],
    [
      'no list',
      `${head}export default {resources: services};`,
      `FILE: resources is the collection services; ${exported}`,
    ],
    [
      'no collection',
      `${head}export default [services, {name: 'a'}];`,
      `FILE: outputs[1] is no collection; ${exported}`,
    ],
    [
      'an index',
      `${head}export default {statuses: [index(services, 'name', ({metadata}) => metadata.name)]};`,
      `FILE: statuses[0] is the index name, no collection: group and distinct make one of it; ${exported}`,
    ],
    [
      'a name of Sluice',
      `${head}export default [${counting('listeners')}];`,
      'FILE: the name listeners is taken by a collection of Sluice; choose another, or import that one from sluice/collections',
    ],
    [
      'a name of its own twice',
      `${head}export default [${counting('twice')}, ${counting('twice')}];`,
      'FILE: the name twice is taken by a collection of this file; choose another',
    ],
    [
      'a circle',
      `${head}const reads = []; const a = derive('a', {from: services, reads, rows: () => undefined});
       reads.push(derive('b', {from: a, rows: () => undefined})); export default [a];`,
      expect.stringMatching(/^FILE: (a is made of itself|collections depend on each other: a -> b -> a)$/),
    ],
  ])('%s', async (what, text, message) => {
    const name = `${what.replaceAll(' ', '-')}.ts`;
    if (text !== undefined) writeFiles(folder, {[name]: text});
    const told = await complaint(name);
    expect(told.replaceAll(name, 'FILE')).toEqual(message);
    expect(told).not.toContain('\n');
  });

  it('a folder', async () => {
    expect(await complaint('.')).toMatch(/: is not a file; expected is/);
  });

  it('a name that another file has taken, in the file that comes later', async () => {
    writeFiles(folder, {
      'first.ts': `${head}export default [${counting('claimed')}];`,
      'second.ts': `${head}export default [${counting('claimed')}];`,
    });
    expect(await complaint('first.ts', 'second.ts')).toBe(
      'second.ts: the name claimed is taken by a collection of first.ts; choose another',
    );
  });

  it('in the helper that it is wrong in', async () => {
    writeFiles(folder, {
      'helped.ts': `import {help} from './helper.ts'; export default [help];`,
      'helper.ts': `export const help = ;`,
    });
    expect(await complaint('helped.ts')).toBe('helper.ts:1:21: does not parse: Unexpected token');
  });
});

describe('what is published', () => {
  it('is what package.json exports', () => {
    const exported = Object.keys(packageJson.exports).filter((name) => name !== './package.json');
    expect(exported.map((name) => name.replace(/^\./, 'sluice')).toSorted()).toEqual([...publishedNames].toSorted());
  });

  it('has every input', () => {
    const published = new Set(Object.values(publishedModules()['sluice/collections'] ?? {}));
    const missing = [...inputsByGroupKind].filter(([, input]) => !published.has(input)).map(([kind]) => kind);
    expect(missing).toEqual([]);
  });
});
