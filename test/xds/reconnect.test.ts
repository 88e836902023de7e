import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, cluster, config, endpoints, listener, routes, virtualHost} from './support/resources.ts';
import type {DeltaRequest} from '../../src/xds/wire.ts';
import {Rig, transcript} from './support/rig.ts';

/** A client that has everything, on a new stream after `change`. */
function reconnected(rig: Rig, mode: 'envoy' | 'agentgateway', change: () => void) {
  const client = rig.client({mode, follows: true});
  if (mode === 'envoy') {
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.listener);
  } else client.start();
  rig.settle();
  rig.connection.close();
  change();
  client.messages.length = 0;
  rig.connect(client);
  rig.settle();
  rig.clock.advance(1000);
  rig.settle();
  return client;
}

const resourcesIn = (client: {messages: readonly {resources: readonly unknown[]; removed: readonly string[]}[]}) =>
  client.messages.reduce((sum, {resources, removed}) => sum + resources.length + removed.length, 0);

function gateway(rig: Rig): void {
  rig.set(
    cluster.make('c', {subscribes: [endpoints.ref('c')]}),
    endpoints.make('c'),
    listener.make('l', {subscribes: [routes.ref('r')], refs: []}),
    routes.make('r'),
    virtualHost.make('r/a', {parent: routes.ref('r'), refs: [cluster.ref('c')]}),
    virtualHost.make('r/b', {parent: routes.ref('r')}),
  );
}

describe('reconnect', () => {
  it('resends nothing to a client that has everything', () => {
    const rig = new Rig();
    gateway(rig);
    const client = reconnected(rig, 'envoy', () => {});
    expect(client.contents(typeUrls.virtualHost)).toEqual({'r/a': '', 'r/b': ''});
    expect(resourcesIn(client)).toBe(0);
    expect(rig.violations).toEqual([]);
  });

  it('resends nothing to an agentgateway proxy, and answers both types', () => {
    const rig = new Rig();
    rig.set(address.make('s'), address.make('w'), config.make('bind/1', {order: 3}), config.make('route/1'));
    const client = reconnected(rig, 'agentgateway', () => {});
    expect(transcript(client)).toEqual(['Address', 'Resource']);
    expect(rig.violations).toEqual([]);
  });

  it('resends nothing from a server that was restarted and has the same content', () => {
    const before = new Rig();
    gateway(before);
    const client = before.client({mode: 'envoy', follows: true});
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.listener);
    before.settle();
    before.connections[0]?.close();
    const after = new Rig({synced: false});
    client.messages.length = 0;
    after.connect(client);
    after.settle();
    gateway(after);
    after.markSynced();
    after.settle();
    after.clock.advance(10_000);
    after.settle();
    expect(resourcesIn(client)).toBe(0);
    expect(after.violations).toEqual([]);
  });

  it('sends what changed and what is new, and removes what is gone', () => {
    const rig = new Rig();
    rig.set(address.make('same'), address.make('changed'), address.make('gone'));
    const client = reconnected(rig, 'agentgateway', () => {
      rig.apply(
        [address.make('changed', {content: '2'}), address.make('new')],
        [address.ref('gone')],
        'agentgateway/default/gw',
      );
    });
    expect(transcript(client)).toEqual(['Address +changed +new', 'Resource', 'Address -gone']);
    expect(client.contents(typeUrls.address)).toEqual({changed: '2', new: '', same: ''});
    expect(rig.violations).toEqual([]);
  });

  it('does the same for named types, whose names stand in both lists', () => {
    const rig = new Rig();
    gateway(rig);
    const client = reconnected(rig, 'envoy', () => {
      rig.apply([
        endpoints.make('c', {content: '2'}),
        virtualHost.make('r/b', {parent: routes.ref('r'), content: '2'}),
      ]);
    });
    expect(transcript(client).filter((line) => line.includes(' '))).toEqual([
      'ClusterLoadAssignment +c',
      'VirtualHost +r/b',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('removes gone clusters only after the routes that may still use them', () => {
    const rig = new Rig();
    gateway(rig);
    const client = reconnected(rig, 'envoy', () => {
      rig.apply(
        [
          cluster.make('d', {subscribes: [endpoints.ref('d')]}),
          endpoints.make('d'),
          virtualHost.make('r/a', {parent: routes.ref('r'), refs: [cluster.ref('d')]}),
        ],
        [cluster.ref('c'), endpoints.ref('c'), virtualHost.ref('r/b')],
      );
    });
    const lines = transcript(client).filter((line) => line.includes(' '));
    expect(lines.indexOf('VirtualHost +r/a')).toBeGreaterThan(lines.indexOf('ClusterLoadAssignment +d'));
    expect(lines.indexOf('Cluster -c')).toBeGreaterThan(lines.indexOf('VirtualHost -r/b'));
    expect(lines.indexOf('VirtualHost -r/b')).toBeGreaterThan(lines.indexOf('VirtualHost +r/a'));
    expect(rig.violations).toEqual([]);
  });

  it('removes nothing before it is known what else the client has', () => {
    const rig = new Rig();
    gateway(rig);
    const client = reconnected(rig, 'envoy', () => {
      rig.apply(
        [virtualHost.make('r/a', {parent: routes.ref('r'), content: '2'})],
        [cluster.ref('c'), endpoints.ref('c')],
      );
    });
    expect(transcript(client).filter((line) => line.includes(' '))).toEqual([
      'VirtualHost +r/a',
      'ClusterLoadAssignment -c',
      'Cluster -c',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('goes on when the claim comes that something waits for', () => {
    const rig = new Rig();
    gateway(rig);
    const client = rig.client({mode: 'envoy', follows: true});
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.listener);
    rig.settle();
    rig.connection.close();
    rig.set(listener.make('l', {content: '2', subscribes: [routes.ref('r')], refs: [cluster.ref('c')]}));
    client.messages.length = 0;
    const held: DeltaRequest[] = [];
    let open = false;
    const filter = (request: DeltaRequest): void => (open ? session.receive(request) : void held.push(request));
    const {session} = rig.connect(client, {filter});
    open = true;
    for (const type of [typeUrls.cluster, typeUrls.listener]) {
      for (const request of held.filter((one) => one.type === type)) session.receive(request);
      rig.settle();
    }
    expect(transcript(client)).toEqual(['Cluster']);
    for (const request of held.filter(({type}) => type === typeUrls.endpoints)) session.receive(request);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster', 'Listener +l']);
    expect(rig.violations).toEqual([]);
  });

  it('compares versions in the first request of a type only', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    const request = {
      node: undefined,
      type: typeUrls.cluster,
      subscribe: [],
      unsubscribe: [],
      initialVersions: {gone: '1', a: 'other'},
      nonce: '',
      error: undefined,
    };
    rig.connection.session.receive(request);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a']);
  });

  it('ignores versions of names the client does not subscribe to', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    const [connection] = rig.connections;
    client.type(typeUrls.endpoints).names.add('a');
    client.type(typeUrls.endpoints).asked.add('a');
    connection?.session.receive({
      node: undefined,
      type: typeUrls.endpoints,
      subscribe: ['a'],
      unsubscribe: [],
      initialVersions: {b: '1'},
      nonce: '',
      error: undefined,
    });
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment -a']);
    expect(rig.violations).toEqual([]);
  });

  it('tries an update again that was rejected: the client reports the old version', () => {
    const rig = new Rig();
    rig.set(config.make('route/1'));
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    rig.set(config.make('route/1', {content: '2', bad: true}), config.make('route/2', {bad: true}));
    rig.settle();
    rig.connection.close();
    client.messages.length = 0;
    rig.connect(client);
    rig.settle();
    // The last, empty one: had the proxy not been ready yet, it would be now.
    expect(transcript(client)).toEqual(['Address', 'Resource +route/1 +route/2', 'Resource']);
    expect(client.contents(typeUrls.resource)).toEqual({'route/1': ''});
    expect(rig.violations).toEqual([]);
  });
});
