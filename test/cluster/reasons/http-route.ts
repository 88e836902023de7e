import {
  gateway,
  grant,
  listener,
  object,
  otherNamespace,
  route,
  service,
  type Case,
  type Spec,
  type Table,
} from './case.ts';

const accepted = 'Accepted=True/Accepted';
const resolved = 'ResolvedRefs=True/ResolvedRefs';

const backends = (...backendRefs: readonly Spec[]): Spec => ({rules: [{backendRefs}]});
const filters = (...all: readonly Spec[]): Spec => ({
  rules: [{filters: all, backendRefs: [{name: 'app', port: 8080}]}],
});
const regex = (value: string): Spec => ({matches: [{path: {type: 'RegularExpression', value}}]});
const extension = {type: 'ExtensionRef', extensionRef: {group: 'example.com', kind: 'Odd', name: 'odd'}};
const unknown = 'filter ExtensionRef (Odd of group "example.com") is not supported';
const notRe2 = 'path: "/(" is not an RE2 expression';
const inOther = (namespace: string): Spec => ({parentRefs: [{name: 'gw', namespace}]});

const attachmentCases: readonly Case[] = [
  {
    is: 'Accepted=False/NoMatchingParent',
    says: 'Gateway @/gw has no listener that is named other',
    from: 'gateway/attachments.ts',
    objects: [service(), gateway(), route({parentRefs: [{name: 'gw', sectionName: 'other'}]})],
    heal: {apply: [gateway([listener(), listener({name: 'other', port: 81})])]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/NoMatchingParent',
    says: 'Gateway @/gw has no listener that has port 81',
    from: 'gateway/attachments.ts',
    objects: [service(), gateway(), route({parentRefs: [{name: 'gw', port: 81}]})],
    heal: {apply: [route({parentRefs: [{name: 'gw', port: 80}]})]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/NotAllowedByListeners',
    says: 'allowedRoutes of Gateway @-other/gw, listener http, do not admit this route',
    from: 'gateway/attachments.ts',
    objects: [
      otherNamespace,
      {...gateway(), metadata: {name: 'gw', namespace: '@-other'}},
      service(),
      route(inOther('@-other')),
    ],
    heal: {
      apply: [
        {
          ...gateway([listener({allowedRoutes: {namespaces: {from: 'All'}}})]),
          metadata: {name: 'gw', namespace: '@-other'},
        },
      ],
    },
    healed: accepted,
  },
  {
    is: 'Accepted=False/NotAllowedByListeners',
    says: 'allowedRoutes of Gateway @/gw, listener http, do not admit this route',
    from: 'gateway/attachments.ts',
    objects: [
      service(),
      gateway([listener({allowedRoutes: {namespaces: {from: 'Selector', selector: {matchLabels: {team: 'red'}}}}})]),
      route(),
    ],
    // A label of the namespace, and nothing else.
    heal: {apply: [object('v1', 'Namespace', '@', {}, {labels: {team: 'red'}})]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/NotAllowedByListeners',
    says: 'Gateway @/gw, listener http, takes no routes: it is not accepted itself',
    from: 'gateway/attachments.ts',
    objects: [service(), gateway([listener({protocol: 'example.com/odd'})]), route()],
    heal: {apply: [gateway()]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/NoMatchingListenerHostname',
    says: 'no hostname of this route fits a listener of Gateway @/gw that admits it',
    from: 'gateway/attachments.ts',
    objects: [service(), gateway([listener({hostname: '*.example.com'})]), route({hostnames: ['a.example.org']})],
    heal: {apply: [route({hostnames: ['a.example.org', 'a.example.com']})]},
    healed: accepted,
  },
];

const backend = [{name: 'app', port: 8080}];

const ruleCases: readonly Case[] = [
  {
    is: 'Accepted=False/UnsupportedValue',
    says: notRe2,
    from: 'gateway/rule-problem.ts',
    objects: [service(), gateway(), route({rules: [{...regex('/('), backendRefs: backend}]})],
    heal: {apply: [route({rules: [{...regex('/(a|b)'), backendRefs: backend}]})]},
    healed: accepted,
  },
  {
    is: 'Accepted=False/UnsupportedValue',
    says: unknown,
    from: 'gateway/rule-filters.ts',
    objects: [service(), gateway(), route(filters(extension))],
    heal: {apply: [route()]},
    healed: accepted,
  },
  {
    is: 'PartiallyInvalid=True/UnsupportedValue',
    says: `Dropped Rule rules[1]: ${notRe2}`,
    from: 'gateway/rule-problem.ts',
    objects: [service(), gateway(), route({rules: [{backendRefs: backend}, {...regex('/('), backendRefs: backend}]})],
    heal: {apply: [route({rules: [{backendRefs: backend}, {...regex('/'), backendRefs: backend}]})]},
    healed: 'absent',
  },
];

const refCases: readonly Case[] = [
  {
    is: 'ResolvedRefs=False/InvalidKind',
    says: `rules[0]: ${unknown}`,
    from: 'gateway/rule-filters.ts',
    objects: [service(), gateway(), route(filters(extension))],
    heal: {apply: [route()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/InvalidKind',
    says: `rules[0]: ${unknown} on a backendRef`,
    from: 'gateway/rule-filters.ts',
    objects: [service(), gateway(), route(backends({...backend[0], filters: [extension]}))],
    heal: {apply: [route()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/InvalidKind',
    says: 'rules[0]: Odd of group "example.com" is not supported as a backend',
    from: 'gateway/rule-backends.ts',
    objects: [service(), gateway(), route(backends({group: 'example.com', kind: 'Odd', name: 'app', port: 8080}))],
    heal: {apply: [route()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/RefNotPermitted',
    says: 'rules[0]: no ReferenceGrant allows Service @-other/app',
    from: 'gateway/rule-backends.ts',
    objects: [
      otherNamespace,
      service({}, {namespace: '@-other'}),
      gateway(),
      route(backends({name: 'app', namespace: '@-other', port: 8080})),
    ],
    heal: {apply: [grant('@-other', 'HTTPRoute', {group: '', kind: 'Service'})]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/BackendNotFound',
    says: 'rules[0]: Service @/app does not exist',
    from: 'gateway/rule-backends.ts',
    objects: [gateway(), route()],
    heal: {apply: [service()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/BackendNotFound',
    says: 'rules[0]: Service @/app has no TCP port 8080',
    from: 'gateway/rule-backends.ts',
    objects: [service({port: 8081}), gateway(), route()],
    heal: {apply: [service()]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/UnsupportedProtocol',
    says: 'rules[0]: Service @/app: appProtocol kubernetes.io/wss of port 8080 is not supported',
    from: 'gateway/rule-backends.ts',
    objects: [service({appProtocol: 'kubernetes.io/wss'}), gateway(), route()],
    heal: {apply: [service({appProtocol: 'kubernetes.io/h2c'})]},
    healed: resolved,
  },
  {
    is: 'ResolvedRefs=False/UnsupportedValue',
    says: 'rules[0]: filter RequestMirror is not supported on a backendRef',
    from: 'gateway/rule-filters.ts',
    objects: [
      service(),
      gateway(),
      route(backends({...backend[0], filters: [{type: 'RequestMirror', requestMirror: {backendRef: backend[0]}}]})),
    ],
    heal: {apply: [route()]},
    healed: resolved,
  },
];

export const httpRouteReasons: Table = {
  kind: 'HTTPRoute',
  of: 'parent',
  good: {Accepted: 'gateway/attachments.ts', ResolvedRefs: 'gateway/route-rules.ts'},
  cases: [...attachmentCases, ...ruleCases, ...refCases],
};
