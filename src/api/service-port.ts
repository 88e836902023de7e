import type {Service, ServicePort} from './core.ts';

/** The TCP port of a Service with that number. */
export function findServicePort({spec}: Service, port: number): ServicePort | undefined {
  return spec.ports?.find((candidate) => candidate.port === port && (candidate.protocol ?? 'TCP') === 'TCP');
}

/**
 * How to speak to a port by its appProtocol (Kubernetes KEP-3726 and the names in common use); undefined where that
 * takes TLS, which needs a policy. Unknown names mean HTTP/1.1.
 */
export function backendProtocol(appProtocol: string | undefined): 'http1' | 'h2c' | 'websocket' | undefined {
  switch (appProtocol) {
    case 'kubernetes.io/h2c':
    case 'http2':
    case 'grpc':
      return 'h2c';
    case 'kubernetes.io/ws':
      return 'websocket';
    case 'kubernetes.io/wss':
      return undefined;
    case undefined:
    default:
      return 'http1';
  }
}
