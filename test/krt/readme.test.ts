import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {afterAll, describe, expect, it} from 'vitest';
import * as krt from '../../src/krt/index.ts';

/**
 * The manual of the engine tells the truth: its blocks of code and its examples in tables pass the type checker, its blocks
 * run, and what stands behind `// =>` is what the expression before it gives.
 */
const root = resolve(import.meta.dirname, '../..');
const engine = join(root, 'src/krt');
const read = (file: string): string => readFileSync(join(engine, file), 'utf8');
const manual = read('README.md');

/** A block of code as a module. `line` is where it begins in the manual. */
type Block = {readonly file: string; readonly line: number; readonly code: string};

const blocks: readonly Block[] = [...manual.matchAll(/^```ts\n(.*?)^```$/gms)].map(({1: code = '', index: at}) => {
  const line = manual.slice(0, at).split('\n').length + 1;
  return {file: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`, line, code};
});
const isSuite = ({code}: Block): boolean => code.includes("from 'vitest'");
const world = blocks.find(({file}) => file === 'world.ts')?.code ?? '';

const names = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, name = '']) => name);
const typesOf = (text: string): readonly string[] => names(text, /^export type (\w+)/gm);
const engineTypes = names(read('index.ts'), /^export type \{(.*?)\}/gms).flatMap((list) => names(list, /(\w+)/g));

/** Imports of what a module uses of the engine and of the world, where it has none of its own. */
function withImports(code: string): string {
  if (code.includes("'sluice/krt'")) return code;
  const used = (all: readonly string[]): readonly string[] =>
    all.filter(
      (name) =>
        new RegExp(`(?<![.\\w'-])${name}\\b(?!['-])`).test(code) && !new RegExp(`(?:const|type) ${name}\\b`).test(code),
    );
  const statement = (kind: string, all: readonly string[], from: string): string =>
    `${kind} {${used(all).join(', ')}} from '${from}';`;
  return [
    statement('import', Object.keys(krt), 'sluice/krt'),
    statement('import type', engineTypes, 'sluice/krt'),
    statement('import', names(world, /^export (?:const|function) (\w+)/gm), './world.ts'),
    statement('import type', typesOf(world), './world.ts'),
    code,
  ].join(' ');
}

/** The lines that tell what an expression gives, as expectations. */
function withExpectations(code: string): string {
  const told = code.replaceAll(/^( *)(?!const |let |\/\/)(.+); \/\/ => (.+)$/gm, '$1expectation($2).toEqual($3);');
  if (told.includes('// =>')) throw new Error(`one expression a line, please: ${code}`);
  return told === code ? code : `import {expect as expectation} from 'vitest'; ${told}`;
}

const folder = mkdtempSync(join(tmpdir(), 'krt-manual-'));
afterAll(() => rmSync(folder, {recursive: true}));

const save = (file: string, code: string): void =>
  writeFileSync(join(folder, file), code.replaceAll("'sluice/krt'", `'${join(engine, 'index.ts')}'`));

/** Inline code of the tables' columns named `example`, and every method that is mentioned anywhere. */
const examples = manual.split('\n\n').flatMap((table) => {
  const [head = '', , ...rows] = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  const column = Array.isArray(head) ? head.indexOf('example') : -1;
  return column < 0 ? [] : rows.flatMap((row) => names(row[column] ?? '', /`([^`]+)`/g));
});
const mentions = [...new Set(manual.match(/\b(?:graph|ctx|tx)\.\w+\$?/g))];

symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
save('package.json', '{"type": "module"}');
save(
  'tsconfig.json',
  JSON.stringify({extends: join(root, 'tsconfig.json'), compilerOptions: {noUnusedLocals: false}, include: ['*.ts']}),
);
save(
  'mentioned.ts',
  withImports(`
    export const mentioned = (ctx: Context, tx: Transaction, graph: Graph) => [
      ${[...examples, ...mentions].map((code) => `() => ${code},`).join('\n')}
    ];`),
);
for (const {file, code} of blocks) save(file, withExpectations(withImports(code)));

// Suites of the manual become suites of this file.
for (const {file} of blocks.filter(isSuite)) await import(join(folder, file));

/** The members of an object type, by its declaration. */
const membersOf = (file: string, type: string): readonly string[] =>
  names(
    new RegExp(`^export type ${type}(?:<\\w+>)? = \\{\\n(.*?)^\\};`, 'ms').exec(read(file))?.[1] ?? '',
    /^ {2}(?:readonly )?(\w+\$?)\??[<(:]/gm,
  );

describe('the manual', () => {
  it('has examples, and passes the type checker with all of them', {timeout: 120_000}, () => {
    expect(blocks.length).toBeGreaterThan(15);
    expect(examples.length).toBeGreaterThan(20);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    let complaints = '';
    try {
      execFileSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {encoding: 'utf8'});
    } catch (error) {
      complaints = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    }
    expect(complaints).toBe('');
  });

  it.each(blocks.filter((block) => block.file !== 'world.ts' && !isSuite(block)))(
    'runs, from line $line on',
    async ({file, code}) => {
      expect(code).toContain('// =>');
      await import(join(folder, file));
    },
  );

  it.each([
    ['what can be imported', Object.keys(krt)],
    ['the context', membersOf('context.ts', 'Context')],
    ['the transaction', membersOf('graph-api.ts', 'Transaction')],
    ['the graph', membersOf('graph-api.ts', 'Graph')],
    ['the options of a graph', membersOf('graph-api.ts', 'GraphOptions')],
    ['the counters', membersOf('graph-api.ts', 'Counters')],
    ['the traits', membersOf('definition.ts', 'Traits')],
  ])('leaves out nothing of %s', (_, members) => {
    expect(members.length).toBeGreaterThan(3);
    const word = (member: string): string => member.replace('$', '\\$');
    const isNamed = (member: string): boolean =>
      new RegExp(`[.\`]${word(member)}(?!\\w)|\\b${word(member)}[(<]`).test(manual);
    expect(members.filter((member) => !isNamed(member))).toEqual([]);
  });

  it('links to what is there', () => {
    const links = names(manual, /\]\((?!https:)([^)]+)\)/g);
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter((link) => !existsSync(join(engine, link)))).toEqual([]);
  });
});
