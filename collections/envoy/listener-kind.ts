import type {PortListener} from '../gateway/ir.ts';

/** Whether Envoy ends TLS for it and reads HTTP inside; without a usable certificate it cannot. */
export function terminatesHttps({protocol, tls}: PortListener): boolean {
  return protocol === 'HTTPS' && tls?.mode === 'Terminate' && tls.certificates.length > 0;
}
