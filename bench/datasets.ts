import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {dump} from 'js-yaml';
import type {EndpointSlice, Service} from '../src/api/core.ts';
import type {Gateway, HTTPRoute} from '../src/gen/gateway-api.ts';

/**
 * Data set D(R): R HTTPRoutes (one rule, a hostname of their own, one backend), R/10 Services with one EndpointSlice of ten
 * endpoints each, R/100 namespaces, all on one Gateway: the worst case for whoever works per Gateway.
 */
export type Dataset = {
  readonly gateway: Gateway;
  readonly routes: readonly HTTPRoute[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
};

export function dataset(routes: number, gatewayClassName = 'envoy'): Dataset {
  const namespaces = Math.max(1, Math.ceil(routes / 100));
  const services = Math.max(1, Math.ceil(routes / 10));
  const namespaceOf = (i: number) => `team-${i % namespaces}`;
  return {
    gateway: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: {name: 'gateway', namespace: 'infra'},
      spec: {
        gatewayClassName,
        listeners: [{name: 'http', port: 8080, protocol: 'HTTP', allowedRoutes: {namespaces: {from: 'All'}}}],
      },
    },
    routes: Array.from({length: routes}, (_, i) => routeOf(i, namespaceOf(i % services), `service-${i % services}`)),
    services: Array.from({length: services}, (_, i) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {name: `service-${i}`, namespace: namespaceOf(i)},
      spec: {ports: [{name: 'http', port: 80, targetPort: 8080}]},
    })),
    slices: Array.from({length: services}, (_, i) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `service-${i}-1`,
        namespace: namespaceOf(i),
        labels: {'kubernetes.io/service-name': `service-${i}`},
      },
      addressType: 'IPv4',
      ports: [{name: 'http', port: 8080, protocol: 'TCP'}],
      // Loopback, so that a data set given to a real Envoy sends nothing to anybody.
      endpoints: Array.from({length: 10}, (__, e) => ({addresses: [`127.${(i >> 8) + 1}.${i & 255}.${e + 1}`]})),
    })),
  };
}

/** The i-th route; `edit` changes what it does without changing where it goes. */
export function routeOf(i: number, namespace: string, service: string, edit = 0): HTTPRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {name: `route-${i}`, namespace},
    spec: {
      parentRefs: [{group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gateway', namespace: 'infra'}],
      hostnames: [`host-${i}.example.com`],
      rules: [
        {
          matches: [{path: {type: 'PathPrefix', value: edit === 0 ? '/' : `/edit-${edit}`}}],
          backendRefs: [{group: '', kind: 'Service', name: service, port: 80, weight: 1}],
        },
      ],
    },
  };
}

/** Writes a data set as one file a route under `routes/`, the rest in `infra.json`. */
export function writeFolder(folder: string, data: Dataset): void {
  mkdirSync(join(folder, 'routes'), {recursive: true});
  const rest = [data.gateway, ...data.services, ...data.slices];
  writeFileSync(join(folder, 'infra.json'), listOf(rest));
  data.routes.forEach((route, i) => writeFileSync(routeFile(folder, i), JSON.stringify(route)));
}

export const routeFile = (folder: string, i: number): string => join(folder, 'routes', `route-${i}.json`);

/** Writes a data set as a few large files, as `kubectl get -o json` or `-o yaml` would. */
export function writeLists(folder: string, data: Dataset, format: 'json' | 'yaml'): void {
  mkdirSync(folder, {recursive: true});
  const all = [data.gateway, ...data.services, ...data.slices, ...data.routes];
  const text = format === 'json' ? listOf(all) : all.map((object) => dump(object)).join('---\n');
  writeFileSync(join(folder, `objects.${format}`), text);
}

function listOf(items: readonly object[]): string {
  return JSON.stringify({apiVersion: 'v1', kind: 'List', items});
}
