import {describe, expect, it} from 'vitest';
import {faults} from './faults/all.ts';
import {occurrencesOf} from './faults/bundle.ts';

describe('faults made by hand in the engine', () => {
  it('are what the engine does not do now: each stands in its file once', () => {
    expect(faults.filter((fault) => occurrencesOf(fault) !== 1).map(({name}) => name)).toEqual([]);
    expect(new Set(faults.map(({name}) => name)).size).toBe(faults.length);
    expect(faults.length).toBeGreaterThanOrEqual(30);
  });
});
