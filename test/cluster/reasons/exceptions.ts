/** Reasons that collections give and no object in a cluster can bring about, and why that is so. */
import type {KubeObject} from '../../rig/objects.ts';
import {route, type Spec} from './case.ts';

export type Exception = {
  readonly from: string;
  readonly reason: string;
  /** Part of the message that nobody sees in a cluster. */
  readonly says: string;
} & (
  | {
      /** An API server does not take it; files may come from one whose CRDs are older. */
      readonly refused: {readonly object: KubeObject; readonly answer: string};
    }
  | {readonly because: string}
);

const backendRefs = [{name: 'app', port: 8080}];
const refusedRule = (rule: Spec, answer: string) => ({refused: {object: route({rules: [rule]}), answer}});

export const exceptions: readonly Exception[] = [
  {
    from: 'gateway/requested-addresses.ts',
    reason: 'UnsupportedAddress',
    says: 'is not an IP address',
    because: 'only proxies on this host bind addresses; the test of files has it (test/collections/gateway)',
  },
  {
    from: 'gateway/rule-filters.ts',
    reason: 'IncompatibleFilters',
    says: 'RequestRedirect and URLRewrite cannot be combined',
    ...refusedRule(
      {
        filters: [
          {type: 'RequestRedirect', requestRedirect: {hostname: 'a.example.com'}},
          {type: 'URLRewrite', urlRewrite: {hostname: 'b.example.com'}},
        ],
      },
      'May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both',
    ),
  },
  {
    from: 'gateway/rule-filters.ts',
    reason: 'UnsupportedValue',
    says: 'ReplacePrefixMatch needs matches of type PathPrefix',
    ...refusedRule(
      {
        matches: [{path: {type: 'Exact', value: '/a'}}],
        filters: [{type: 'URLRewrite', urlRewrite: {path: {type: 'ReplacePrefixMatch', replacePrefixMatch: '/b'}}}],
        backendRefs,
      },
      'exactly one PathPrefix match must be specified',
    ),
  },
  {
    from: 'gateway/rule-problem.ts',
    reason: 'UnsupportedValue',
    says: 'is not a duration',
    ...refusedRule({timeouts: {request: '1d'}, backendRefs}, 'spec.rules[0].timeouts.request'),
  },
  {
    from: 'gateway/rule-backends.ts',
    reason: 'BackendNotFound',
    says: 'the reference names no port',
    ...refusedRule({backendRefs: [{name: 'app'}]}, 'Must have port for Service reference'),
  },
];
