import {isDeepStrictEqual} from 'node:util';
import {describe, expect, it} from 'vitest';
import {type DeployerCase, missing, readDeployerCases} from './deployer-case.ts';
import {normal, render} from './deployer-render.ts';

/** Cases that differ on purpose, with the reason. */
const deviations: Readonly<Record<string, string>> = {};

const cases = missing === undefined ? readDeployerCases() : [];

function isEqual(golden: DeployerCase): boolean {
  return isDeepStrictEqual(render(golden), normal(golden.expected));
}

const why = missing === undefined ? '' : ` (${missing})`;

describe.skipIf(missing !== undefined)(`what the agentgateway controller deploys${why}`, () => {
  it.each(cases.filter(({name}) => !(name in deviations)))('$name', (golden) => {
    expect(Object.fromEntries(render(golden))).toEqual(Object.fromEntries(normal(golden.expected)));
  });

  it('differs in exactly the cases named', () => {
    const different = cases.filter((golden) => !isEqual(golden)).map(({name}) => name);
    expect(different).toEqual(Object.keys(deviations).sort());
    expect(different.length).toBeLessThanOrEqual(cases.length / 10);
  });
});
