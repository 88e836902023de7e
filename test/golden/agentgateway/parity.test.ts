import {describe, expect, it} from 'vitest';
import {differences} from './compare.ts';
import {suites, type Suite} from './deviations.ts';
import {type GoldenCase, missing, readCases} from './golden-case.ts';
import {objectsOf, translate, translateStepByStep} from './translate.ts';

/** What is different, or why nothing could be translated; empty = equal. */
function outcome(golden: GoldenCase, suite: Suite): readonly string[] {
  const objects = objectsOf(golden.manifests);
  return typeof objects === 'string' ? [objects] : differences(golden, suite, translate(objects));
}

describe.skipIf(missing !== undefined).each([...suites])(
  `agentgateway $folder${missing === undefined ? '' : ` (${missing})`}`,
  (suite) => {
    const cases = missing === undefined ? readCases(suite.folder) : [];
    const later = new Set(Object.values(suite.notYet).flat());
    const expected = cases.filter(({name}) => !later.has(name) && !(name in suite.deviations));

    it.each(expected)('$name', (golden) => {
      expect(outcome(golden, suite)).toEqual([]);
      const objects = objectsOf(golden.manifests);
      if (typeof objects === 'string') throw new Error(objects);
      expect(translateStepByStep(objects)).toEqual(translate(objects));
    });

    it('differs in exactly the cases named', () => {
      const different = cases.filter((golden) => outcome(golden, suite).length > 0).map(({name}) => name);
      expect(different.sort()).toEqual([...later, ...Object.keys(suite.deviations)].sort());
    });
  },
);
