import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, cluster, config, endpoints, listener, secret, virtualHost} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

const agentgateway = 'agentgateway/default/gw';

function proxy(rig = new Rig()) {
  const client = rig.client({mode: 'agentgateway'});
  client.start();
  rig.settle();
  client.messages.length = 0;
  return {rig, client};
}

function pair(rig = new Rig()) {
  const client = rig.client({mode: 'envoy'});
  client.subscribe(typeUrls.cluster);
  client.subscribe(typeUrls.listener);
  rig.settle();
  client.messages.length = 0;
  return {rig, client};
}

describe('additions', () => {
  it('wait for the ACK of what they refer to, not for its being sent', () => {
    const {rig, client} = proxy();
    rig.set(address.make('s'), config.make('route/a', {refs: [address.ref('s')]}), config.make('route/b'));
    rig.flush();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/b']);
    rig.flush();
    client.answer(typeUrls.resource);
    expect(client.messages.length).toBe(2);
    client.answer(typeUrls.address);
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/b', 'Resource +route/a']);
    expect(rig.violations).toEqual([]);
  });

  it('wait over several steps', () => {
    const {rig, client} = pair();
    rig.set(
      cluster.make('c3', {refs: [cluster.ref('c2'), cluster.ref('c1')]}),
      cluster.make('c2', {refs: [cluster.ref('c1')]}),
      listener.make('l', {refs: [cluster.ref('c3')]}),
      cluster.make('c1'),
    );
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c1', 'Cluster +c2', 'Cluster +c3', 'Listener +l']);
    expect(rig.violations).toEqual([]);
  });

  it('do not wait for what does not exist, is not subscribed to, was rejected, or is themselves', () => {
    const {rig, client} = pair();
    rig.set(
      cluster.make('bad', {bad: true}),
      secret.make('s'),
      listener.make('absent', {refs: [cluster.ref('nobody')]}),
      listener.make('unsubscribed', {refs: [secret.ref('s')]}),
      listener.make('self', {refs: [listener.ref('self')]}),
      listener.make('rejected', {refs: [cluster.ref('bad')]}),
    );
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +bad', 'Listener +absent +self +unsubscribed', 'Listener +rejected']);
    expect(rig.violations).toEqual([]);
  });

  it('wait for what is being taken away and comes back', () => {
    const {rig, client} = proxy();
    rig.set(address.make('s'));
    rig.settle();
    rig.apply([], [address.ref('s')], agentgateway);
    rig.flush();
    rig.set(address.make('s'), config.make('route/a', {refs: [address.ref('s')]}));
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Address -s', 'Address +s', 'Resource +route/a']);
    expect(rig.violations).toEqual([]);
  });

  it('go when what they wait for disappears', () => {
    const {rig, client} = proxy();
    rig.set(address.make('s'), config.make('route/a', {refs: [address.ref('s')]}));
    rig.flush();
    rig.apply([], [address.ref('s')], agentgateway);
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/a']);
    rig.settle();
    // Its reference dangles in the store; the removal waits for it, but not for ever.
    client.checksOrder = false;
    rig.clock.advance(5000);
    rig.settle();
    expect(transcript(client).at(-1)).toBe('Address -s');
    expect(rig.violations).toEqual([]);
  });

  it('go when the client gives up what they wait for', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.secret, ['s']);
    client.subscribe(typeUrls.listener);
    rig.settle();
    rig.set(secret.make('s'), listener.make('l', {refs: [secret.ref('s')]}));
    rig.flush();
    expect(transcript(client).at(-1)).toBe('Secret +s');
    client.unsubscribe(typeUrls.secret, ['s']);
    expect(transcript(client).at(-1)).toBe('Listener +l');
    expect(rig.violations).toEqual([]);
  });

  it('leave the old version in place while the new one waits', () => {
    const {rig, client} = proxy();
    rig.set(address.make('s'), config.make('route/a', {refs: [address.ref('s')]}));
    rig.settle();
    rig.apply(
      [address.make('t'), config.make('route/a', {content: '2', refs: [address.ref('t')]})],
      [address.ref('s')],
      agentgateway,
    );
    rig.settle();
    expect(transcript(client).slice(2)).toEqual(['Address +t', 'Resource +route/a', 'Address -s']);
    expect(rig.violations).toEqual([]);
  });

  it('need the endpoints of a cluster too, even before the client asks for them', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy', follows: true});
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.listener);
    rig.settle();
    client.messages.length = 0;
    rig.set(
      cluster.make('c', {subscribes: [endpoints.ref('c')]}),
      endpoints.make('c'),
      listener.make('l', {refs: [cluster.ref('c')]}),
    );
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c', 'ClusterLoadAssignment +c', 'Listener +l']);
    expect(rig.violations).toEqual([]);
  });

  it('do not wait for the endpoints of a rejected cluster', () => {
    const {rig, client} = pair();
    rig.set(cluster.make('c', {bad: true}), endpoints.make('c'), listener.make('l', {refs: [cluster.ref('c')]}));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c', 'Listener +l']);
    expect(rig.violations).toEqual([]);
  });

  it('that refer to each other go when patience ends', () => {
    const {rig, client} = pair();
    rig.set(
      cluster.make('a', {refs: [cluster.ref('b')]}),
      cluster.make('b', {refs: [cluster.ref('a')]}),
      cluster.make('c'),
    );
    rig.settle();
    rig.clock.advance(4999);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c']);
    expect(rig.warnings).toEqual([]);
    client.checksOrder = false;
    rig.clock.advance(1);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c', 'Cluster +a +b']);
    expect(rig.warnings).toEqual(['references not acknowledged in time, sent anyway']);
    expect(rig.violations).toEqual([]);
  });

  it('that change while they wait do not get more time', () => {
    const {rig, client} = pair();
    rig.set(cluster.make('a', {refs: [cluster.ref('b')]}), cluster.make('b', {refs: [cluster.ref('a')]}));
    for (let step = 0; step < 10; step += 1) {
      rig.clock.advance(499);
      rig.set(cluster.make('a', {content: String(step), refs: [cluster.ref('b')]}));
      rig.settle();
    }
    expect(client.messages).toEqual([]);
    client.checksOrder = false;
    rig.clock.advance(10);
    rig.settle();
    expect(client.contents(typeUrls.cluster)).toEqual({a: '9', b: ''});
  });
});

describe('removals', () => {
  it('wait until nothing on the client refers to the name', () => {
    const {rig, client} = proxy();
    rig.set(address.make('s'), config.make('route/a', {refs: [address.ref('s')]}));
    rig.settle();
    rig.apply([], [address.ref('s'), config.ref('route/a')], agentgateway);
    rig.flush();
    expect(transcript(client).slice(2)).toEqual(['Resource -route/a']);
    rig.settle();
    expect(transcript(client).slice(2)).toEqual(['Resource -route/a', 'Address -s']);
    expect(rig.violations).toEqual([]);
  });

  it('wait for the ACK of an update that no longer refers to it, and stay when the update is rejected', () => {
    const {rig, client} = proxy();
    rig.set(address.make('s'), config.make('route/a', {refs: [address.ref('s')]}));
    rig.settle();
    rig.apply([config.make('route/a', {content: '2', bad: true})], [address.ref('s')], agentgateway);
    rig.settle();
    expect(transcript(client).slice(2)).toEqual(['Resource +route/a']);
    rig.set(config.make('route/a', {content: '3'}));
    rig.settle();
    expect(transcript(client).slice(2)).toEqual(['Resource +route/a', 'Resource +route/a', 'Address -s']);
    expect(rig.violations).toEqual([]);
  });

  it('are cancelled when the name comes back', () => {
    const {rig, client} = proxy();
    const route = config.make('route/a', {refs: [address.ref('s')]});
    rig.set(address.make('s'), route);
    rig.settle();
    rig.apply([], [address.ref('s')], agentgateway);
    rig.settle();
    rig.set(address.make('s'));
    rig.settle();
    rig.clock.advance(60_000);
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/a']);
    rig.apply([], [address.ref('s')], agentgateway);
    rig.settle();
    rig.set(address.make('s', {content: '2'}));
    rig.settle();
    expect(transcript(client).at(-1)).toBe('Address +s');
    expect(rig.violations).toEqual([]);
  });

  it('wait until no addition is pending', () => {
    const {rig, client} = pair();
    rig.set(cluster.make('a'));
    rig.settle();
    rig.apply([cluster.make('b'), listener.make('l', {refs: [cluster.ref('b')]})], [cluster.ref('a')]);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +b', 'Listener +l', 'Cluster -a']);
    expect(rig.violations).toEqual([]);
  });

  it('go when patience ends, though additions are pending or something refers to it', () => {
    const {rig, client} = pair();
    rig.set(cluster.make('a'), cluster.make('b'), listener.make('l', {refs: [cluster.ref('b')]}));
    rig.settle();
    rig.apply(
      [cluster.make('x', {refs: [cluster.ref('y')]}), cluster.make('y', {refs: [cluster.ref('x')]})],
      [cluster.ref('a'), cluster.ref('b')],
    );
    client.checksOrder = false;
    rig.settle();
    client.messages.length = 0;
    rig.clock.advance(5000);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +x +y', 'Cluster -a -b']);
    expect(client.contents(typeUrls.cluster)).toEqual({x: '', y: ''});
    expect(rig.violations).toEqual([]);
  });

  it('run against the order of types, one type after the other', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    const types = [
      typeUrls.cluster,
      typeUrls.endpoints,
      typeUrls.secret,
      typeUrls.listener,
      typeUrls.routeConfiguration,
    ];
    for (const type of types) client.subscribe(type);
    rig.settle();
    client.messages.length = 0;
    const all = [cluster, endpoints, secret, listener].map(({make}) => make('a'));
    rig.set(...all);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'ClusterLoadAssignment +a', 'Secret +a', 'Listener +a']);
    client.messages.length = 0;
    rig.remove(...[cluster, endpoints, secret, listener].map(({ref}) => ref('a')));
    rig.flush();
    rig.flush();
    expect(transcript(client)).toEqual(['Listener -a']);
    rig.settle();
    expect(transcript(client)).toEqual(['Listener -a', 'Secret -a', 'ClusterLoadAssignment -a', 'Cluster -a']);
    expect(rig.violations).toEqual([]);
  });

  it('of a virtual host and its cluster: the cluster goes last', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    client.subscribe(typeUrls.virtualHost);
    rig.set(cluster.make('c'), virtualHost.make('v', {refs: [cluster.ref('c')]}));
    rig.settle();
    rig.remove(cluster.ref('c'), virtualHost.ref('v'));
    rig.settle();
    expect(transcript(client).slice(-2)).toEqual(['VirtualHost -v', 'Cluster -c']);
    expect(rig.violations).toEqual([]);
  });
});

describe('order inside a type', () => {
  it('adds lower orders first and removes higher ones first', () => {
    const {rig, client} = proxy();
    rig.set(
      config.make('bind/1', {order: 3}),
      config.make('listener/1', {order: 2}),
      config.make('route/1', {order: 1}),
    );
    rig.settle();
    expect(client.messages[0]?.resources.map(({name}) => name)).toEqual(['route/1', 'listener/1', 'bind/1']);
    rig.apply([], [config.ref('route/1'), config.ref('bind/1'), config.ref('listener/1')], agentgateway);
    rig.settle();
    expect(client.messages[1]?.removed).toEqual(['bind/1', 'listener/1', 'route/1']);
    expect(rig.violations).toEqual([]);
  });

  it('lets a bind wait for the route that waits for its service', () => {
    const {rig, client} = proxy();
    rig.set(
      config.make('bind/1', {order: 3}),
      config.make('route/1', {order: 1, refs: [address.ref('s')]}),
      address.make('s'),
      config.make('policy/1', {order: 0}),
    );
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +policy/1', 'Resource +bind/1 +route/1']);
    expect(rig.violations).toEqual([]);
  });

  it('yields to references that contradict it', () => {
    const {rig, client} = proxy();
    rig.set(
      config.make('route/1', {order: 1, refs: [config.ref('listener/1')]}),
      config.make('listener/1', {order: 2}),
    );
    rig.set(config.make('listener/1', {order: 2, content: '2'}));
    rig.settle();
    expect(transcript(client)).toEqual(['Resource +listener/1', 'Resource +listener/1 +route/1']);
    expect(rig.warnings).toEqual([]);
    expect(rig.violations).toEqual([]);
  });

  it('yields to them also when what is referred to changes while it waits itself', () => {
    const {rig, client} = proxy();
    const made = (content: string) => config.make('listener/1', {order: 2, content, refs: [address.ref('s')]});
    rig.set(address.make('s'), config.make('route/1', {order: 1, refs: [config.ref('listener/1')]}), made('1'));
    rig.flush();
    rig.set(made('2'));
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +listener/1', 'Resource +route/1']);
    expect(rig.violations).toEqual([]);
  });
});
