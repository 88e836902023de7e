/** Before the conformance tests: the servers, the suite and an Envoy are there, or it is known why not. */
import type {TestProject} from 'vitest/node';
import {findPrograms, type Programs} from './stage.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only interfaces can be added to
  export interface ProvidedContext {
    /** Undefined in a project that does not prepare for them. */
    conformance: Programs | {readonly missing: string} | undefined;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const programs = await findPrograms((line) => console.log(line));
  if ('missing' in programs && process.env['CI'] === 'true')
    throw new Error(`no conformance tests: ${programs.missing}`);
  project.provide('conformance', programs);
}
