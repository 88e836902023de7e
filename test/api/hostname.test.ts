import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {compareHostnames, hostnameCovers, intersectHostnames, normalizeHostname} from '../../src/api/hostname.ts';

describe('intersectHostnames', () => {
  it.each([
    ['', '', ''],
    ['', 'a.example.com', 'a.example.com'],
    ['', '*.example.com', '*.example.com'],
    ['test.example.com', 'test.example.com', 'test.example.com'],
    ['test.example.com', '*.example.com', 'test.example.com'],
    ['test.example.com', 'other.example.com', undefined],
    ['*.example.com', '*.example.com', '*.example.com'],
    ['*.example.com', 'test.example.com', 'test.example.com'],
    ['*.example.com', 'foo.test.example.com', 'foo.test.example.com'],
    ['*.example.com', 'example.com', undefined],
    ['*.example.com', 'test.example.net', undefined],
    ['*.example.com', '*.test.example.com', '*.test.example.com'],
    ['*.example.com', '*.com', '*.example.com'],
    ['*.example.com', 'testexample.com', undefined],
    ['*.com', '*.net', undefined],
  ])('of %j and %j is %j', (a, b, expected) => {
    expect(intersectHostnames(a, b)).toBe(expected);
    expect(intersectHostnames(b, a)).toBe(expected);
  });

  it('is what both cover', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    const exact = fc.array(label, {minLength: 1, maxLength: 3}).map((labels) => labels.join('.'));
    const hostname = fc.oneof(
      exact,
      exact.map((name) => `*.${name}`),
      fc.constant(''),
    );
    fc.assert(
      fc.property(hostname, hostname, exact, (a, b, host) => {
        const common = intersectHostnames(a, b);
        const both = hostnameCovers(a, host) && hostnameCovers(b, host);
        expect(common !== undefined && hostnameCovers(common, host)).toBe(both);
      }),
    );
  });
});

describe('compareHostnames', () => {
  it('puts exact before wildcard before none, and longer before shorter', () => {
    const sorted = ['', '*.com', 'b.com', '*.example.com', 'a.com', 'a.example.com', '*.foo.example.com'];
    expect(sorted.toSorted(compareHostnames)).toEqual([
      'a.example.com',
      'a.com',
      'b.com',
      '*.foo.example.com',
      '*.example.com',
      '*.com',
      '',
    ]);
  });
});

describe('normalizeHostname', () => {
  it.each([
    [undefined, ''],
    ['A.Example.COM', 'a.example.com'],
    ['a.example.com.', 'a.example.com'],
  ])('of %j is %j', (text, expected) => {
    expect(normalizeHostname(text)).toBe(expected);
  });
});
