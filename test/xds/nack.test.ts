import {describe, expect, it} from 'vitest';
import {readBlame} from '../../src/xds/nack.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, cluster, config, endpoints} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

describe('NACK by Envoy', () => {
  it('does not bring the same version again; an unrelated change is sent alone', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.set(cluster.make('a', {content: '2', bad: true}));
    rig.settle();
    rig.set(cluster.make('b'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +a', 'Cluster +b']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '', b: ''});
    expect(rig.violations).toEqual([]);
  });

  it('is over with a new version, or with the last good one', () => {
    const rig = new Rig();
    rig.set(cluster.make('a', {content: '1'}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.set(cluster.make('a', {content: '2', bad: true}));
    rig.settle();
    expect(rig.connection.session.view().types[0]?.rejected).toEqual(['a']);
    rig.set(cluster.make('a', {content: '1'}));
    rig.settle();
    expect(rig.connection.session.view().types[0]?.rejected).toEqual([]);
    rig.set(cluster.make('a', {content: '3'}));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +a', 'Cluster +a']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '3'});
    expect(rig.violations).toEqual([]);
  });

  it('is over with a new subscription', () => {
    const rig = new Rig();
    rig.set(cluster.make('a', {bad: true}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, ['a']);
    rig.settle();
    client.subscribe(typeUrls.cluster, ['a']);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +a']);
    expect(rig.violations).toEqual([]);
  });

  // A listener whose port another process held stayed away when the port was free, until Envoy was started anew and the
  // requests on its other ports were lost.
  it('is over when told that what was in the way may be gone; what was accepted is not sent again', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.set(cluster.make('b', {content: '2', bad: true}));
    rig.settle();
    client.messages.length = 0;
    rig.connection.session.retryRejected();
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +b']);
    expect(rig.connection.session.view().types[0]?.rejected).toEqual(['b']);
    expect(rig.violations).toEqual([]);
  });

  it('of several resources brings them again in smaller responses, so that the good ones get through', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b', {bad: true}), cluster.make('c'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a +b +c', 'Cluster +a', 'Cluster +b +c', 'Cluster +b', 'Cluster +c']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '', c: ''});
    expect(rig.connection.session.view().types[0]).toMatchObject({sent: 2, acknowledged: 2, rejected: ['b']});
    expect(rig.events.filter(({kind}) => kind !== 'connected')).toMatchObject([
      {kind: 'rejected', names: ['a', 'b', 'c'], warning: false, message: 'Error adding/updating b'},
      {kind: 'acknowledged', names: ['a']},
      {kind: 'rejected', names: ['b', 'c'], warning: false},
      {kind: 'rejected', names: ['b'], warning: false},
      {kind: 'acknowledged', names: ['c']},
    ]);
    expect(rig.violations).toEqual([]);
  });

  // One round trip for each of thousands of good ones would keep a new Envoy waiting for seconds.
  it('of a thousand resources finds the bad one in a few dozen responses', () => {
    const rig = new Rig();
    const names = Array.from({length: 1000}, (_, i) => `c${String(i).padStart(3, '0')}`);
    rig.set(...names.map((name, i) => cluster.make(name, {bad: i === 617})));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    expect(Object.keys(client.contents(typeUrls.cluster)).length).toBe(999);
    expect(rig.connection.session.view().types[0]?.rejected).toEqual(['c617']);
    expect(client.messages.length).toBeLessThan(40);
    expect(rig.violations).toEqual([]);
  });

  it('of several, one of which goes and one of which changes meanwhile', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b', {bad: true}), cluster.make('c'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.flush();
    client.answer();
    rig.apply([cluster.make('b', {content: 'good'})], [cluster.ref('c')]);
    rig.settle();
    // c may have been taken from the rejected response: its removal is sent.
    expect(transcript(client)).toEqual(['Cluster +a +b +c', 'Cluster +a', 'Cluster +b', 'Cluster -c']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '', b: 'good'});
    expect(rig.violations).toEqual([]);
  });

  it('of several, one of which is then as it was: the client may have taken the other version, so it is sent', () => {
    const rig = new Rig();
    rig.set(cluster.make('a', {content: '1'}), cluster.make('b', {content: '1'}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    client.messages.length = 0;
    rig.set(cluster.make('a', {content: '2'}), cluster.make('b', {content: '2', bad: true}));
    rig.flush();
    rig.set(cluster.make('a', {content: '1'}));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a +b', 'Cluster +a', 'Cluster +b']);
    expect(client.contents(typeUrls.cluster)).toEqual({a: '1', b: '1'});
    expect(rig.violations).toEqual([]);
  });

  it('of a resource does not swallow the news that another does not exist', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a', {bad: true}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.endpoints, ['a', 'b']);
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment +a -b', 'ClusterLoadAssignment -b']);
    expect(rig.violations).toEqual([]);
  });

  it('of a removal is reported, and the removal is not tried again', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.events.length = 0;
    rig.remove(cluster.ref('a'));
    rig.flush();
    const {nonce = ''} = client.messages.at(-1) ?? {};
    client.type(typeUrls.cluster).unanswered.length = 0;
    rig.connection.session.receive({
      node: undefined,
      type: typeUrls.cluster,
      subscribe: [],
      unsubscribe: [],
      initialVersions: {},
      nonce,
      error: {code: 13, message: 'in use'},
    });
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster -a']);
    expect(rig.events).toMatchObject([{kind: 'rejected', names: ['a'], message: 'in use'}]);
    expect(rig.events.length).toBe(1);
  });

  it('does not hold back for ever what refers to the rejected resource', () => {
    const rig = new Rig();
    rig.set(cluster.make('a', {bad: true}), cluster.make('b', {refs: [cluster.ref('a')]}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +b']);
    expect(rig.violations).toEqual([]);
  });

  it('of the only version of a named resource brings, when that is gone, the news that it does not exist', () => {
    const rig = new Rig();
    rig.set(endpoints.make('a', {bad: true}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.endpoints, ['a']);
    rig.settle();
    rig.remove(endpoints.ref('a'));
    rig.settle();
    expect(transcript(client)).toEqual(['ClusterLoadAssignment +a', 'ClusterLoadAssignment -a']);
    expect(rig.violations).toEqual([]);
  });

  it('under a wildcard never brings the removal of a resource that was only ever rejected', () => {
    const rig = new Rig();
    rig.set(cluster.make('a', {bad: true}));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.remove(cluster.ref('a'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a']);
    rig.set(cluster.make('a', {bad: true}));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +a', 'Cluster +a']);
    expect(rig.violations).toEqual([]);
  });
});

describe('NACK by agentgateway', () => {
  function serving() {
    const rig = new Rig();
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    client.messages.length = 0;
    rig.events.length = 0;
    return {rig, client};
  }

  it('with code 0 and JSON rejects the names it blames and accepts the others of the response', () => {
    const {rig, client} = serving();
    rig.set(config.make('route/a'), config.make('route/b', {bad: true}), config.make('route/c'));
    rig.settle();
    rig.set(config.make('route/d'));
    rig.settle();
    expect(transcript(client)).toEqual(['Resource +route/a +route/b +route/c', 'Resource +route/d']);
    expect(client.requests.find(({error}) => error !== undefined)?.error?.code).toBe(0);
    expect(rig.events).toMatchObject([
      {kind: 'rejected', names: ['route/b'], warning: false},
      {kind: 'acknowledged', names: ['route/a', 'route/c']},
      {kind: 'acknowledged', names: ['route/d']},
    ]);
    expect(rig.connection.session.view().types[1]).toMatchObject({
      acknowledged: 3,
      rejected: ['route/b'],
      pending: 0,
    });
    expect(rig.violations).toEqual([]);
  });

  it('keeps the last good version of a rejected update, and removes it when it is gone', () => {
    const {rig, client} = serving();
    rig.set(config.make('route/a', {content: '1'}));
    rig.settle();
    rig.set(config.make('route/a', {content: '2', bad: true}));
    rig.settle();
    expect(client.contents(typeUrls.resource)).toEqual({'route/a': '1'});
    rig.apply([], [config.ref('route/a')], 'agentgateway/default/gw');
    rig.settle();
    expect(transcript(client).at(-1)).toBe('Resource -route/a');
    expect(rig.violations).toEqual([]);
  });

  it('counts a warning as accepted', () => {
    const {rig, client} = serving();
    rig.set(address.make('s', {warn: true}), config.make('route/a', {refs: [address.ref('s')]}));
    rig.settle();
    rig.set(address.make('s2', {warn: true}), address.make('s3', {bad: true}), address.make('s4'));
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/a', 'Address +s2 +s3 +s4']);
    expect(rig.events).toMatchObject([
      {kind: 'rejected', names: ['s'], warning: true},
      {kind: 'acknowledged', names: ['s']},
      {kind: 'acknowledged', names: ['route/a']},
      {kind: 'rejected', names: ['s3'], warning: false},
      {kind: 'rejected', names: ['s2'], warning: true},
      {kind: 'acknowledged', names: ['s2', 's4']},
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('that blames nothing that was sent is a NACK of the whole response', () => {
    const {rig, client} = serving();
    rig.set(config.make('route/a'), config.make('route/b'));
    const [message] = client.messages;
    const request = {node: undefined, type: typeUrls.resource, subscribe: [], unsubscribe: [], initialVersions: {}};
    rig.flush();
    client.type(typeUrls.resource).unanswered.length = 0;
    rig.connection.session.receive({...request, nonce: message?.nonce ?? '', error: {code: 0, message: 'what?'}});
    rig.settle();
    expect(transcript(client)).toEqual(['Resource +route/a +route/b', 'Resource +route/a', 'Resource +route/b']);
    expect(rig.violations).toEqual([]);
  });

  it('of its first snapshot brings an empty response after it, so that it turns ready with what it took', () => {
    const rig = new Rig();
    rig.set(address.make('s'), config.make('route/a'), config.make('route/b', {bad: true}));
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/a +route/b', 'Resource']);
    expect(client.ready).toBe(true);
    expect(rig.violations).toEqual([]);
  });

  it('reads blame by name, and nothing else', () => {
    expect(readBlame('[{"key":"a","error":"x"},{"key":"b","warn":"y"}]')).toEqual({
      kind: 'blamed',
      errors: new Map([['a', 'x']]),
      warnings: new Map([['b', 'y']]),
    });
    for (const text of ['', 'no', '{}', '[]', '[1]', '[{"key":1,"error":"x"}]', '[{"key":"a"}]']) {
      expect(readBlame(text)).toEqual({kind: 'whole'});
    }
  });
});
