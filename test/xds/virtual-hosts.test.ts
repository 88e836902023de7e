import {describe, expect, it} from 'vitest';
import type {DeltaRequest} from '../../src/xds/wire.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {cluster, listener, routes, virtualHost} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

const parent = routes.ref('r');
const type = typeUrls.virtualHost;

/** An Envoy that has listener l with routes r, and its virtual hosts. */
function gateway() {
  const rig = new Rig();
  rig.set(
    listener.make('l', {subscribes: [parent]}),
    routes.make('r'),
    virtualHost.make('r/a', {parent}),
    virtualHost.make('r/b', {parent}),
    virtualHost.make('r2/c', {parent: routes.ref('r2')}),
  );
  const client = rig.client({mode: 'envoy', follows: true});
  client.subscribe(typeUrls.cluster);
  client.subscribe(typeUrls.listener);
  rig.settle();
  return {rig, client};
}

describe('virtual hosts', () => {
  it('are sent after the ACK of their route configuration, those of others not at all', () => {
    const {rig, client} = gateway();
    expect(transcript(client)).toEqual(['Cluster', 'Listener +l', 'RouteConfiguration +r', 'VirtualHost +r/a +r/b']);
    expect(client.contents(type)).toEqual({'r/a': '', 'r/b': ''});
    expect(rig.violations).toEqual([]);
  });

  it('are sent after the ACK although the client subscribed to them before', () => {
    const rig = new Rig();
    rig.set(routes.make('r'), virtualHost.make('r/a', {parent}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type);
    client.subscribe(typeUrls.routeConfiguration, ['r']);
    rig.flush();
    rig.flush();
    expect(transcript(client)).toEqual(['VirtualHost', 'RouteConfiguration +r']);
    rig.settle();
    expect(transcript(client)).toEqual(['VirtualHost', 'RouteConfiguration +r', 'VirtualHost +r/a']);
    expect(rig.violations).toEqual([]);
  });

  it('travel alone: an edit sends one, and an edit of the route configuration none', () => {
    const {rig, client} = gateway();
    client.messages.length = 0;
    rig.set(virtualHost.make('r/a', {parent, content: '2'}));
    rig.settle();
    rig.set(routes.make('r', {content: '2'}));
    rig.settle();
    rig.apply([virtualHost.make('r/n', {parent})], [virtualHost.ref('r/b')]);
    rig.settle();
    expect(transcript(client)).toEqual([
      'VirtualHost +r/a',
      'RouteConfiguration +r',
      'VirtualHost +r/n',
      'VirtualHost -r/b',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('come again after their route configuration was removed and came again', () => {
    const {rig, client} = gateway();
    rig.remove(parent);
    rig.settle();
    client.messages.length = 0;
    rig.set(virtualHost.make('r/a', {parent, content: 'unseen'}));
    rig.settle();
    expect(transcript(client)).toEqual([]);
    rig.set(routes.make('r'));
    rig.settle();
    expect(transcript(client)).toEqual(['RouteConfiguration +r', 'VirtualHost +r/a +r/b']);
    expect(client.contents(type)).toEqual({'r/a': 'unseen', 'r/b': ''});
    expect(rig.violations).toEqual([]);
  });

  it('come again when the client subscribes to their route configuration again', () => {
    const {rig, client} = gateway();
    client.messages.length = 0;
    client.subscribe(typeUrls.routeConfiguration, ['r']);
    rig.settle();
    client.unsubscribe(typeUrls.routeConfiguration, ['r']);
    client.subscribe(typeUrls.routeConfiguration, ['r']);
    rig.settle();
    const again = ['RouteConfiguration +r', 'VirtualHost +r/a +r/b'];
    expect(transcript(client)).toEqual([...again, ...again]);
    expect(client.contents(type)).toEqual({'r/a': '', 'r/b': ''});
    expect(rig.violations).toEqual([]);
  });

  it('wait for the ACK of the last of two subscriptions to their route configuration', () => {
    const rig = new Rig();
    rig.set(routes.make('r'), virtualHost.make('r/a', {parent}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type);
    rig.settle();
    client.subscribe(typeUrls.routeConfiguration, ['r']);
    client.subscribe(typeUrls.routeConfiguration, ['r']);
    rig.flush();
    client.answer();
    rig.flush();
    expect(transcript(client)).toEqual(['VirtualHost', 'RouteConfiguration +r', 'RouteConfiguration +r']);
    rig.settle();
    expect(transcript(client).slice(3)).toEqual(['VirtualHost +r/a']);
    expect(rig.violations).toEqual([]);
  });

  it('come again when the listener that uses them was removed and came again', () => {
    const {rig, client} = gateway();
    rig.remove(listener.ref('l'));
    rig.settle();
    expect(client.contents(type)).toEqual({});
    client.messages.length = 0;
    rig.set(listener.make('l', {subscribes: [parent]}));
    rig.settle();
    expect(transcript(client)).toEqual(['Listener +l', 'RouteConfiguration +r', 'VirtualHost +r/a +r/b']);
    expect(rig.violations).toEqual([]);
  });

  it('wait while their route configuration is rejected, and do not delay removals meanwhile', () => {
    const rig = new Rig();
    rig.set(
      cluster.make('c'),
      listener.make('l', {subscribes: [parent]}),
      routes.make('r', {bad: true}),
      virtualHost.make('r/a', {parent}),
    );
    const client = rig.client({mode: 'envoy', follows: true});
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.listener);
    client.subscribe(type);
    rig.settle();
    rig.remove(cluster.ref('c'));
    rig.settle();
    expect(transcript(client)).toEqual([
      'Cluster +c',
      'Listener +l',
      'VirtualHost',
      'RouteConfiguration +r',
      'Cluster -c',
    ]);
    rig.set(routes.make('r', {content: 'good'}));
    rig.settle();
    expect(client.contents(type)).toEqual({'r/a': ''});
    expect(rig.violations).toEqual([]);
  });

  it.each(['virtual hosts first', 'route configurations first'])('are not resent on reconnect: %s', (order) => {
    const {rig, client} = gateway();
    rig.connection.close();
    rig.set(virtualHost.make('r/b', {parent, content: '2'}));
    client.messages.length = 0;
    const held: DeltaRequest[] = [];
    let open = false;
    const filter = (request: DeltaRequest): void => (open ? session.receive(request) : void held.push(request));
    const {session} = rig.connect(client, {filter});
    open = true;
    const opening = order === 'virtual hosts first' ? held.toReversed() : [...held];
    for (const request of opening) {
      session.receive(request);
      rig.settle();
    }
    expect(transcript(client).filter((line) => line.includes(' '))).toEqual(['VirtualHost +r/b']);
  });

  // Envoy opens a listener with the first virtual host it is sent, and answers 404 for those that are still to come.
  it('of a route configuration new on the client come in one response, whatever its size; later ones do not', () => {
    const rig = new Rig({maxMessageBytes: 10_000});
    const hosts = (content: string) =>
      Array.from({length: 50}, (_, i) => virtualHost.make(`r/${i}`, {parent, padding: 1000, content}));
    rig.set(listener.make('l', {subscribes: [parent]}), routes.make('r'), ...hosts('1'));
    const client = rig.client({mode: 'envoy', follows: true});
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.listener);
    rig.settle();
    const responses = () =>
      client.messages.filter((message) => message.type === type).map(({resources}) => resources.length);
    expect(responses()).toEqual([50]);
    client.messages.length = 0;
    rig.set(...hosts('2'));
    rig.settle();
    expect(responses().length).toBeGreaterThan(4);
    expect(Object.keys(client.contents(type)).length).toBe(50);
  });
});
