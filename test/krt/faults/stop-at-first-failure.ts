import * as fc from 'fast-check';
import {afterEach, beforeEach} from 'vitest';

/**
 * Set up for every suite that is tried: one failed test is enough, so the others are left out, and the smallest example
 * is not looked for. Where only some tests are to be tried, the suite says which.
 */
declare global {
  var onlyTests: string | undefined;
}

fc.configureGlobal({endOnFailure: true});

let failed = false;
beforeEach(({skip, task}) => skip(failed || !task.fullTestName.includes(globalThis.onlyTests ?? '')));
afterEach(({task}) => {
  failed ||= task.result?.state === 'fail';
});
