import {expect, it} from 'vitest';
import {dataset} from '../../bench/datasets.ts';
import {graphOutputs} from '../../collections/index.ts';
import {endpointSlices, gatewayClasses, gateways, httpRoutes, services, settings} from '../../collections/inputs.ts';
import {defaultSettings} from '../../collections/settings.ts';
import {requestToTry} from '../../src/cli/announce.ts';
import {createGraph, type Graph} from '../../src/krt/index.ts';

/**
 * The line to try was found by looking through all rules once for each route. With 10,000 routes the announcement kept
 * the process busy for five seconds, in which no edit got through.
 */
it('finds a request to try by reading each collection once, whatever the number of routes', () => {
  const graph = createGraph({outputs: graphOutputs});
  const data = dataset(200);
  graph.commit((tx) => {
    tx.set(settings, defaultSettings);
    tx.set(gatewayClasses, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: {name: 'envoy'},
      spec: {controllerName: defaultSettings.controllerNames.envoy},
    });
    tx.set(gateways, data.gateway);
    for (const service of data.services) tx.set(services, service);
    for (const slice of data.slices) tx.set(endpointSlices, slice);
    for (const route of data.routes) tx.set(httpRoutes, route);
  });
  let lists = 0;
  const counting: Pick<Graph, 'get' | 'list'> = {
    get: (collection, key) => graph.get(collection, key),
    list: (collection) => {
      lists++;
      return graph.list(collection);
    },
  };
  expect(requestToTry(counting)).toBe("curl -H 'Host: host-0.example.com' http://127.0.0.1:8080/");
  expect(lists).toBe(2);
});
