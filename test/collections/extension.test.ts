import {describe, expect, it} from 'vitest';
import {type Extension, outputsWith, productOutputs, statusRow} from '../../collections/extension.ts';
import type {StatusRow} from '../../collections/gateway/ir.ts';
import {resources, statuses} from '../../collections/index.ts';
import {gatewayClasses, services, settings} from '../../collections/inputs.ts';
import {type ResourceRow, resourceRow} from '../../collections/resource.ts';
import {defaultSettings} from '../../collections/settings.ts';
import {conditionTrue} from '../../src/api/conditions.ts';
import type {Service} from '../../src/api/core.ts';
import {objectKey} from '../../src/api/object.ts';
import {createGraph, derive, input} from '../../src/krt/index.ts';

const service = (name: string, generation = 1): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {name, namespace: 'default', generation},
  spec: {},
});
const scope = 'envoy/default/gw';
const type = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const cluster = (name: string, content = 1): ResourceRow =>
  resourceRow({scope, type, name, bytes: new Uint8Array([content]), refs: []});

/** Rows as a module without types might make them, of the key of `cluster('a')`. */
const given = input<ResourceRow>('given', {key: ({key}) => key});
const changed = (fields: Partial<ResourceRow>): ResourceRow => ({...cluster('a', 9), ...fields});
function without(field: keyof ResourceRow): ResourceRow {
  const row = changed({});
  Reflect.deleteProperty(row, field);
  return row;
}

function graphOf(...extensions: readonly Extension[]) {
  const outputs = outputsWith(extensions);
  const diagnostics: string[] = [];
  const graph = createGraph({
    outputs: outputs.all,
    onDiagnostic: ({node, message}) => diagnostics.push(`${node}: ${message}`),
  });
  return {graph, outputs, diagnostics};
}

describe('outputs with extensions', () => {
  it('are those of Sluice where an extension adds none', () => {
    const mine = derive('mine', {from: services, rows: (_ctx, row) => ({key: objectKey(row)})});
    const {graph, outputs} = graphOf({outputs: [mine]}, {});
    expect({...outputs, all: []}).toEqual({...productOutputs, all: []});
    expect(outputs.resources).toBe(resources);
    graph.commit((tx) => tx.set(services, service('a')));
    expect(graph.dump('mine').map(({key}) => key)).toEqual(['default/a']);
  });

  it('have the rows of all extensions beside those of Sluice, which stay as they are', () => {
    const one = derive('one', {from: services, rows: (_ctx, {metadata}) => cluster(metadata.name)});
    const two = derive('two', {from: services, rows: (_ctx, {metadata}) => cluster(`${metadata.name}-2`)});
    // Made of what Sluice makes, and part of what is sent.
    const size = derive('size', {from: settings, rows: (ctx) => cluster('size', ctx.count(resources))});
    const {graph, outputs, diagnostics} = graphOf({resources: [one, size]}, {resources: [two, one]});
    graph.commit((tx) => {
      tx.set(settings, defaultSettings);
      tx.set(services, service('a'));
    });
    expect(graph.list(outputs.resources).map(({name}) => name)).toEqual(['a', 'a-2', 'size']);
    expect(graph.list(resources)).toEqual([]);
    expect(diagnostics).toEqual([]);
    graph.commit((tx) => tx.delete(services, 'default/a'));
    expect(graph.list(outputs.resources)).toEqual([cluster('size', 0)]);
  });

  it('keep the row of Sluice where an extension has one of the same key', () => {
    const theirs = derive('theirs', {
      from: gatewayClasses,
      rows: (_ctx, row) => statusRow(row, [conditionTrue('Mine', 'Mine')]),
    });
    const {graph, outputs, diagnostics} = graphOf({statuses: [theirs]});
    graph.commit((tx) => {
      tx.set(settings, defaultSettings);
      tx.set(gatewayClasses, {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'GatewayClass',
        metadata: {name: 'envoy'},
        spec: {controllerName: defaultSettings.controllerNames.envoy},
      });
    });
    expect(graph.list(outputs.statuses)).toEqual(graph.list(statuses));
    expect(graph.list(outputs.statuses)).toHaveLength(1);
    expect(diagnostics).toEqual([expect.stringMatching(/^extended-statuses: .*GatewayClass\/envoy/)]);
  });

  it('have statuses of objects of any kind', () => {
    const seen = derive('seen', {
      from: services,
      rows: (_ctx, row) => statusRow(row, [conditionTrue('Seen', 'Seen')]),
    });
    const {graph, outputs} = graphOf({statuses: [seen]});
    graph.commit((tx) => tx.set(services, service('a', 3)));
    expect(graph.list(outputs.statuses)).toEqual([
      {
        key: 'Service/default/a',
        apiVersion: 'v1',
        kind: 'Service',
        namespace: 'default',
        name: 'a',
        generation: 3,
        status: {kind: 'Conditions', conditions: [conditionTrue('Seen', 'Seen')]},
      },
    ]);
  });

  it.each([
    ['no name', changed({name: ''}), 'lacks scope, type, name or version; resourceRow makes one'],
    ['a wrong key', changed({name: 'b'}), `must have the key ${scope}|${type}|b; resourceRow makes it`],
    ['no bytes', without('bytes'), 'lacks bytes, the encoded message as a Uint8Array'],
    ['no refs', without('refs'), 'lacks refs, the resources that it refers to; none is []'],
  ])('let no row out with %s, and keep the last good one', (_what, row, message) => {
    const {graph, outputs} = graphOf({resources: [given]});
    const good = cluster('a', 7);
    graph.commit((tx) => tx.set(given, good));
    graph.commit((tx) => tx.set(given, row));
    expect(graph.list(outputs.resources)).toEqual([good]);
    expect(graph.errors()).toMatchObject([
      {collection: 'given/checked', input: good.key, message: `the row of given ${message}`},
    ]);
    graph.commit((tx) => tx.set(given, cluster('a', 8)));
    expect(graph.list(outputs.resources)).toEqual([cluster('a', 8)]);
    expect(graph.errors()).toEqual([]);
  });

  it('let no status out that cannot be written', () => {
    const told = input<StatusRow>('told', {key: ({key}) => key});
    const {graph, outputs} = graphOf({statuses: [told]});
    const good = statusRow(service('a'), []);
    const bad: readonly [string, Partial<StatusRow>][] = [
      ['lacks apiVersion, kind or name; statusRow makes one', {kind: ''}],
      ['lacks generation, a number', {generation: JSON.parse('null')}],
      ['lacks status.conditions, a list', {status: JSON.parse('{}')}],
      ['must have the key Service/default/b; statusRow makes it', {name: 'b'}],
    ];
    for (const [message, fields] of bad) {
      graph.commit((tx) => tx.set(told, {...good, ...fields}));
      expect(graph.list(outputs.statuses)).toEqual([]);
      expect(graph.errors().map((error) => error.message)).toEqual([`the row of told ${message}`]);
    }
    graph.commit((tx) => tx.set(told, good));
    expect(graph.list(outputs.statuses)).toEqual([good]);
  });
});
