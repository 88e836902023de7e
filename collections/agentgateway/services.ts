/** One Service for each Service that a Gateway's routes refer to, with the ports they refer to. */
import {backends} from '../gateway/backends.ts';
import {gatewayBackends} from '../gateway/gateway-backends.ts';
import type {BackendRow} from '../gateway/ir.ts';
import {type Collection, derive, group, index} from '../../src/krt/index.ts';
import {settings} from '../inputs.ts';
import type {ResourceRow} from '../resource.ts';
import {defaultSettings} from '../settings.ts';
import {ipBytes} from './ip-bytes.ts';
import {AppProtocol, serviceResource} from './messages.ts';
import {serviceHostname, serviceName} from './names.ts';

type ServicePortRow = {
  readonly key: string;
  readonly gateway: string;
  readonly backend: Omit<BackendRow, 'key' | 'discovery' | 'use'>;
};

/** Key: that of the (Gateway, backend) pair. */
const servicePorts: Collection<ServicePortRow> = derive('agentgateway-service-ports', {
  from: gatewayBackends,
  reads: [backends],
  rows: (ctx, {key, gateway, dialect, backend}) => {
    if (dialect !== 'agentgateway') return undefined;
    const found = ctx.get(backends, backend, ({key: _key, discovery: _discovery, use: _use, ...rest}) => rest);
    return found && {key, gateway, backend: found};
  },
});

const byService = group(
  'agentgateway-ports-of-services',
  index(servicePorts, 'service', ({gateway, backend}) => `${gateway}|${backend.namespace}/${backend.service}`),
);

export const agentgatewayServices: Collection<ResourceRow> = derive('agentgateway-services', {
  from: byService,
  reads: [settings],
  rows: (ctx, {rows}) => {
    // One port, however it is used: the proxy follows the request.
    const byPort = new Map(rows.map((row) => [row.backend.port, row]));
    const ports = [...byPort.values()].toSorted((a, b) => a.backend.port - b.backend.port);
    const [first] = ports;
    if (first === undefined) return undefined;
    const {gateway, backend} = first;
    const domain = ctx.get(settings, 'settings', (row) => row.clusterDomain) ?? defaultSettings.clusterDomain;
    const hostname = serviceHostname(backend.namespace, backend.service, domain);
    return serviceResource(gateway, serviceName(backend.namespace, hostname), {
      name: backend.service,
      namespace: backend.namespace,
      hostname,
      addresses: backend.addresses.flatMap((text) => {
        const address = ipBytes(text);
        return address === undefined ? [] : [{address}];
      }),
      ports: ports.map((port) => wirePort(port.backend)),
      canonical: true,
    });
  },
});

const wirePort = ({port, targetPort, protocol, portName}: ServicePortRow['backend']) => ({
  servicePort: port,
  // A named port differs from Pod to Pod: Workloads say what it is.
  targetPort: typeof targetPort === 'number' ? targetPort : 0,
  appProtocol: appProtocol(protocol, portName),
});

/**
 * What the proxy speaks to the backend. Where nothing was said, the prefix of the port's name counts (`grpc-web`), and
 * without one the proxy follows the request.
 */
function appProtocol(protocol: BackendRow['protocol'], portName: string): number {
  switch (protocol) {
    case 'h2c':
      return AppProtocol.HTTP2;
    case 'websocket':
      return AppProtocol.HTTP11;
    case 'http1':
      return protocolByName.get(portName.split('-', 1)[0] ?? '') ?? AppProtocol.UNKNOWN;
  }
}

const protocolByName: ReadonlyMap<string, number> = new Map([
  ['http', AppProtocol.HTTP11],
  ['ws', AppProtocol.HTTP11],
  ['http2', AppProtocol.HTTP2],
  ['grpc', AppProtocol.GRPC],
  ['tls', AppProtocol.TLS],
  ['https', AppProtocol.TLS],
  ['wss', AppProtocol.TLS],
  ['tcp', AppProtocol.TCP],
]);
