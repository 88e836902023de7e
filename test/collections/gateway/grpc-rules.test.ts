import {describe, expect, it} from 'vitest';
import {grpcRuleProblem, httpRuleOf, namedCharacters} from '../../../collections/gateway/grpc-rules.ts';
import {matchSortKey} from '../../../src/api/match-order.ts';
import {compileRegex} from '../../../src/api/regex.ts';
import type {GRPCRouteMatch} from '../../../src/gen/gateway-api.ts';

const exact = (service?: string, method?: string): GRPCRouteMatch => ({
  method: {type: 'Exact', ...(service !== undefined && {service}), ...(method !== undefined && {method})},
});
const regex = (service?: string, method?: string): GRPCRouteMatch => ({
  method: {type: 'RegularExpression', ...(service !== undefined && {service}), ...(method !== undefined && {method})},
});
const pathOf = (match: GRPCRouteMatch) => httpRuleOf({matches: [match]}).matches[0]?.path;

describe('a match of a GRPCRoute', () => {
  it.each<[string, GRPCRouteMatch, string, string]>([
    ['nothing', {}, 'PathPrefix', '/'],
    ['an empty method match', exact('', ''), 'PathPrefix', '/'],
    ['a service and a method', exact('a.Echo', 'Say'), 'Exact', '/a.Echo/Say'],
    ['a service', exact('a.Echo'), 'PathPrefix', '/a.Echo'],
    ['a method of any service', exact(undefined, 'Say'), 'RegularExpression', '/[^/]+/Say'],
    ['a method with a letter that means something elsewhere', exact('', 'Sa.y'), 'RegularExpression', '/[^/]+/Sa\\.y'],
    ['expressions', regex('a|b', 'S.*'), 'RegularExpression', '/(?:a|b)/(?:S.*)'],
    ['an expression for services', regex('a.+'), 'RegularExpression', '/(?:a.+)/[^/]+'],
  ])('that names %s is one of a path', (_, match, type, value) => {
    expect(pathOf(match)).toEqual({type, value});
    if (type !== 'RegularExpression') return;
    // oxlint-disable-next-line vitest/no-conditional-expect -- of the rows above, some are expressions
    expect(compileRegex(value)).toBeUndefined();
  });

  it('keeps its headers', () => {
    const headers = [{name: 'Version', type: 'Exact' as const, value: 'one'}];
    expect(httpRuleOf({matches: [{headers}]}).matches[0]).toMatchObject({headers});
  });

  it('cannot be done where it is no expression that proxies know', () => {
    expect(grpcRuleProblem({matches: [regex('(?=x)')]})).toMatchObject({
      reason: 'UnsupportedValue',
      message: expect.stringContaining('method.service: "(?=x)" is not an RE2 expression'),
    });
    expect(grpcRuleProblem({matches: [regex(undefined, 'a)(b')]})?.message).toContain('method.method');
    expect(grpcRuleProblem({matches: [exact('(?=x)')]})).toBeUndefined();
  });
});

describe('precedence of matches of GRPCRoutes', () => {
  const rule = {created: '', namespace: 'n', routeName: 'r', ruleIndex: 0};
  const keyOf = (match: GRPCRouteMatch, headers = 0): string =>
    matchSortKey(
      {
        path: {type: 'PathPrefix', value: '/'},
        headers: Array.from({length: headers}, () => ({})),
        queryParams: [],
        named: namedCharacters(match),
      },
      rule,
      0,
    );

  it('is by characters of the service, then of the method, then by headers', () => {
    const inOrder = [
      keyOf(exact('a.LongerName')),
      keyOf(exact('a.Echo', 'SayMore')),
      keyOf(exact('a.Echo', 'Say'), 2),
      keyOf(exact('a.Echo', 'Say')),
      keyOf(exact('a.Echo')),
      // However long: it names no service.
      keyOf(exact('', 'AMethodWithAVeryLongNameIndeed')),
      keyOf({}, 3),
      keyOf({}),
    ];
    expect(inOrder.toSorted()).toEqual(inOrder);
    expect(new Set(inOrder).size).toBe(inOrder.length);
  });
});
