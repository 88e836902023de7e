import {isIP} from 'node:net';
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {isIpAddress} from '../../src/api/ip-address.ts';

describe('isIpAddress', () => {
  it('agrees with Node', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      '01',
      '255',
      '256',
      'f',
      'ffff',
      '12345',
      ':',
      '::',
      '.',
      '127.0.0.1',
      'g',
      '',
    );
    const made = fc.array(part, {maxLength: 15}).map((parts) => parts.join(''));
    const joined = fc.array(part, {maxLength: 9}).map((parts) => parts.join(':'));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), made, joined), (text) => {
        expect(isIpAddress(text)).toBe(isIP(text) !== 0);
      }),
      {numRuns: 2000},
    );
  });
});
