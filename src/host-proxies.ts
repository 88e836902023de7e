/** An Envoy on this host for each Gateway of the graph that is of the envoy class. */
import {join} from 'node:path';
import {envoyBootstrap} from '../collections/infra/envoy-bootstrap.ts';
import type {HostPort} from './config/load-config.ts';
import type {StaticConfig} from './config/static-config.ts';
import {createProxies, type Proxies} from './proxies.ts';
import type {SurroundingsOptions} from './surroundings.ts';

/** `address`: where xDS is served. */
export function runProxies(
  config: StaticConfig,
  address: HostPort,
  {graph, outputs: {infra}, xds, logs}: SurroundingsOptions,
): Proxies {
  const proxies = createProxies(config, {
    logs,
    bootstrap: bootstrapFor(config, address),
    // Its listener was rejected, and what was rejected is not sent again by itself.
    onPortFreed: ({scope}) => xds.retryRejected(scope),
  });
  const apply = (): void => proxies.apply(graph.list(infra).filter(({dialect}) => dialect === 'envoy'));
  apply();
  const unsubscribe = graph.subscribe(infra, apply);
  return {
    ...proxies,
    stop: () => {
      unsubscribe();
      return proxies.stop();
    },
  };
}

/** Proxies on this host reach a server that listens everywhere by loopback. */
function bootstrapFor(
  {xds: {tls}}: StaticConfig,
  {host, port}: HostPort,
): (gateway: {readonly key: string}, adminPort: number) => string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const caFile = 'certificateFolder' in tls ? join(tls.certificateFolder, 'ca.crt') : undefined;
  const xds = {host: near, port, ...(caFile !== undefined && {caFile})};
  return ({key}, adminPort) =>
    `${JSON.stringify(envoyBootstrap({gateway: key, xds, admin: {port: adminPort}}), undefined, 1)}\n`;
}
