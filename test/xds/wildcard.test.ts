import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, cluster, config} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

describe('wildcard subscriptions', () => {
  it('answer a legacy wildcard with everything, and push what changes', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.set(cluster.make('b', {content: '2'}), cluster.make('c'));
    rig.settle();
    rig.remove(cluster.ref('a'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a +b', 'Cluster +b +c', 'Cluster -a']);
    expect(rig.violations).toEqual([]);
  });

  it('answer the first wildcard request even when there is nothing', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    for (const type of [typeUrls.cluster, typeUrls.listener, typeUrls.virtualHost, 'type.googleapis.com/unheard.of']) {
      client.subscribe(type);
    }
    rig.settle();
    expect(transcript(client).sort()).toEqual(['Cluster', 'Listener', 'VirtualHost', 'of']);
    const proxy = rig.client({mode: 'agentgateway'});
    proxy.start();
    rig.settle();
    expect(transcript(proxy)).toEqual(['Address', 'Resource']);
    expect(proxy.ready).toBe(true);
    expect(rig.violations).toEqual([]);
  });

  it('answer nothing before the store is complete, then at once', () => {
    const rig = new Rig({synced: false});
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    const proxy = rig.client({mode: 'agentgateway'});
    proxy.start();
    rig.set(cluster.make('a'));
    rig.settle();
    expect([...client.messages, ...proxy.messages]).toEqual([]);
    rig.markSynced();
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a']);
    expect(transcript(proxy)).toEqual(['Address', 'Resource']);
  });

  it('know the explicit wildcard, subscribed first or later, and answer it even when empty', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const first = rig.client({mode: 'envoy'});
    first.subscribe(typeUrls.cluster, ['*']);
    const later = rig.client({mode: 'envoy'});
    later.subscribe(typeUrls.cluster, ['a']);
    rig.settle();
    later.subscribe(typeUrls.cluster, ['*']);
    later.subscribe(typeUrls.secret, ['s']);
    rig.settle();
    later.subscribe(typeUrls.secret, ['*']);
    rig.settle();
    expect(transcript(first)).toEqual(['Cluster +a +b']);
    expect(transcript(later)).toEqual(['Cluster +a', 'Cluster +b', 'Secret -s', 'Secret']);
    expect(rig.violations).toEqual([]);
  });

  it('keep the legacy wildcard when a name is added, and resend that name', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    client.subscribe(typeUrls.cluster, ['a']);
    rig.settle();
    rig.set(cluster.make('b', {content: '2'}), cluster.make('c'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a +b', 'Cluster +a', 'Cluster +b +c']);
    expect(rig.violations).toEqual([]);
  });

  it('end with unsubscribing from *, which leaves the names', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, ['*', 'a']);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['*']);
    rig.set(cluster.make('a', {content: '2'}), cluster.make('b', {content: '2'}));
    rig.settle();
    rig.remove(cluster.ref('b'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a +b', 'Cluster +a']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '2'});
    expect(rig.violations).toEqual([]);
  });

  it('do not come back by an empty request once names were subscribed and given up', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, ['a']);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['a']);
    client.subscribe(typeUrls.cluster, []);
    rig.set(cluster.make('a', {content: '2'}), cluster.make('b', {content: '2'}));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a']);
    expect(rig.violations).toEqual([]);
  });

  it.each([
    {how: 'an explicit wildcard', names: ['*']},
    {how: 'a legacy wildcard', names: []},
  ])('give $how all again when it is given up and taken back', ({names}) => {
    const rig = new Rig();
    rig.set(cluster.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, names);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['*']);
    rig.set(cluster.make('b'));
    rig.settle();
    client.subscribe(typeUrls.cluster, ['*']);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +a +b']);
    expect(rig.violations).toEqual([]);
  });

  it('answer the unsubscription of a name that exists with the resource', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, ['*', 'a']);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['a']);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['b']);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a +b', 'Cluster +a', 'Cluster +b']);
    expect(rig.violations).toEqual([]);
  });

  it('answer the unsubscription of a name that does not exist with its removal, and ignore names never heard of', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, ['*', 'a']);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['a']);
    rig.settle();
    client.unsubscribe(typeUrls.cluster, ['nobody']);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster -a', 'Cluster -a']);
    expect(rig.violations).toEqual([]);
  });

  it('serve both types of agentgateway by legacy wildcard', () => {
    const rig = new Rig();
    rig.set(address.make('w1'), config.make('route/r1'));
    const proxy = rig.client({mode: 'agentgateway'});
    proxy.start();
    rig.settle();
    rig.apply([config.make('route/r1', {content: '2'})], [address.ref('w1')], 'agentgateway/default/gw');
    rig.settle();
    expect(transcript(proxy)).toEqual(['Address +w1', 'Resource +route/r1', 'Resource +route/r1', 'Address -w1']);
    expect(rig.violations).toEqual([]);
  });
});
