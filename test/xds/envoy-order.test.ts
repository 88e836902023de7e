import {describe, expect, it} from 'vitest';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {cluster, endpoints, listener, routes, secret, virtualHost} from './support/resources.ts';
import {Rig, transcript} from './support/rig.ts';

const withEndpoints = (name: string, content = '') => cluster.make(name, {content, subscribes: [endpoints.ref(name)]});

function envoy(rig: Rig) {
  const client = rig.client({mode: 'envoy', follows: true});
  client.subscribe(typeUrls.cluster);
  client.subscribe(typeUrls.listener);
  rig.settle();
  return client;
}

describe('order towards Envoy', () => {
  it('makes before it breaks: a route moves from one backend to another', () => {
    const rig = new Rig();
    const parent = routes.ref('r');
    rig.set(
      withEndpoints('old'),
      endpoints.make('old'),
      secret.make('s'),
      listener.make('l', {subscribes: [parent, secret.ref('s')], refs: [secret.ref('s')]}),
      routes.make('r'),
      virtualHost.make('r/a', {parent, refs: [cluster.ref('old')]}),
    );
    const client = envoy(rig);
    client.messages.length = 0;
    rig.apply(
      [withEndpoints('new'), endpoints.make('new'), virtualHost.make('r/a', {parent, refs: [cluster.ref('new')]})],
      [cluster.ref('old'), endpoints.ref('old')],
    );
    rig.settle();
    expect(transcript(client)).toEqual([
      'Cluster +new',
      'ClusterLoadAssignment +new',
      'VirtualHost +r/a',
      'ClusterLoadAssignment -old',
      'Cluster -old',
    ]);
    expect(rig.violations).toEqual([]);
  });

  it('sends everything new in the order of types', () => {
    const rig = new Rig();
    const client = rig.client({mode: 'envoy'});
    const types = [typeUrls.virtualHost, typeUrls.routeConfiguration, typeUrls.listener, typeUrls.secret, 'unknown'];
    for (const type of [...types, typeUrls.endpoints, typeUrls.cluster]) client.subscribe(type);
    rig.settle();
    client.messages.length = 0;
    rig.set(...[virtualHost, listener, secret, routes, endpoints, cluster].map(({make}) => make('a')));
    rig.settle();
    expect(transcript(client)).toEqual(
      ['Cluster', 'ClusterLoadAssignment', 'Secret', 'Listener', 'RouteConfiguration', 'VirtualHost'].map(
        (type) => `${type} +a`,
      ),
    );
    expect(rig.violations).toEqual([]);
  });

  // Envoy acknowledges a response of Clusters once they are warm, and a changed one is warm when its endpoints have come.
  // Sent after that ACK they came never, and neither did any other Cluster.
  it('resends the endpoints of a changed cluster with it, not after its ACK', () => {
    const rig = new Rig();
    rig.set(withEndpoints('c'), endpoints.make('c'), withEndpoints('d'), endpoints.make('d'));
    const client = envoy(rig);
    client.messages.length = 0;
    rig.set(withEndpoints('c', '2'));
    rig.flush();
    rig.flush();
    expect(transcript(client)).toEqual(['Cluster +c', 'ClusterLoadAssignment +c']);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c', 'ClusterLoadAssignment +c']);
    expect(rig.violations).toEqual([]);
  });

  it('says again that a changed cluster has no endpoints', () => {
    const rig = new Rig();
    rig.set(withEndpoints('c'));
    const client = envoy(rig);
    client.messages.length = 0;
    rig.set(withEndpoints('c', '2'));
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c', 'ClusterLoadAssignment -c']);
    expect(client.type(typeUrls.cluster).warming).toBe(undefined);
    expect(rig.violations).toEqual([]);
  });

  it('does so also when the cluster changed while the client was away', () => {
    const rig = new Rig();
    rig.set(withEndpoints('c'), endpoints.make('c'));
    const client = envoy(rig);
    rig.connection.close();
    rig.set(withEndpoints('c', '2'));
    client.messages.length = 0;
    rig.connect(client);
    rig.settle();
    expect(transcript(client).filter((line) => line.includes(' '))).toEqual(['Cluster +c', 'ClusterLoadAssignment +c']);
    expect(rig.violations).toEqual([]);
  });

  it('does not resend the endpoints of a new cluster, or of one that was only asked for again', () => {
    const rig = new Rig();
    rig.set(withEndpoints('c'), endpoints.make('c'));
    const client = envoy(rig);
    expect(transcript(client)).toEqual(['Cluster +c', 'Listener', 'ClusterLoadAssignment +c']);
    client.messages.length = 0;
    client.subscribe(typeUrls.cluster, ['c']);
    rig.settle();
    expect(transcript(client)).toEqual(['Cluster +c']);
    expect(rig.violations).toEqual([]);
  });
});
