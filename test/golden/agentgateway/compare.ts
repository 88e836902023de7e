/** Differences between what a golden case expects and what was made of it. */
import {isDeepStrictEqual} from 'node:util';
import type {StatusRow} from '../../../collections/gateway/ir.ts';
import {ownConditions, type Suite} from './deviations.ts';
import type {ExpectedResource, ExpectedStatus, GoldenCase} from './golden-case.ts';
import type {Translated} from './translate.ts';

/** One line per difference; none = equal in resources, and in conditions' types, statuses and reasons. */
export function differences(golden: GoldenCase, suite: Suite, translated: Translated): readonly string[] {
  const kept = [...translated.resources].filter(([name]) =>
    suite.resources.some((prefix) => name.split('/')[2] === prefix),
  );
  const statuses = translated.statuses.filter(({kind}) => suite.statuses.includes(kind));
  return [
    ...compare(
      'resource',
      new Map(golden.output.map((expected) => [nameOf(expected), normalResource(bodyOf(expected))])),
      new Map(kept.map(([name, body]) => [name, normalResource(body)])),
    ),
    ...compare(
      'status',
      new Map(golden.status.map((expected) => [statusKey(expected), expectedConditions(expected)])),
      new Map(statuses.map((row) => [row.key, actualConditions(row)])),
    ),
  ];
}

function compare(
  what: string,
  expected: ReadonlyMap<string, unknown>,
  actual: ReadonlyMap<string, unknown>,
): readonly string[] {
  const names = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return names.flatMap((name) => {
    if (!actual.has(name)) return [`${what} ${name}: missing`];
    if (!expected.has(name)) return [`${what} ${name}: surplus`];
    const [a, b] = [expected.get(name), actual.get(name)];
    return isDeepStrictEqual(a, b) ? [] : [`${what} ${name}: expected ${JSON.stringify(a)}, is ${JSON.stringify(b)}`];
  });
}

type Json = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, string>> = {
  routeGroup: 'route_group',
  tcpRoute: 'tcp_route',
  modelRoute: 'model_route',
};

function nameOf({gateway, resource}: ExpectedResource): string {
  const [kind = ''] = Object.keys(resource);
  const place = gateway === undefined ? '/' : `${gateway.Namespace}/${gateway.Name}`;
  return `${place}/${kinds[kind] ?? kind}/${String(bodyOf({resource})['key'])}`;
}

const bodyOf = ({resource}: ExpectedResource): Json => Object.values(resource)[0] ?? {};

/**
 * What means the same is made equal: no match is a match of `/` (a default of the CRD, which the original leaves to
 * API servers), and names of headers have no case.
 */
function normalResource(body: unknown): unknown {
  const resource = body as Json; // all bodies are messages
  if (!('listenerKey' in resource) || 'routeGroupKey' in resource) return resource;
  const matches = (resource['matches'] ?? [{path: {pathPrefix: '/'}}]) as readonly Json[]; // as the message says
  return {...resource, matches: matches.map(withLowerCaseHeaders)};
}

function withLowerCaseHeaders(match: Json): Json {
  const headers = match['headers'] as readonly {readonly name: string}[] | undefined; // as the message says
  return headers === undefined
    ? match
    : {...match, headers: headers.map((header) => ({...header, name: header.name.toLowerCase()}))};
}

const statusKey = ({kind, metadata: {namespace, name}}: ExpectedStatus): string =>
  namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;

type Condition = {readonly type: string; readonly status: string; readonly reason: string};
/** Conditions of the object, of its listeners and of its parents, each under what it is about. */
type Conditions = Readonly<Record<string, readonly string[]>>;

const conditionLines = (kind: string, conditions: readonly Condition[] = []): readonly string[] =>
  conditions
    .filter(({type}) => !ownConditions.some((own) => own.kind === kind && own.type === type))
    .map(({type, status, reason}) => `${type}=${status} ${reason}`)
    .sort();

type Status = {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly attachedRoutes: number;
    readonly supportedKinds: readonly {readonly kind: string}[];
    readonly conditions: readonly Condition[];
  }[];
  readonly parents?: readonly {
    readonly parentRef: Json;
    readonly controllerName: string;
    readonly conditions: readonly Condition[];
  }[];
};

const expectedConditions = ({kind, metadata, status}: ExpectedStatus): Conditions => {
  const {listeners, ...rest}: Status = status;
  return conditionsOf(kind, metadata.namespace ?? '', {...rest, ...(listeners && {listeners})});
};

const actualConditions = ({kind, namespace = '', status}: StatusRow): Conditions =>
  conditionsOf(kind, namespace, status);

function conditionsOf(kind: string, namespace: string, {conditions, listeners = [], parents = []}: Status): Conditions {
  return {
    ...(conditions && {[kind]: conditionLines(kind, conditions)}),
    ...Object.fromEntries(
      listeners.map((listener) => [
        `listener ${listener.name} ${listener.attachedRoutes} ${listener.supportedKinds.map((kind) => kind.kind).join()}`,
        conditionLines('Listener', listener.conditions),
      ]),
    ),
    ...Object.fromEntries(
      parents.map((parent) => [
        `${parent.controllerName} ${parentName(parent.parentRef, namespace)}`,
        conditionLines('Parent', parent.conditions),
      ]),
    ),
  };
}

/** Of a reference with defaults filled in, as the original writes it. */
function parentName(ref: Json, namespace: string): string {
  const parts = [ref['kind'] ?? 'Gateway', ref['namespace'] ?? namespace, ref['name'], ref['sectionName'], ref['port']];
  return JSON.stringify(parts);
}
