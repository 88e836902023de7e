import {describe, expect, it} from 'vitest';
import type {KubeRow} from '../../src/status/kube-row.ts';
import {newestObserved, statusPatch, withoutOurs} from '../../src/status/kube-status-patch.ts';
import {condition, foreignParent, gatewayRow, ours, routeRow} from './kube-rows.ts';

const names = new Set([ours, 'sluice.dev/agentgateway']);
const now = '2030-01-02T03:04:05Z';
const later = '2031-01-01T00:00:00Z';
const patch = (live: unknown, row: KubeRow, at = now, previous?: KubeRow) =>
  statusPatch(live, row, {ours: names, now: at, ...(previous && {previous})});
/** The status after the patch. */
const patched = (live: object, row: KubeRow, at = now, previous?: KubeRow): Record<string, unknown> => ({
  ...live,
  ...patch(live, row, at, previous).fields,
});
const stamped = (type: string, generation = 1, at = now) => ({
  ...condition(type),
  observedGeneration: generation,
  lastTransitionTime: at,
});
const own = (name: string, generation = 1) => ({
  parentRef: {name},
  controllerName: ours,
  conditions: [stamped('Accepted', generation), stamped('ResolvedRefs', generation)],
});

describe('a patch of a status', () => {
  it('has all entries and conditions, with generation and time', () => {
    expect(patch(undefined, routeRow('a', {generation: 3})).fields).toEqual({parents: [own('web', 3)]});
  });

  it('is empty when nothing differs', () => {
    for (const row of [routeRow('a'), gatewayRow('g', 7)]) {
      const live = patched({}, row);
      expect(patch(live, row, later)).toEqual({fields: {}, leftOut: []});
    }
  });

  it('takes the defaults that the server fills into a parentRef for what was written', () => {
    const parentRef = {group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'web'};
    const live = {parents: [{...own('web'), parentRef}]};
    expect(patch(live, routeRow('a')).fields).toEqual({});
    expect(patched(live, routeRow('a', {generation: 2}))).toEqual({parents: [{...own('web', 2), parentRef}]});
  });

  it('tells parentRefs apart by section, port and namespace', () => {
    const row = routeRow('a');
    for (const more of [{sectionName: 'http'}, {port: 80}, {namespace: 'default'}, {kind: 'Service', group: ''}]) {
      const live = {parents: [{...own('web'), parentRef: {name: 'web', ...more}}]};
      expect(patched(live, row)).toEqual({parents: [own('web')]});
    }
  });

  it('keeps entries of other controllers in every field and in their order', () => {
    const [one, two, three] = [foreignParent('one'), foreignParent('two'), foreignParent('three')];
    const live = {parents: [one, own('gone'), two, own('web'), three]};
    expect(patched(live, routeRow('a', {generation: 2, parents: ['new', 'web']}))).toEqual({
      parents: [one, two, own('web', 2), three, own('new', 2)],
    });
  });

  it('takes the entries of all our controllers for ours', () => {
    const live = {parents: [{...own('web'), controllerName: 'sluice.dev/agentgateway'}, foreignParent('x')]};
    expect(patched(live, routeRow('a'))).toEqual({parents: [foreignParent('x'), own('web')]});
  });

  it('leaves one of two equal entries of ours', () => {
    expect(patched({parents: [own('web'), own('web')]}, routeRow('a'))).toEqual({parents: [own('web')]});
  });

  it('moves the time of a condition only with its status', () => {
    const live = patched({}, routeRow('a', {accepted: false}));
    const changed = patched(live, routeRow('a', {accepted: true, generation: 2}), later);
    expect(changed).toEqual({
      parents: [{...own('web'), conditions: [stamped('Accepted', 2, later), stamped('ResolvedRefs', 2)]}],
    });
    const reworded = routeRow('a', {accepted: true, generation: 2, message: 'other words'});
    expect(patched(changed, reworded, '2032-01-01T00:00:00Z')).toMatchObject({
      parents: [{conditions: [{message: 'other words', lastTransitionTime: later}, {lastTransitionTime: now}]}],
    });
  });

  it('keeps conditions of other types on a Gateway and its listeners, drops own ones that are not wanted', () => {
    const foreign = {...stamped('example.com/Foreign', 5), message: 'kept'};
    const live = {
      conditions: [foreign, stamped('Scheduled'), stamped('Accepted')],
      listeners: [
        {name: 'old', attachedRoutes: 1, conditions: []},
        {name: 'http', attachedRoutes: 1, supportedKinds: [], conditions: [stamped('Conflicted'), foreign]},
      ],
    };
    const all = ['Accepted', 'Programmed', 'ResolvedRefs'].map((type) => stamped(type, 2));
    expect(patched(live, gatewayRow('g', 3, 2))).toEqual({
      conditions: [foreign, ...all],
      listeners: [{name: 'http', attachedRoutes: 3, supportedKinds: [], conditions: [foreign, ...all]}],
    });
  });

  it('drops a condition of a type that only an earlier status of ours had', () => {
    const withTypes = (...types: string[]): KubeRow => ({
      ...gatewayRow('g', 0),
      status: {kind: 'Conditions', conditions: types.map((type) => condition(type))},
    });
    const live = {conditions: [stamped('Mine'), stamped('Theirs')]};
    expect(patched(live, withTypes('Accepted'), now, withTypes('Mine', 'Accepted'))).toEqual({
      conditions: [stamped('Theirs'), stamped('Accepted')],
    });
  });

  it('sends only the fields that differ, and leaves those that it does not know', () => {
    const live = {...patched({}, gatewayRow('g', 1)), attachedListenerSets: 4};
    expect(Object.keys(patch(live, gatewayRow('g', 2)).fields)).toEqual(['listeners']);
    expect(patch(live, gatewayRow('g', 1)).fields).toEqual({});
  });

  it('takes an empty list for an absent one', () => {
    const row: KubeRow = {...gatewayRow('g', 0), status: {kind: 'Gateway', listeners: []}};
    expect(patch({}, row).fields).toEqual({});
    expect(patch({listeners: [{name: 'old', conditions: []}]}, row).fields).toEqual({listeners: []});
  });

  it('pushes nobody out of a list that is full, and says what has no room', () => {
    const parents = Array.from({length: 31}, (_, i) => foreignParent(`other-${i}`));
    const result = patch({parents}, routeRow('a', {parents: ['web', 'two']}));
    expect(result.fields).toEqual({parents: [...parents, own('web')]});
    expect(result.leftOut).toEqual(['parentRef two']);
    const conditions = Array.from({length: 6}, (_, i) => stamped(`example.com/C${i}`));
    const full = patch({conditions}, gatewayRow('g', 0));
    expect(full.fields['conditions']).toEqual([...conditions, stamped('Accepted'), stamped('Programmed')]);
    expect(full.leftOut).toEqual(['condition ResolvedRefs']);
  });

  it('writes ancestors of policies, at most as many as the schema allows', () => {
    const ancestor = {ancestorRef: {name: 'web'}, controllerName: ours};
    const row = (kind: string): KubeRow => ({
      ...routeRow('p'),
      kind,
      status: {kind: 'Policy', ancestors: [{...ancestor, conditions: [condition('Accepted')]}]},
    });
    const entry = {...ancestor, conditions: [stamped('Accepted')]};
    expect(patch({}, row('BackendTLSPolicy')).fields).toEqual({ancestors: [entry]});
    const ancestors = Array.from({length: 16}, (_, i) => ({ancestorRef: {name: `${i}`}, controllerName: 'other'}));
    expect(patch({ancestors}, row('BackendTLSPolicy'))).toEqual({fields: {}, leftOut: ['ancestorRef web']});
    expect(patch({ancestors}, row('XBackend')).fields).toEqual({ancestors: [...ancestors, entry]});
  });

  it('cuts a message that is longer than the schema allows, between characters', () => {
    const long = patch(undefined, routeRow('a', {message: `xx${'😀'.repeat(20_000)}`}));
    const message = JSON.stringify(long.fields).match(/"message":"(x[^"]*)"/)?.[1] ?? '';
    expect(message).toHaveLength(32_767);
    expect(message.endsWith('😀…')).toBe(true);
  });

  it('reads what is not as it should be as nothing', () => {
    for (const live of [null, 'x', 5, {parents: 'x'}, {parents: [null, 5]}, {parents: {}}]) {
      const {fields} = patch(live, routeRow('a'));
      expect(JSON.stringify(fields)).toContain(JSON.stringify(own('web')));
    }
  });
});

describe('what is ours in a status', () => {
  it('is taken out of the lists, and nothing else is', () => {
    const live = {parents: [own('a'), foreignParent('x'), own('b')], other: 1};
    expect(withoutOurs(live, names).fields).toEqual({parents: [foreignParent('x')]});
    expect(withoutOurs({parents: [own('a')]}, names).fields).toEqual({parents: []});
    expect(withoutOurs({parents: [foreignParent('x')]}, names).fields).toEqual({});
    expect(withoutOurs({ancestors: [{controllerName: ours}]}, names).fields).toEqual({ancestors: []});
  });

  it('stays where it is conditions of an object that has another controller now', () => {
    expect(withoutOurs({conditions: [stamped('Accepted')]}, names).fields).toEqual({});
  });

  it('speaks of the newest generation, whatever others speak of', () => {
    expect(newestObserved({parents: [own('a', 3), own('b', 4), foreignParent('x')]}, names)).toBe(4);
    expect(newestObserved({conditions: [stamped('Accepted', 5), stamped('example.com/X', 9)]}, names)).toBe(5);
    expect(newestObserved({listeners: [{name: 'a', conditions: [stamped('Accepted', 6)]}]}, names)).toBe(6);
    expect(newestObserved({conditions: [condition('Accepted')]}, names)).toBe(0);
    expect(newestObserved(undefined, names)).toBe(0);
  });
});
