import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {address, cluster, config} from './support/resources.ts';
import {Rig} from './support/rig.ts';

const sizes = (client: {messages: readonly {resources: readonly unknown[]; removed: readonly string[]}[]}) =>
  client.messages.map(({resources, removed}) => resources.length + removed.length);
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({length: count}, (_, index) => make(index));

describe('size of responses', () => {
  it('to a serving agentgateway proxy is 100 resources at most, 1,000 of them in ten', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'agentgateway'});
    client.start();
    rig.settle();
    client.messages.length = 0;
    rig.set(...many(1000, (index) => config.make(`route/${index}`)), address.make('a'));
    rig.settle();
    expect(sizes(client)).toEqual([1, ...many(10, () => 100)]);
    client.messages.length = 0;
    rig.apply(
      [],
      many(1000, (index) => config.ref(`route/${index}`)),
      'agentgateway/default/gw',
    );
    rig.settle();
    expect(sizes(client)).toEqual(many(10, () => 100));
    expect(client.contents(typeUrls.resource)).toEqual({});
    expect(rig.violations).toEqual([]);
  });

  it('is 1 MiB at most', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.set(...many(1000, (index) => cluster.make(`c${index}`, {padding: 5000})));
    rig.settle();
    expect(client.messages.length).toBeGreaterThan(4);
    expect(client.messages.length).toBeLessThan(8);
    for (const {bytes} of client.messages) expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(Object.keys(client.contents(typeUrls.cluster)).length).toBe(1000);
    expect(rig.violations).toEqual([]);
  });

  it('is more only for a single larger resource, which travels alone', () => {
    const rig = new Rig({maxMessageBytes: 10_000});
    rig.set(cluster.make('a'), cluster.make('b', {padding: 50_000}), cluster.make('c'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    expect(sizes(client)).toEqual([1, 1, 1]);
    expect(rig.violations).toEqual([]);
  });

  it('counts removed names too', () => {
    const rig = new Rig({maxMessageBytes: 10_000});
    const client = rig.client({mode: 'envoy'});
    const names = many(100, (index) => `${'long-name-'.repeat(20)}${index}`);
    client.subscribe(typeUrls.endpoints, names);
    rig.settle();
    expect(client.messages.length).toBeGreaterThan(1);
    expect(client.messages.flatMap(({removed}) => removed).sort()).toEqual(names.sort());
    expect(rig.violations).toEqual([]);
  });
});
