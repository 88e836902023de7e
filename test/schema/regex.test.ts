import {describe, expect, it} from 'vitest';
import {compileRegex} from '../../src/api/regex.ts';

describe('regular expressions of users', () => {
  it.each(['', 'a', '/v[0-9]+/.*', '(?i)abc', '(?P<name>x)', '\\d+\\pL', '[[:alpha:]]{2,5}?'])(
    '%j is one',
    (pattern) => {
      expect(compileRegex(pattern)).toBeUndefined();
    },
  );

  it.each([
    ['(', 'error parsing regexp: missing closing ): `(`'],
    ['[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['a**', 'error parsing regexp: invalid nested repetition operator: `**`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
    ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    ['*a', 'error parsing regexp: missing argument to repetition operator: `*`'],
  ])('%j is none', (pattern, message) => {
    expect(compileRegex(pattern)).toBe(message);
  });
});
