import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {endpoints, secret} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

const type = typeUrls.endpoints;

describe('subscriptions by name', () => {
  it('get what they name and nothing else', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'), endpoints.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a']);
    rig.settle();
    rig.set(endpoints.make('b', {content: '2'}));
    rig.settle();
    client.subscribe(type, ['b']);
    rig.settle();
    rig.set(endpoints.make('a', {content: '2'}), endpoints.make('b', {content: '3'}));
    rig.settle();
    expect(transcript(client)).toEqual([
      'ClusterLoadAssignment +a',
      'ClusterLoadAssignment +b',
      'ClusterLoadAssignment +a +b',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('are told of a name that does not exist, and get it when it appears', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a', 'b']);
    rig.set(endpoints.make('b'));
    rig.settle();
    rig.set(endpoints.make('a'));
    rig.settle();
    expect(transcript(client)).toEqual([
      'ClusterLoadAssignment -a -b',
      'ClusterLoadAssignment +b',
      'ClusterLoadAssignment +a',
    ]);
    expect(client.contents(type)).toEqual({a: '', b: ''});
    expect(rig.violations).toEqual([]);
  });

  it('survive deletion: recreated with equal content, it is sent again', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a']);
    rig.settle();
    rig.remove(endpoints.ref('a'));
    rig.settle();
    rig.set(endpoints.make('a'));
    rig.settle();
    expect(transcript(client)).toEqual([
      'ClusterLoadAssignment +a',
      'ClusterLoadAssignment -a',
      'ClusterLoadAssignment +a',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('deleted and recreated with equal content before it was sent: nothing is sent', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'), endpoints.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a', 'b']);
    rig.settle();
    rig.set(endpoints.make('b', {content: '2'}));
    rig.remove(endpoints.ref('a'));
    rig.set(endpoints.make('a'));
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment +a +b', 'ClusterLoadAssignment +b']);
    expect(rig.violations).toEqual([]);
  });

  it('get a known name again when they subscribe to it again, whether or not they unsubscribed', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'), endpoints.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a', 'b']);
    rig.settle();
    client.subscribe(type, ['a']);
    rig.settle();
    client.unsubscribe(type, ['b']);
    rig.settle();
    client.subscribe(type, ['b']);
    rig.settle();
    expect(transcript(client)).toEqual([
      'ClusterLoadAssignment +a +b',
      'ClusterLoadAssignment +a',
      'ClusterLoadAssignment +b',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('get a name again that they unsubscribe from and subscribe to in one request', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'));
    const client = rig.client({mode: 'envoy'});
    const {session} = rig.connections[0] ?? {};
    client.subscribe(type, ['a']);
    rig.settle();
    session?.receive({
      node: undefined,
      type,
      subscribe: ['a'],
      unsubscribe: ['a'],
      initialVersions: {},
      nonce: '',
      error: undefined,
    });
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment +a', 'ClusterLoadAssignment +a']);
  });

  it('get it again when they subscribe again while it is on its way', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a']);
    client.unsubscribe(type, ['a']);
    client.subscribe(type, ['a']);
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment +a', 'ClusterLoadAssignment +a']);
    expect(client.contents(type)).toEqual({a: ''});
    expect(rig.violations).toEqual([]);
  });

  it('given up while on their way leave nothing behind, whatever the ACK says', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a', {refs: [secret.ref('s')]}), secret.make('s'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a']);
    client.unsubscribe(type, ['a']);
    client.subscribe(typeUrls.secret, ['s']);
    rig.settle();
    expect(rig.connection.session.view().types[0]).toMatchObject({sent: 0, acknowledged: 0, pending: 0});
    rig.remove(secret.ref('s'));
    rig.settle();
    expect(transcript(client).at(-1)).toBe('Secret -s');
    expect(rig.violations).toEqual([]);
  });

  it('are heard with a stale nonce, an unknown nonce, and none', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'), endpoints.make('b'), endpoints.make('c'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a']);
    rig.settle();
    rig.set(endpoints.make('a', {content: '2'}));
    rig.settle();
    client.subscribe(type, ['b'], client.messages[0]?.nonce);
    rig.settle();
    client.subscribe(type, ['c'], 'from another stream');
    rig.settle();
    client.unsubscribe(type, ['a'], client.messages[0]?.nonce);
    rig.set(endpoints.make('a', {content: '3'}));
    rig.settle();
    expect(transcript(client)).toEqual([
      'ClusterLoadAssignment +a',
      'ClusterLoadAssignment +a',
      'ClusterLoadAssignment +b',
      'ClusterLoadAssignment +c',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('a stale nonce is no ACK: the response stays unanswered', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a'], 'stale');
    rig.flush();
    rig.set(endpoints.make('a', {content: '2'}));
    client.subscribe(type, [], 'stale');
    expect(client.messages.length).toBe(1);
    rig.settle();
    expect(client.messages.length).toBe(2);
    expect(rig.violations).toEqual([]);
  });

  it('end without an answer, and unknown names are ignored', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(type, ['a']);
    rig.settle();
    client.unsubscribe(type, ['a', 'nobody']);
    rig.settle();
    rig.apply([endpoints.make('a', {content: '2'})], []);
    rig.remove(endpoints.ref('a'));
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment +a']);
    expect(client.contents(type)).toEqual({});
    expect(rig.violations).toEqual([]);
  });
});
