import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {infraName, labelValue} from '../../src/api/infra-name.ts';

describe('infraName', () => {
  it.each([
    ['gw', 'gw'],
    ['a'.repeat(63), 'a'.repeat(63)],
    // First 50 characters, a hyphen, the first 12 digits of `printf %s NAME | sha256sum`.
    ['a'.repeat(64), `${'a'.repeat(50)}-ffe054fe7ae0`],
    [`${'a'.repeat(49)}-${'b'.repeat(30)}`, `${'a'.repeat(49)}-33099c2f68b5`],
    ['my.gateway', 'my-gateway-0f568ee0c1ab'],
    ['1st', 'gw-1st-e01ddf6594a4'],
  ])('makes of %s the name %s', (name, expected) => {
    expect(infraName(name)).toBe(expected);
  });

  it('is the name of a Service, always', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]([-.a-z0-9]{0,200}[a-z0-9])?$/), (name) => {
        expect(infraName(name)).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
        expect(labelValue(name)).toMatch(/^[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?$/);
      }),
    );
  });
});
