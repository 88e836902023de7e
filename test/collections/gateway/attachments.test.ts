import {describe, expect, it} from 'vitest';
import {attachments} from '../../../collections/gateway/attachments.ts';
import type {AttachmentRow} from '../../../collections/gateway/ir.ts';
import {gatewayYaml, namespaceYaml, routeYaml, serviceYaml, startWorld, tlsSecretYaml, type World} from './world.ts';

const start = (yaml: string): World => startWorld([attachments], yaml);
const rowsOf = (yaml: string): readonly AttachmentRow[] => start(yaml).graph.list(attachments);

/** `listener: hostname<own ...` of every listener, or the reason. */
function told({accepted, listeners}: AttachmentRow): string[] {
  if (accepted.status !== 'True') return [accepted.reason];
  return listeners.map(
    ({name, hostnames}) => `${name}: ${hostnames.map(({hostname, own}) => `${hostname}<${own}`).join(' ')}`,
  );
}

const http = (name: string, more = ''): string => `{name: ${name}, port: 80, protocol: HTTP${more}}`;

describe('attachments', () => {
  it('has one row per parentRef that names a managed Gateway', () => {
    const rows = rowsOf(
      gatewayYaml(`listeners: [${http('a')}, {name: b, port: 81, protocol: HTTP}]`) +
        gatewayYaml(`listeners: [${http('a')}]`, {name: 'foreign', className: 'foreign'}) +
        routeYaml(
          'parentRefs: [{name: missing}, {name: gw, sectionName: b}, {name: foreign}, {kind: Service, group: "", name: s}]',
        ),
    );
    expect(rows).toEqual([
      {
        key: 'HTTPRoute/default/web/1',
        route: 'HTTPRoute/default/web',
        parentIndex: 1,
        gateway: 'default/gw',
        dialect: 'envoy',
        controllerName: 'sluice.dev/envoy',
        accepted: {type: 'Accepted', status: 'True', reason: 'Accepted', message: ''},
        listeners: [
          {
            key: 'default/gw/b',
            name: 'b',
            port: 81,
            protocol: 'HTTP',
            programmed: true,
            hostnames: [{hostname: '', own: ''}],
          },
        ],
      },
    ]);
  });

  it.each<[string, string, string, string[]]>([
    ['all listeners', http('a') + ', {name: b, port: 81, protocol: HTTP}', '', ['a: <', 'b: <']],
    ['the section', http('a') + ', {name: b, port: 81, protocol: HTTP}', ', sectionName: b', ['b: <']],
    ['the port', http('a') + ', {name: b, port: 81, protocol: HTTP}', ', port: 81', ['b: <']],
    ['section and port', http('a'), ', sectionName: a, port: 80', ['a: <']],
    ['no such section', http('a'), ', sectionName: x', ['NoMatchingParent']],
    ['no such port', http('a'), ', port: 81', ['NoMatchingParent']],
    ['a section on another port', http('a'), ', sectionName: a, port: 81', ['NoMatchingParent']],
    [
      'a kind that is not allowed',
      http('a', ', allowedRoutes: {kinds: [{kind: GRPCRoute}]}'),
      '',
      ['NotAllowedByListeners'],
    ],
    [
      'a protocol that carries no HTTP',
      '{name: a, port: 443, protocol: TLS, tls: {mode: Passthrough}}',
      '',
      ['NotAllowedByListeners'],
    ],
    ['an unsupported protocol', '{name: a, port: 53, protocol: UDP}', '', ['NotAllowedByListeners']],
    [
      'a listener whose certificate is missing',
      '{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}}',
      '',
      ['a: <'],
    ],
    [
      'a listener in conflict',
      http('a') + ', {name: b, port: 80, protocol: TLS, tls: {mode: Passthrough}}',
      '',
      ['NotAllowedByListeners'],
    ],
  ])('attaches by parentRef: %s', (_, listeners, ref, expected) => {
    const rows = rowsOf(gatewayYaml(`listeners: [${listeners}]`) + routeYaml(`parentRefs: [{name: gw${ref}}]`));
    expect(rows.map(told)).toEqual([expected]);
  });

  it('tells a listener that is not accepted from one that does not admit the route', () => {
    const conflicting = `${http('a')}, {name: b, port: 80, protocol: TLS, tls: {mode: Passthrough}}`;
    const messageOf = (listeners: string): string | undefined =>
      rowsOf(gatewayYaml(`listeners: [${listeners}]`) + routeYaml('parentRefs: [{name: gw, sectionName: a}]'))[0]
        ?.accepted.message;
    expect(messageOf(conflicting)).toBe('Gateway default/gw, listener a, takes no routes: it is not accepted itself');
    expect(messageOf(http('a', ', allowedRoutes: {kinds: [{kind: GRPCRoute}]}'))).toBe(
      'allowedRoutes of Gateway default/gw, listener a, do not admit this route',
    );
  });

  describe('hostnames', () => {
    it.each<[string, string, string[]]>([
      ['', '', [': <']],
      ['', '[a.com]', [': a.com<a.com']],
      ['a.com', '', [': a.com<']],
      ['a.com', '[a.com, b.com]', [': a.com<a.com']],
      ['a.com', '["*.com"]', [': a.com<*.com']],
      ['*.example.com', '[a.example.com, example.com, b.example.net]', [': a.example.com<a.example.com']],
      ['*.example.com', '["*.com", "*.example.com"]', [': *.example.com<*.example.com']],
      ['abc.example.com', '["*.com", "*.example.com", abc.example.com]', [': abc.example.com<abc.example.com']],
      [
        '*.example.com',
        '["*.foo.example.com", "*.com"]',
        [': *.foo.example.com<*.foo.example.com *.example.com<*.com'],
      ],
      ['a.com', '[b.com]', ['NoMatchingListenerHostname']],
      ['*.a.com', '[a.com]', ['NoMatchingListenerHostname']],
    ])('of listener %j and route %j', (listener, route, expected) => {
      const hostname = listener === '' ? '' : `, hostname: "${listener}"`;
      const hostnames = route === '' ? '' : `\nhostnames: ${route}`;
      const rows = rowsOf(
        gatewayYaml(`listeners: [${http('l', hostname)}]`) + routeYaml(`parentRefs: [{name: gw}]${hostnames}`),
      );
      expect(rows.map(told)).toEqual([expected.map((line) => (line.startsWith(':') ? `l${line}` : line))]);
    });

    it('leaves out listeners that share no host', () => {
      const listeners = `${http('a', ', hostname: a.com')}, ${http('b', ', hostname: b.com')}`;
      const rows = rowsOf(
        gatewayYaml(`listeners: [${listeners}]`) + routeYaml('parentRefs: [{name: gw}]\nhostnames: [b.com]'),
      );
      expect(rows.map(told)).toEqual([['b: b.com<b.com']]);
    });
  });

  describe('namespaces', () => {
    const from = (namespaces: string): string =>
      gatewayYaml(`listeners: [${http('a', `, allowedRoutes: {namespaces: ${namespaces}}`)}]`, {namespace: 'infra'});
    const route = (namespace: string): string => routeYaml('parentRefs: [{name: gw, namespace: infra}]', {namespace});

    it.each<[string, string, string[]]>([
      ['{from: Same}', 'infra', ['a: <']],
      ['{from: Same}', 'apps', ['NotAllowedByListeners']],
      ['{from: All}', 'apps', ['a: <']],
      ['{from: Selector, selector: {matchLabels: {team: red}}}', 'red', ['a: <']],
      ['{from: Selector, selector: {matchLabels: {team: red}}}', 'apps', ['NotAllowedByListeners']],
      ['{from: Selector, selector: {matchExpressions: [{key: team, operator: Exists}]}}', 'red', ['a: <']],
      [
        '{from: Selector, selector: {matchExpressions: [{key: team, operator: In, values: [blue]}]}}',
        'red',
        ['NotAllowedByListeners'],
      ],
      ['{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: red}}}', 'red', ['a: <']],
      ['{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: implied}}}', 'implied', ['a: <']],
      ['{from: Selector, selector: {}}', 'implied', ['a: <']],
      ['{from: Selector}', 'implied', ['NotAllowedByListeners']],
    ])('%s admits a route of %s: %s', (namespaces, namespace, expected) => {
      const rows = rowsOf(
        from(namespaces) + route(namespace) + namespaceYaml('red', '{team: red}') + namespaceYaml('apps'),
      );
      expect(rows.map(told)).toEqual([expected]);
    });

    it('follows labels of namespaces', () => {
      const world = start(from('{from: Selector, selector: {matchLabels: {team: red}}}') + route('apps'));
      const reasons = (): string[][] => world.graph.list(attachments).map(told);
      expect(reasons()).toEqual([['NotAllowedByListeners']]);
      world.apply(namespaceYaml('apps', '{team: red}'));
      expect(reasons()).toEqual([['a: <']]);
      world.graph.resetCounters();
      world.apply(namespaceYaml('apps', '{team: red, other: label}'));
      expect(world.graph.counters().get('attachments')?.runs).toBe(0);
      world.remove('/Namespace', 'apps');
      expect(reasons()).toEqual([['NotAllowedByListeners']]);
    });
  });

  it('follows the programming of a listener', () => {
    const listener = '{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}';
    const world = start(gatewayYaml(`listeners: [${listener}]`) + routeYaml('parentRefs: [{name: gw}]'));
    const programmed = (): unknown =>
      world.graph.list(attachments).flatMap((row) => row.listeners.map((l) => l.programmed));
    expect(programmed()).toEqual([false]);
    world.apply(tlsSecretYaml('cert'));
    expect(programmed()).toEqual([true]);
  });

  it('does not accept a route none of whose rules can be done, but keeps it where it answers', () => {
    const rule =
      '{matches: [{path: {type: RegularExpression, value: "(?=x)"}}, {}], backendRefs: [{name: s, port: 80}]}';
    const rows = rowsOf(
      gatewayYaml(`listeners: [${http('a')}]`) +
        serviceYaml('s') +
        routeYaml(`parentRefs: [{name: gw}]\nrules: [${rule}]`),
    );
    expect(rows[0]).toMatchObject({accepted: {status: 'False', reason: 'UnsupportedValue'}, listeners: [{name: 'a'}]});
  });
});
