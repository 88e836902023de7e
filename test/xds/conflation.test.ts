import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {cluster, listener} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

function connected(rig: Rig) {
  const client = rig.client({mode: 'envoy'});
  const connection = rig.connection;
  client.subscribe(typeUrls.cluster);
  client.subscribe(typeUrls.listener);
  rig.settle();
  client.messages.length = 0;
  return {client, connection};
}

describe('what changes while a response is under way', () => {
  it('is sent once, in its last version, after the ACK', () => {
    const rig = new Rig();
    const {client, connection} = connected(rig);
    rig.set(cluster.make('a', {content: '1'}));
    rig.flush(connection);
    for (let change = 2; change < 10; change += 1) rig.set(cluster.make('a', {content: String(change)}));
    rig.set(cluster.make('b'));
    expect(client.messages.length).toBe(1);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +a +b']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '9', b: ''});
    expect(rig.violations).toEqual([]);
  });

  it('and is then as it was sent is not sent again', () => {
    const rig = new Rig();
    const {client, connection} = connected(rig);
    rig.set(cluster.make('a', {content: '1'}));
    rig.flush(connection);
    rig.set(cluster.make('a', {content: '2'}));
    rig.set(cluster.make('a', {content: '1'}));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a']);
    expect(rig.violations).toEqual([]);
  });

  it('and is gone is removed', () => {
    const rig = new Rig();
    const {client, connection} = connected(rig);
    rig.set(cluster.make('a'));
    rig.flush(connection);
    rig.remove(cluster.ref('a'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster -a']);
    expect(rig.violations).toEqual([]);
  });

  it('and came and went is never heard of', () => {
    const rig = new Rig();
    const {client, connection} = connected(rig);
    rig.set(cluster.make('a'));
    rig.flush(connection);
    rig.set(cluster.make('b'));
    rig.remove(cluster.ref('b'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a']);
    expect(rig.violations).toEqual([]);
  });

  it('of another type does not wait for that ACK, but for the write', () => {
    const rig = new Rig();
    const {client, connection} = connected(rig);
    rig.set(cluster.make('a'));
    rig.set(listener.make('l'));
    expect(transcript(client)).toEqual(['Cluster +a']);
    rig.flush(connection);
    expect(transcript(client)).toEqual(['Cluster +a', 'Listener +l']);
    rig.settle();
    expect(rig.violations).toEqual([]);
  });
});

describe('a slow client', () => {
  it('has one message in flight and a backlog of names, however much changes', () => {
    const rig = new Rig();
    const {client, connection} = connected(rig);
    connection.stalled = true;
    const pending = () => connection.session.view().types.reduce((sum, type) => sum + type.pending, 0);
    for (let change = 0; change < 1000; change += 1) {
      rig.set(
        cluster.make(`c${change % 20}`, {content: String(change)}),
        listener.make('l', {content: String(change)}),
      );
      expect(pending()).toBeLessThanOrEqual(21);
    }
    expect(client.messages.length).toBe(1);
    expect(connection.writes.length).toBe(1);
    connection.stalled = false;
    rig.settle();
    expect(client.messages.length).toBeLessThanOrEqual(4);
    expect(Object.values(client.contents(typeUrls.cluster))).toEqual(
      Array.from({length: 20}, (_, index) => String(980 + index)).sort((a, b) =>
        `c${Number(a) % 20}`.localeCompare(`c${Number(b) % 20}`),
      ),
    );
    expect(rig.violations).toEqual([]);
  });

  it('that goes away leaves nothing behind, and may have writes completed later', () => {
    const rig = new Rig();
    const {connection} = connected(rig);
    connection.stalled = true;
    rig.set(
      cluster.make('a'),
      cluster.make('x', {refs: [cluster.ref('y')]}),
      cluster.make('y', {refs: [cluster.ref('x')]}),
    );
    rig.set(cluster.make('a', {content: '2'}));
    expect(rig.clock.timers).toBeGreaterThan(0);
    connection.close();
    expect(rig.clock.timers).toBe(0);
    for (const done of connection.writes) done();
    rig.set(cluster.make('a', {content: '3'}));
    rig.clock.advance(60_000);
    expect(connection.writes.length).toBe(1);
  });
});
