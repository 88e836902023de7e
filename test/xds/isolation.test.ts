import {describe, expect, it, vi} from 'vitest';
import {Scope, type Entry} from '../../src/xds/store.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, cluster, config} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

const scopeA = 'envoy/default/a';
const scopeB = 'envoy/default/b';

describe('scopes', () => {
  it('keep to themselves: a change of one sends nothing to clients of another', () => {
    const rig = new Rig();
    const clientOf = (scope: string) => {
      const client = rig.client({mode: 'envoy', scope});
      client.subscribe(typeUrls.cluster);
      return client;
    };
    const [a, b] = [clientOf(scopeA), clientOf(scopeB)];
    rig.settle();
    rig.set(cluster.make('c', {scope: scopeA}));
    rig.settle();
    rig.apply([], [cluster.ref('c')], scopeA);
    rig.settle();
    expect(transcript(a)).toEqual(['Cluster', 'Cluster +c', 'Cluster -c']);
    expect(transcript(b)).toEqual(['Cluster']);
    expect(rig.violations).toEqual([]);
  });

  it('keep to themselves: a change of one does not even look at the sessions of another', () => {
    const rig = new Rig();
    let looks = 0;
    const {leave} = rig.store.follow(scopeB, () => ({changed: () => void (looks += 1)}));
    rig.set(cluster.make('c', {scope: scopeA}), cluster.make('d', {scope: scopeA}));
    expect(looks).toBe(0);
    rig.set(cluster.make('c', {scope: scopeB}), cluster.make('d', {scope: scopeB}));
    expect(looks).toBe(1);
    leave();
    rig.set(cluster.make('c', {scope: scopeB, content: '2'}));
    expect(looks).toBe(1);
  });

  it('may use the same names', () => {
    const rig = new Rig();
    rig.set(cluster.make('c', {scope: scopeA, content: 'a'}), cluster.make('c', {scope: scopeB, content: 'b'}));
    const client = rig.client({mode: 'envoy', scope: scopeB});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    expect(client.contents(typeUrls.cluster)).toEqual({c: 'b'});
  });
});

describe('cost', () => {
  it('encodes a resource once for all clients', () => {
    const rig = new Rig();
    const entries: Entry[] = [];
    rig.set(cluster.make('c'));
    const {leave} = rig.store.follow('envoy/default/gw', (scope) => {
      entries.push(...scope.all(typeUrls.cluster).values());
      return {changed: () => {}};
    });
    leave();
    expect(entries[0]?.wire).toBe(entries[0]?.wire);
  });

  /** Looks at the store for one changed resource, and for one that came and went, with `count` others. */
  function looks(count: number): number {
    const rig = new Rig();
    const others = Array.from({length: count}, (_, index) => index);
    rig.set(
      ...others.map((index) => address.make(`s${index}`)),
      ...others.map((index) => config.make(`route/${index}`, {refs: [address.ref(`s${index}`)]})),
    );
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    const get = vi.spyOn(Scope.prototype, 'get');
    const all = vi.spyOn(Scope.prototype, 'all');
    const children = vi.spyOn(Scope.prototype, 'children');
    let calls = 0;
    try {
      rig.set(config.make('route/1', {content: '2', refs: [address.ref('s1'), address.ref('s2')]}));
      rig.settle();
      rig.set(address.make('new'), config.make('route/new', {refs: [address.ref('new')]}));
      rig.settle();
      rig.apply([], [address.ref('new'), config.ref('route/new')], 'agentgateway/default/gw');
      rig.settle();
      const listed = [all, children].flatMap(({mock}) =>
        mock.results.map(({value}) => (value instanceof Map ? value.size : 0)),
      );
      calls = get.mock.calls.length + listed.reduce((sum, size) => sum + 1 + size, 0);
    } finally {
      for (const spy of [get, all, children]) spy.mockRestore();
    }
    expect(transcript(client).slice(-5)).toEqual([
      'Resource +route/1',
      'Address +new',
      'Resource +route/new',
      'Resource -route/new',
      'Address -new',
    ]);
    expect(rig.violations).toEqual([]);
    return calls;
  }

  it('of a change is the same with 10 and with 3,000 other resources', () => {
    const few = looks(10);
    expect(few).toBeLessThan(60);
    expect(looks(3000)).toBe(few);
  });
});
