import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, config} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

const agentgateway = 'agentgateway/default/gw';

function fill(rig: Rig, workloads: number, routes: number): void {
  rig.set(
    address.make('s'),
    ...Array.from({length: workloads}, (_, index) => address.make(`w${index}`, {padding: 1000, order: -1})),
    ...Array.from({length: routes}, (_, index) => config.make(`route/${index}`, {order: 1, refs: [address.ref('s')]})),
    config.make('listener/1', {order: 2}),
    config.make('bind/1', {order: 3, refs: [config.ref('listener/1')]}),
  );
}

describe('first snapshot of an agentgateway proxy', () => {
  it('sends addresses in chunks, then all resources in one response: ready means complete', () => {
    const rig = new Rig({maxMessageBytes: 64 * 1024});
    fill(rig, 200, 300);
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    for (let steps = 0; steps < 1000 && !client.ready; steps += 1) {
      rig.flush();
      client.answer();
    }
    expect(Object.keys(client.contents(typeUrls.address)).length).toBe(201);
    expect(Object.keys(client.contents(typeUrls.resource)).length).toBe(302);
    expect(client.messages.filter(({type}) => type === typeUrls.resource).length).toBe(1);
    expect(client.messages.filter(({type}) => type === typeUrls.address).length).toBeGreaterThan(2);
    expect(client.messages.at(-1)?.resources.at(-1)?.name).toBe('bind/1');
    rig.settle();
    expect(rig.violations).toEqual([]);
  });

  it('sends resources of references that were rejected, and turns ready', () => {
    const rig = new Rig();
    rig.set(address.make('s', {bad: true}), config.make('route/1', {refs: [address.ref('s')]}));
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    expect(transcript(client)).toEqual(['Address +s', 'Resource +route/1', 'Address']);
    expect(client.ready).toBe(true);
    expect(rig.violations).toEqual([]);
  });

  it('does not wait for changes that come in meanwhile', () => {
    const rig = new Rig();
    fill(rig, 3, 3);
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    for (let change = 0; change < 20; change += 1) {
      rig.set(address.make('w0', {content: String(change)}));
      rig.flush();
      client.answer(typeUrls.address);
      client.answer(typeUrls.resource);
    }
    expect(client.ready).toBe(true);
    rig.settle();
    expect(client.contents(typeUrls.address)['w0']).toBe('19');
    expect(rig.violations).toEqual([]);
  });

  /**
   * A proxy connected while its GatewayClass was being made: it was told that there are no addresses yet, and then everything
   * came at once. Routes waited for addresses, and addresses for the answer that routes were to be in, until patience ended
   * after five seconds and routes were sent without what they refer to.
   */
  it('sends what came between its two types', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.flush();
    fill(rig, 3, 3);
    rig.settle();
    expect(client.ready).toBe(true);
    expect(Object.keys(client.contents(typeUrls.address))).toHaveLength(4);
    expect(Object.keys(client.contents(typeUrls.resource))).toHaveLength(5);
    expect(client.messages.map(({type, resources}) => [type, resources.length])).toEqual([
      [typeUrls.address, 0],
      [typeUrls.address, 4],
      [typeUrls.resource, 5],
    ]);
    expect(rig.warnings).toEqual([]);
    expect(rig.violations).toEqual([]);
  });

  it('leaves removals for later', () => {
    const rig = new Rig();
    rig.set(address.make('a'), address.make('b'), config.make('route/1'));
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.flush();
    rig.apply([], [address.ref('b')], agentgateway);
    rig.settle();
    expect(transcript(client)).toEqual(['Address +a +b', 'Resource +route/1', 'Address -b']);
    expect(rig.violations).toEqual([]);
  });

  it('goes on with one type when the other is not asked for within a second', () => {
    const rig = new Rig();
    rig.set(address.make('a'), config.make('route/1'));
    const client = rig.client({mode: 'agentgateway'});
    client.subscribe(typeUrls.resource);
    rig.settle();
    rig.clock.advance(999);
    rig.settle();
    expect(transcript(client)).toEqual([]);
    rig.clock.advance(1);
    rig.settle();
    expect(transcript(client)).toEqual(['Resource +route/1']);
    client.subscribe(typeUrls.address);
    rig.settle();
    expect(transcript(client)).toEqual(['Resource +route/1', 'Address +a']);
    expect(rig.violations).toEqual([]);
  });

  it('is no matter on a reconnect: small responses from the start', () => {
    const rig = new Rig();
    fill(rig, 200, 300);
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    rig.connection.close();
    client.messages.length = 0;
    rig.set(...Array.from({length: 150}, (_, index) => config.make(`route/${index}`, {content: '2', order: 1})));
    rig.connect(client);
    rig.settle();
    expect(client.messages.map(({type, resources}) => [type, resources.length])).toEqual([
      [typeUrls.address, 0],
      [typeUrls.resource, 100],
      [typeUrls.resource, 50],
    ]);
    expect(rig.violations).toEqual([]);
  });
});
