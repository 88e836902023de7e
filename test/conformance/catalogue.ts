/** Which tests and profiles the conformance suite has, and which of them are run for a set of features. */
import {readFileSync} from 'node:fs';

export type SuiteTest = {
  /** Its ShortName: `HTTPRouteMatching`. */
  readonly name: string;
  readonly features: readonly string[];
  readonly parallel: boolean;
  /** New, and not yet asked of everybody. */
  readonly provisional: boolean;
};

export type Profile = {readonly name: string; readonly core: readonly string[]; readonly extended: readonly string[]};

export type Catalogue = {
  /** In the order in which they are run; those that may run in parallel come after all others. */
  readonly tests: readonly SuiteTest[];
  readonly profiles: readonly Profile[];
};

/** `file`: see `SuiteBinaries.tests` of the rig. */
export function readCatalogue(file: string): Catalogue {
  const {tests, profiles} = JSON.parse(readFileSync(file, 'utf8')) as Catalogue; // by go/suite/cmd/list-tests
  return {tests: [...tests.filter(({parallel}) => !parallel), ...tests.filter(({parallel}) => parallel)], profiles};
}

/** Those whose core features are all published. */
export const coveredProfiles = ({profiles}: Catalogue, published: ReadonlySet<string>): readonly Profile[] =>
  profiles.filter(({core}) => core.every((feature) => published.has(feature)));

/**
 * What the suite runs: a test whose features are all published, or are core features of a profile that is asked for. Tests
 * that are in no profile are among them.
 */
export function selectedTests(
  {tests}: Catalogue,
  published: ReadonlySet<string>,
  profiles: readonly Profile[],
): readonly SuiteTest[] {
  const features = new Set([...published, ...profiles.flatMap(({core}) => core)]);
  return tests.filter((test) => test.features.every((feature) => features.has(feature)));
}
