import {describe, expect, it} from 'vitest';
import {SliceSize} from '../../src/krt/slice-size.ts';

/** Commits `count` writes, of which each takes `perWrite(nth)`, and each commit `perCommit(written so far)`; in milliseconds. */
function load(budget: number, count: number, perWrite: (at: number) => number, perCommit: (done: number) => number) {
  const sizes = new SliceSize(budget);
  const commits: {readonly writes: number; readonly millis: number}[] = [];
  for (let done = 0; done < count;) {
    const writes = Math.min(sizes.size, count - done);
    let millis = perCommit(done);
    for (let at = done; at < done + writes; at++) millis += perWrite(at);
    sizes.took(writes, millis);
    commits.push({writes, millis});
    done += writes;
  }
  const total = commits.reduce((sum, {millis}) => sum + millis, 0);
  // How long the first ones take is not known before.
  return {commits, total, longest: Math.max(...commits.slice(4).map(({millis}) => millis))};
}

describe('the size of a slice', () => {
  it('is what the budget is enough for', () => {
    const {longest, commits} = load(
      10,
      5_000,
      () => 0.25,
      () => 0,
    );
    expect(longest).toBeLessThanOrEqual(10.01);
    expect(commits.at(-2)?.writes).toBe(40);
  });

  it('leaves room for what every commit takes', () => {
    const {longest, commits} = load(
      10,
      5_000,
      () => 0.25,
      () => 4,
    );
    expect(longest).toBeLessThanOrEqual(10.5);
    expect(commits.at(-2)?.writes).toBeGreaterThan(18);
  });

  /**
   * A node that reads everything made each commit take longer the fuller the graph was. The slices became smaller and
   * smaller, down to one write, and loading 10,000 rows took as many runs of that node.
   */
  it('does not shrink where that is of no use', () => {
    const perCommit = (done: number): number => done / 200;
    const {total, longest, commits} = load(10, 10_000, () => 0.05, perCommit);
    expect(commits.length).toBeLessThan(200);
    // 500 ms for the writes, 50 ms for the last commit, however small.
    expect(longest).toBeLessThan(110);
    expect(total).toBeLessThan(5_000);
  });

  it('follows when writes become dearer, and when they become cheap again', () => {
    const {commits} = load(
      10,
      8_000,
      (at) => (at < 2_000 ? 0.05 : at < 4_000 ? 1 : 0.05),
      () => 0,
    );
    const sizes = commits.map(({writes}) => writes);
    expect(Math.min(...sizes)).toBeLessThanOrEqual(12);
    expect(sizes.at(-2)).toBeGreaterThan(150);
  });

  it('is not misled by a commit that was held up by something else', () => {
    const sizes = new SliceSize(10);
    for (let i = 0; i < 10; i++) sizes.took(sizes.size, sizes.size * 0.1);
    const usual = sizes.size;
    expect(usual).toBeGreaterThan(90);
    sizes.took(usual, 400);
    for (let i = 0; i < 20; i++) {
      expect(sizes.size).toBeGreaterThan(usual / 2);
      sizes.took(sizes.size, sizes.size * 0.1);
    }
  });

  it('is at least one', () => {
    const {commits} = load(
      1,
      100,
      () => 30,
      () => 0,
    );
    expect(commits.at(-1)?.writes).toBe(1);
  });
});
