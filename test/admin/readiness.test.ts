import {describe, expect, it} from 'vitest';
import {createReadiness} from '../../src/admin/readiness.ts';

describe('readiness', () => {
  it('is when nothing is waited for', () => {
    const readiness = createReadiness();
    expect(readiness.reasons).toEqual([]);
    const first = readiness.hold('inputs are not read yet');
    const second = readiness.hold('no certificate yet');
    const again = readiness.hold('no certificate yet');
    expect(readiness.reasons).toEqual(['inputs are not read yet', 'no certificate yet']);
    first();
    second();
    second();
    expect(readiness.reasons).toEqual(['no certificate yet']);
    again();
    expect(readiness.reasons).toEqual([]);
  });
});
