/** What the server tells of a scope: what its clients are to have, and how far each of them is. */
import {afterEach, describe, expect, it} from 'vitest';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {ModelClient} from './support/model-client.ts';
import {cluster, listener} from './support/resources.ts';
import {Rig} from './support/rig.ts';
import {connectModel, until} from './support/wire-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe('the progress of a client', () => {
  it('counts what it has, and names what it has not, with the versions it has instead', () => {
    const rig = new Rig();
    const [a, b] = [cluster.make('a'), cluster.make('b', {bad: true})];
    rig.set(a, b, cluster.make('c'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    const progress = () => rig.connection.session.progress();

    // Sent, and not answered yet.
    expect(progress()).toMatchObject({
      client: 1,
      profile: 'envoy',
      types: [{type: typeUrls.cluster, current: 0, differences: [{name: 'a'}, {name: 'b'}, {name: 'c'}]}],
    });
    expect(progress().types[0]?.differences[0]).toEqual({
      name: 'a',
      wanted: a.version,
      sent: a.version,
      rejected: false,
    });

    rig.settle();
    expect(progress().types[0]).toEqual({
      type: typeUrls.cluster,
      current: 2,
      differences: [{name: 'b', wanted: b.version, rejected: true}],
    });

    const newer = cluster.make('a', {content: '2', bad: true});
    rig.set(newer);
    rig.settle();
    expect(progress().types[0]?.differences[0]).toEqual({
      name: 'a',
      wanted: newer.version,
      acknowledged: a.version,
      rejected: true,
    });
  });

  it('names what it still has and is not to have', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster);
    rig.settle();
    rig.remove(cluster.ref('a'));
    const [type] = rig.connection.session.progress().types;
    expect(type).toMatchObject({current: 0, differences: [{name: 'a', rejected: false}]});
    expect(type?.differences[0]).not.toHaveProperty('wanted');
    rig.settle();
    expect(rig.connection.session.progress().types[0]).toMatchObject({current: 0, differences: []});
  });

  it('says nothing of what it never asked for', () => {
    const rig = new Rig();
    rig.set(cluster.make('a'), cluster.make('b'), listener.make('l'));
    const client = rig.client({mode: 'envoy'});
    client.subscribe(typeUrls.cluster, ['b']);
    rig.settle();
    expect(rig.connection.session.progress().types).toEqual([{type: typeUrls.cluster, current: 1, differences: []}]);
  });
});

describe('the view of a scope', () => {
  it('has what is to be there, by type and name, and the clients of that scope alone', async () => {
    const server = createXdsServer({authenticate: createNodeAuthenticator()});
    const port = await server.listen('127.0.0.1:0');
    cleanups.push(() => server.stop());
    server.markSynced();
    const resources = [cluster.make('b'), listener.make('l'), cluster.make('a')];
    server.apply([...resources.map((one) => ({new: one})), {new: cluster.make('x', {scope: 'envoy/default/other'})}]);
    expect(server.scopes()).toEqual(['envoy/default/gw', 'envoy/default/other']);
    expect(server.inspect('envoy/default/none')).toBeUndefined();

    for (const cluster of ['default/gw', 'default/other']) {
      const node = {id: cluster, cluster};
      const client = new ModelClient({mode: 'envoy', node, store: {version: () => undefined}});
      const stream = connectModel(client, port);
      cleanups.push(() => stream.close());
      client.subscribe(typeUrls.cluster);
    }
    const acknowledged = () =>
      server.clients().reduce((sum, {types}) => sum + types.reduce((all, type) => all + type.acknowledged, 0), 0);
    await until(() => acknowledged() === 3);
    const view = server.inspect('envoy/default/gw');
    expect(view?.resources.map(({type, name}) => `${type.split('.').at(-1)} ${name}`)).toEqual([
      'Cluster a',
      'Cluster b',
      'Listener l',
    ]);
    expect(view?.resources[0]).toBe(resources[2]);
    expect(view?.clients).toMatchObject([
      {profile: 'envoy', node: {id: 'default/gw'}, types: [{type: typeUrls.cluster, current: 2, differences: []}]},
    ]);
  });
});
