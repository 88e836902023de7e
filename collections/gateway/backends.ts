import type {Service} from '../../src/api/core.ts';
import {backendProtocol, findServicePort} from '../../src/api/service-port.ts';
import {type Context, derive, distinct} from '../../src/krt/index.ts';
import {endpointSlicesByService, services, settings} from '../inputs.ts';
import type {BackendRow} from './ir.ts';
import {routeRulesByBackend} from './route-rules.ts';

/** The Service port that a backend is, from its key. */
export function parseBackendKey(
  key: string,
): Pick<BackendRow, 'namespace' | 'service' | 'port'> & {readonly use: 'plain' | 'grpc'} {
  const [namespace = '', service = '', port = '', use] = key.split('/');
  return {namespace, service, port: Number(port), use: use === 'grpc' ? use : 'plain'};
}

/** Keys of the Service ports that some rule refers to. */
export const referencedBackends = distinct('referenced-backends', routeRulesByBackend);

/** Service ports that some rule refers to; no other one exists for proxies. */
export const backends = derive('backends', {
  from: referencedBackends,
  rows: (ctx, {key}): BackendRow | undefined => {
    const {namespace, service, port, use} = parseBackendKey(key);
    const used = ctx.get(services, `${namespace}/${service}`, (object) => usedOf(object, port));
    if (used === undefined || used.protocol === undefined) return undefined;
    const {portName, targetPort, protocol, addresses, externalName} = used;
    return {
      key,
      namespace,
      service,
      portName,
      port,
      targetPort,
      protocol,
      use,
      discovery: discoveryOf(ctx, {namespace, service, port, targetPort, externalName}),
      addresses,
    };
  },
});

type Used = Pick<BackendRow, 'portName' | 'targetPort' | 'addresses'> & {
  readonly protocol: BackendRow['protocol'] | undefined;
  readonly externalName: string | undefined;
};

/** Everything of a Service that one of its ports depends on; undefined protocol = no such port. */
function usedOf(object: Service, port: number): Used {
  const {type, externalName, clusterIP, clusterIPs} = object.spec;
  const found = findServicePort(object, port);
  return {
    portName: found?.name ?? '',
    targetPort: found?.targetPort ?? port,
    protocol: found && backendProtocol(found.appProtocol),
    addresses: (clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP])).filter((ip) => ip !== 'None' && ip !== ''),
    externalName: type === 'ExternalName' ? externalName : undefined,
  };
}

type Discovered = {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly externalName: string | undefined;
};

/** In a cluster every Service has slices, or no endpoints; files may leave finding them to the host's DNS. */
function discoveryOf(ctx: Context, backend: Discovered): BackendRow['discovery'] {
  const {namespace, service, port, targetPort, externalName} = backend;
  if (externalName !== undefined) return {type: 'dns', host: externalName, port};
  const where = ctx.get(settings, 'settings', ({provider, serviceHost}) => ({provider, serviceHost}));
  if (where?.provider !== 'file') return {type: 'slices'};
  if (ctx.exists(endpointSlicesByService, `${namespace}/${service}`)) return {type: 'slices'};
  const host = where.serviceHost.replaceAll('{name}', service).replaceAll('{namespace}', namespace);
  // A name of a port can only be looked up in Pods, of which there are none.
  return {type: 'dns', host, port: typeof targetPort === 'number' ? targetPort : port};
}
