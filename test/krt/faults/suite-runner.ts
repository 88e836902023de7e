import {createRequire} from 'node:module';
import {posix} from 'node:path';
import {Script} from 'node:vm';
import {expect} from 'vitest';
import type {Modules} from './modules.ts';

/** What came of a suite: `by` = the first test that failed, after which no other is run. `broken` = there was none to run. */
export type Verdict =
  | {readonly outcome: 'passed'}
  | {readonly outcome: 'failed'; readonly by: string}
  | {readonly outcome: 'broken'; readonly why: string};

type Body = (...values: readonly unknown[]) => unknown;
type Test = {readonly name: string; readonly run: () => unknown};
type Module = {exports: unknown};
type Wrapper = (exports: unknown, require: (specifier: string) => unknown, module: Module) => void;

/** What suites are given of packages: all of them the same. */
export const required = createRequire(import.meta.url);

/**
 * Runs suites of Vitest without it, because it takes longer to begin with a suite than most of these take. Suite and
 * engine are evaluated anew each time, from scripts that are compiled once, and nothing remembers them afterwards.
 */
export class SuiteRunner {
  readonly #modules: Modules;
  readonly #scripts = new Map<string, Script>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** `replaced` takes the place of modules with the same paths. Runs the tests whose names contain `only`. */
  async run(suite: string, only: string, replaced: Modules): Promise<Verdict> {
    const collected: Test[] = [];
    try {
      this.#load(suite, replaced, vitest(collected));
    } catch (error) {
      return {outcome: 'broken', why: `cannot be loaded: ${String(error)}`};
    }
    const tests = collected.filter(({name}) => name.includes(only));
    if (tests.length === 0) return {outcome: 'broken', why: `no test is called "${only}"`};
    for (const {name, run} of tests) {
      try {
        await run();
      } catch {
        return {outcome: 'failed', by: name};
      }
    }
    return {outcome: 'passed'};
  }

  #load(entry: string, replaced: Modules, vitest: unknown): void {
    const loaded = new Map<string, Module>();
    const load = (path: string): unknown => {
      const known = loaded.get(path);
      if (known !== undefined) return known.exports;
      const module: Module = {exports: {}};
      loaded.set(path, module);
      const evaluate = this.#script(path, replaced[path]).runInThisContext() as Wrapper;
      evaluate(module.exports, (specifier) => resolve(specifier, path), module);
      return module.exports;
    };
    const resolve = (specifier: string, from: string): unknown => {
      if (specifier === 'vitest') return vitest;
      return specifier.startsWith('.') ? load(posix.join(posix.dirname(from), specifier)) : required(specifier);
    };
    load(entry);
  }

  #script(path: string, replacement: string | undefined): Script {
    const known = replacement === undefined ? this.#scripts.get(path) : undefined;
    if (known !== undefined) return known;
    const code = replacement ?? this.#modules[path];
    if (code === undefined) throw new Error(`there is no ${path}`);
    const script = new Script(`(function (exports, require, module) {${code}\n})`, {filename: path});
    if (replacement === undefined) this.#scripts.set(path, script);
    return script;
  }
}

const isBody = (value: unknown): value is Body => typeof value === 'function';
const unfinished: Body = () => {
  throw new Error('a test without a body');
};

/** As much of Vitest as the suites use. */
function vitest(collected: Test[]): unknown {
  const groups: string[] = [];
  const describe = (name: string, body: Body, ...values: readonly unknown[]): void => {
    groups.push(name);
    body(...values);
    groups.pop();
  };
  const it = (name: string, body: Body, ...values: readonly unknown[]): void =>
    void collected.push({name: [...groups, name].join(' > '), run: () => body(...values)});
  const each = (register: typeof it) => (table: readonly unknown[]) => (name: string, body: Body) => {
    for (const row of table) {
      const values = Array.isArray(row) ? row : [row];
      let at = 0;
      register(
        name.replaceAll(/%[sd]/g, () => String(values[at++])),
        body,
        ...values,
      );
    }
  };
  return {
    expect,
    describe: Object.assign(describe, {each: each(describe)}),
    it: Object.assign(
      // Beside the body there may be how long it may take, which is up to whoever ends this process.
      (name: string, ...rest: readonly unknown[]) => it(name, rest.find(isBody) ?? unfinished),
      {each: each(it)},
    ),
  };
}
