/** One Listener for each listener of a Gateway that may carry traffic. */
import {certificates} from '../gateway/certificates.ts';
import type {ListenerRow} from '../gateway/ir.ts';
import {listeners} from '../gateway/listeners.ts';
import {type Collection, type Context, derive} from '../../src/krt/index.ts';
import type {ResourceRow} from '../resource.ts';
import {type Listener, ListenerProtocol, listenerResource, type TlsConfig} from './messages.ts';
import {bindKey, listenerKey} from './names.ts';

type WireProtocol = {readonly bind: 'HTTP' | 'TLS'; readonly listener: NonNullable<Listener['protocol']>};

/**
 * How a listener is sent; undefined for one that is not: what is not programmed, of a protocol not served here, HTTPS
 * without TLS. One whose certificate is broken is sent all the same: its clients are refused, and no other listener
 * answers them in its place.
 */
export function wireProtocol(row: ListenerRow): WireProtocol | undefined {
  if (row.dialect !== 'agentgateway' || !(row.programmed || lacksOnlyCertificate(row))) return undefined;
  switch (row.protocol) {
    case 'HTTP':
      return {bind: 'HTTP', listener: ListenerProtocol.HTTP};
    case 'HTTPS':
      return row.tls === undefined ? undefined : {bind: 'TLS', listener: ListenerProtocol.HTTPS};
    case 'TLS':
      return row.tls === undefined ? undefined : {bind: 'TLS', listener: ListenerProtocol.TLS};
    default:
      return undefined;
  }
}

const lacksOnlyCertificate = ({attachable, tls}: ListenerRow): boolean =>
  attachable && tls?.mode === 'Terminate' && tls.certificates.length === 0;

export const agentgatewayListeners: Collection<ResourceRow> = derive('agentgateway-listeners', {
  from: listeners,
  reads: [certificates],
  rows: (ctx, row) => {
    const protocol = wireProtocol(row);
    if (protocol === undefined) return undefined;
    const tls = tlsConfig(ctx, row);
    const [gatewayNamespace = '', gatewayName = ''] = row.gateway.split('/');
    return listenerResource(row.gateway, {
      key: listenerKey(row.gateway, row.name),
      bindKey: bindKey(row.gateway, row.port),
      name: {gatewayName, gatewayNamespace, listenerName: row.name},
      hostname: row.hostname,
      protocol: protocol.listener,
      ...(tls && {tls}),
    });
  },
});

/** What a proxy is given where there is no usable certificate: it refuses handshakes on it. */
const invalid = 'invalid';

/** Absent = cleartext, or TLS passed through. A listener takes one certificate: the first usable one. */
function tlsConfig(ctx: Context, {tls}: ListenerRow): TlsConfig | undefined {
  if (tls === undefined || tls.mode === 'Passthrough') return undefined;
  const [first] = tls.certificates;
  const row = first === undefined ? undefined : ctx.get(certificates, first);
  const text = new TextEncoder();
  return {cert: text.encode(row?.certificate ?? invalid), privateKey: text.encode(row?.privateKey ?? invalid)};
}
