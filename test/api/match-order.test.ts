import {describe, expect, it} from 'vitest';
import {matchSortKey, type OrderedMatch, type OrderedRule} from '../../src/api/match-order.ts';

type Case = {match?: Partial<OrderedMatch>; rule?: Partial<OrderedRule>; index?: number};

const key = ({match, rule, index = 0}: Case): string =>
  matchSortKey(
    {path: {type: 'PathPrefix', value: '/a'}, headers: [], queryParams: [], ...match},
    {created: '2026-01-01T00:00:00Z', namespace: 'default', routeName: 'web', ruleIndex: 0, ...rule},
    index,
  );

const path = (type: OrderedMatch['path']['type'], value: string): {path: OrderedMatch['path']} => ({
  path: {type, value},
});

describe('matchSortKey', () => {
  it.each<[string, Case, Case]>([
    ['an exact path wins over a longer prefix', {match: path('Exact', '/')}, {match: path('PathPrefix', '/a/b/c')}],
    ['an exact path wins over a regex', {match: path('Exact', '/a')}, {match: path('RegularExpression', '/aaaaaaa')}],
    ['the longer prefix wins', {match: path('PathPrefix', '/abc')}, {match: path('PathPrefix', '/ab')}],
    [
      'of 9 and 10 characters, 10 win',
      {match: path('PathPrefix', '/23456789A')},
      {match: path('PathPrefix', '/23456789')},
    ],
    [
      'a regex takes part by its length',
      {match: path('RegularExpression', '/a.*')},
      {match: path('PathPrefix', '/ab')},
    ],
    [
      'a longer prefix wins over method, headers and query',
      {match: path('PathPrefix', '/ab')},
      {match: {method: 'GET', headers: [1, 2], queryParams: [1]}},
    ],
    ['a method wins over headers', {match: {method: 'GET'}}, {match: {headers: [1, 2, 3]}}],
    ['more headers win over query', {match: {headers: [1]}}, {match: {queryParams: [1, 2]}}],
    ['more query parameters win', {match: {queryParams: [1, 2]}}, {match: {queryParams: [1]}}],
    ['the older route wins', {}, {rule: {created: '2026-01-01T00:00:01Z'}}],
    ['age counts before the name', {rule: {routeName: 'z'}}, {rule: {created: '2026-02-01T00:00:00Z', routeName: 'a'}}],
    ['the namespace counts before the name', {rule: {namespace: 'a', routeName: 'z'}}, {rule: {namespace: 'b'}}],
    ['foo/bar comes before foo/baz', {rule: {routeName: 'bar'}}, {rule: {routeName: 'baz'}}],
    ['a name comes before what it begins', {rule: {routeName: 'web', ruleIndex: 9}}, {rule: {routeName: 'web-2'}}],
    ['the first rule wins', {rule: {ruleIndex: 2}}, {rule: {ruleIndex: 10}}],
    ['the first match wins', {index: 9}, {index: 10}],
  ])('%s', (_, first, second) => {
    expect(key(first) < key(second)).toBe(true);
  });
});
