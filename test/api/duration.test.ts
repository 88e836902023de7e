import {describe, expect, it} from 'vitest';
import {parseDuration} from '../../src/api/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['1s', 1000],
    ['1m', 60_000],
    ['1h30m', 5_400_000],
    ['1h30m30s500ms', 5_430_500],
    ['00060m', 3_600_000],
    ['1h2h20m10m', 12_600_000],
    ['99999h', 359_996_400_000],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each(['', '0', '1', '1.5s', '-1s', '1d', '1us', '100000s', '1h1m1s1ms1ms', '1 s', '1S'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
