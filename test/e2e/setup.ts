/** Before the end-to-end tests: the bundle is built, and there is an Envoy. */
import {execFile} from 'node:child_process';
import {resolve} from 'node:path';
import {promisify} from 'node:util';
import type {TestProject} from 'vitest/node';
import {defaultEnvoyVersion} from '../../src/config/static-config.ts';
import {locateEnvoy} from '../../src/provision/locate-envoy.ts';

const root = resolve(import.meta.dirname, '../..');

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only interfaces can be added to
  export interface ProvidedContext {
    /** The Envoy for the tests, or why there is none. */
    envoy: {readonly binary: string} | {readonly missing: string};
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const [, envoy] = await Promise.all([build(), findEnvoy()]);
  if ('missing' in envoy && process.env['CI'] === 'true') throw new Error(`tests need an Envoy: ${envoy.missing}`);
  project.provide('envoy', envoy);
}

async function build(): Promise<void> {
  await promisify(execFile)(process.execPath, ['build.mjs'], {cwd: root});
}

/** Always the version that Sluice fetches by default, so that results are comparable. */
async function findEnvoy(): Promise<{readonly binary: string} | {readonly missing: string}> {
  const found = await locateEnvoy({version: defaultEnvoyVersion, pinned: true, log: {...silent, info: show}});
  return 'binary' in found ? {binary: found.binary} : {missing: found.hint};
}

const show = (_fields: object, message: string): void => console.log(message);
const nothing = (): void => {};
const silent = {debug: nothing, warn: nothing, error: nothing};
