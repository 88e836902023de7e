import {describe, expect, it} from 'vitest';
import {envoy} from '../../src/gen/proto/discovery.js';
import {ResourceStore, type Scope} from '../../src/xds/store.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {decodeRequest, encodeEntry, encodeResponse, removedNameBytes} from '../../src/xds/wire.ts';
import {cluster, routes, virtualHost} from './support/resources.ts';
import {encodeRequest} from './support/wire-client.ts';

const {DeltaDiscoveryRequest, DeltaDiscoveryResponse} = envoy.service.discovery.v3;

describe('responses', () => {
  it('put together from parts are those the generated code would write, fields of any order', () => {
    const [a, b] = [cluster.make('a', {content: 'ä'}), cluster.make('b', {padding: 300})];
    const bytes = encodeResponse({
      type: typeUrls.cluster,
      nonce: '17',
      entries: [encodeEntry(a), encodeEntry(b)],
      removed: ['ü', 'c'],
    });
    const decoded = DeltaDiscoveryResponse.toObject(DeltaDiscoveryResponse.decode(bytes), {bytes: Buffer});
    expect(decoded).toEqual({
      typeUrl: typeUrls.cluster,
      nonce: '17',
      removedResources: ['ü', 'c'],
      resources: [a, b].map(({name, version, type, bytes: value}) => ({
        name,
        version,
        resource: {type_url: type, value: Buffer.from(value)},
      })),
    });
    const generated = DeltaDiscoveryResponse.encode(DeltaDiscoveryResponse.fromObject(decoded)).finish();
    expect(bytes.length).toBe(generated.length);
  });

  it('take no more for a removed name than was reckoned', () => {
    for (const name of ['', 'a', 'ü'.repeat(200), 'x'.repeat(100_000)]) {
      const length = (removed: string[]) => encodeResponse({type: 't', nonce: '1', entries: [], removed}).length;
      expect(length([name]) - length([])).toBeLessThanOrEqual(removedNameBytes(name));
    }
  });
});

describe('requests', () => {
  it('are read with node, metadata that are strings, and error_detail of code 0', () => {
    const node = {id: 'n', cluster: 'c', metadata: {role: 'a~b', empty: ''}, userAgent: 'envoy'};
    const request = {
      node,
      type: 't',
      subscribe: ['a'],
      unsubscribe: ['b'],
      initialVersions: {c: '1', __proto__x: '2', '7': '3'},
      nonce: '5',
      error: {code: 0, message: 'no'},
    };
    expect(decodeRequest(encodeRequest(request))).toEqual(request);
  });

  it('have no error where there is none, and no node where there is none', () => {
    const request = decodeRequest(DeltaDiscoveryRequest.encode({typeUrl: 't'}).finish());
    expect(request).toEqual({
      node: undefined,
      type: 't',
      subscribe: [],
      unsubscribe: [],
      initialVersions: {},
      nonce: '',
      error: undefined,
    });
  });

  it('take name and version of the client from its user agent', () => {
    const bytes = DeltaDiscoveryRequest.encode({
      node: {
        id: 'n',
        userAgentName: 'envoy',
        userAgentVersion: '1.40',
        metadata: {fields: {n: {numberValue: 1}, s: {stringValue: 's'}, nested: {structValue: {fields: {}}}}},
      },
    }).finish();
    expect(decodeRequest(bytes).node).toEqual({id: 'n', cluster: '', userAgent: 'envoy 1.40', metadata: {s: 's'}});
  });
});

describe('the store', () => {
  function follow(store: ResourceStore, scope = 'envoy/default/gw') {
    let found: Scope | undefined;
    const changes: string[] = [];
    store.follow(scope, (opened) => {
      found = opened;
      return {
        changed: (list) => {
          changes.push(list.map(({name, entry}) => `${name}=${entry?.stamp.version ?? 'gone'}`).join(' '));
        },
      };
    });
    if (found === undefined) throw new Error('the scope was not opened');
    return {scope: found, changes};
  }

  it('tells of a commit once, after all of it is in', () => {
    const store = new ResourceStore();
    const {scope, changes} = follow(store);
    const [a, a2, b] = [cluster.make('a'), cluster.make('a', {content: '2'}), cluster.make('b')];
    store.apply([{new: a}, {new: b}]);
    store.apply([{old: a, new: a2}, {old: b}, {old: cluster.make('never')}]);
    expect(changes).toEqual([`a=${a.version} b=${b.version}`, `a=${a2.version} b=gone`]);
    expect([...scope.all(typeUrls.cluster).keys()]).toEqual(['a']);
  });

  it('knows the children of a resource, and forgets them when they move or go', () => {
    const store = new ResourceStore();
    const {scope} = follow(store);
    const [child, moved] = [
      virtualHost.make('v', {parent: routes.ref('r')}),
      virtualHost.make('v', {parent: routes.ref('r2')}),
    ];
    store.apply([{new: child}]);
    expect([...scope.children(routes.ref('r')).keys()]).toEqual([virtualHost.ref('v')]);
    store.apply([{old: child, new: moved}]);
    expect(scope.children(routes.ref('r')).size).toBe(0);
    expect(scope.children(routes.ref('r2')).size).toBe(1);
    store.apply([{old: moved}]);
    expect(scope.children(routes.ref('r2')).size).toBe(0);
    expect(scope.isEmpty()).toBe(true);
  });

  it('drops references of a resource to itself', () => {
    const store = new ResourceStore();
    const {scope} = follow(store);
    store.apply([{new: cluster.make('a', {refs: [cluster.ref('a'), cluster.ref('b')]})}]);
    expect(scope.get(typeUrls.cluster, 'a')?.stamp.refs).toEqual([cluster.ref('b')]);
  });
});
