import type {Reason} from '../../src/api/conditions.ts';
import {gatewayGroup, refersTo, refKey} from '../../src/api/refs.ts';
import type {GatewayListener, SecretObjectReference} from '../../src/gen/gateway-api.ts';
import type {Context} from '../../src/krt/index.ts';
import {secrets} from '../inputs.ts';
import {certificates, readCertificate} from './certificates.ts';
import {granted} from './grants.ts';

export type ListenerCertificates = {
  /** Keys of the certificates that can be used. */
  readonly usable: readonly string[];
  /** The first reference that cannot. */
  readonly problem?: Reason;
};

/**
 * Resolves certificateRefs of a listener that terminates TLS. What a certificate holds does not matter here: a
 * rotation changes no listener. Grants are checked before existence, so that nothing can be found out without one.
 */
export function resolveCertificates(ctx: Context, {tls}: GatewayListener, namespace: string): ListenerCertificates {
  const refs = tls?.certificateRefs ?? [];
  if (refs.length === 0) {
    return {usable: [], problem: {reason: 'InvalidCertificateRef', message: 'tls.certificateRefs: there are none'}};
  }
  const problems = refs.map((ref) => refProblem(ctx, ref, namespace));
  const problem = problems.find((found) => found !== undefined);
  const usable = refs.filter((_, i) => problems[i] === undefined).map((ref) => refKey(ref, namespace));
  return {usable: [...new Set(usable)], ...(problem && {problem})};
}

function refProblem(ctx: Context, ref: SecretObjectReference, namespace: string): Reason | undefined {
  const key = refKey(ref, namespace);
  if (!refersTo(ref, '', 'Secret')) {
    const message = `tls.certificateRefs: ${ref.kind} of group "${ref.group}" is not supported`;
    return {reason: 'InvalidCertificateRef', message};
  }
  const from = {group: gatewayGroup, kind: 'Gateway', namespace};
  const to = {group: '', kind: 'Secret', namespace: ref.namespace ?? namespace, name: ref.name};
  if (!granted(ctx, {from, to})) {
    return {reason: 'RefNotPermitted', message: `tls.certificateRefs: no ReferenceGrant allows Secret ${key}`};
  }
  if (ctx.exists(certificates, key)) return undefined;
  const why = ctx.get(secrets, key, (secret) => {
    const read = readCertificate(secret);
    return typeof read === 'string' ? read : '';
  });
  const message = why === undefined ? `Secret ${key} does not exist` : `Secret ${key}: ${why}`;
  return {reason: 'InvalidCertificateRef', message: `tls.certificateRefs: ${message}`};
}
