/** The server at the other end of connections, and how a connection to it is made. */
import {isIP, type Socket} from 'node:net';
import {connect as connectTls, type ConnectionOptions, type TLSSocket} from 'node:tls';
import type {TlsMaterial} from './wire.ts';

export type Peer = {
  /** `https://10.96.0.1:443`; a path before those of requests is allowed. */
  readonly url: URL;
  /** Goes there instead of to the host of the URL. */
  readonly socketPath?: string;
  readonly tls: TlsMaterial;
};

/** Until a connection stands, handshake included, in milliseconds. */
const CONNECT_MS = 15_000;
/** Silence after which the kernel begins to ask whether the other end is still there. */
const KEEP_ALIVE_MS = 30_000;

export type Address = {readonly host: string; readonly port: number} | {readonly socketPath: string};

export function addressOf({url, socketPath}: Peer): Address {
  if (socketPath !== undefined) return {socketPath};
  const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
  return {host: bareHost(url), port};
}

/** Without the brackets that IPv6 addresses have in URLs. */
const bareHost = ({hostname}: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

export function tlsOptionsOf({url, tls}: Peer): ConnectionOptions {
  const host = bareHost(url);
  // An address is no server name; certificates are compared with the address then.
  return {host, servername: isIP(host) === 0 ? host : '', ...tls};
}

/** A TLS connection and what the server chose to speak on it. Rejects with what went wrong. */
export async function dialTls(peer: Peer, signal: AbortSignal): Promise<{socket: TLSSocket; protocol: string}> {
  const address = addressOf(peer);
  const place = 'socketPath' in address ? {path: address.socketPath} : address;
  const socket = connectTls({...place, ...tlsOptionsOf(peer), ALPNProtocols: ['h2', 'http/1.1']});
  await settled(socket, 'secureConnect', signal);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const {alpnProtocol} = socket;
  return {socket, protocol: typeof alpnProtocol === 'string' ? alpnProtocol : 'http/1.1'};
}

function settled(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      stop();
      socket.destroy();
      socket.on('error', () => {});
      reject(error);
    };
    const failed = (error: Error): void => fail(error);
    const closed = (): void => fail(new Error('the connection was closed before it stood'));
    const aborted = (): void => fail(new Error('the client was closed'));
    const late = setTimeout(() => fail(new Error(`no connection within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    const done = (): void => {
      stop();
      resolve();
    };
    const stop = (): void => {
      clearTimeout(late);
      socket.off('error', failed).off('close', closed).off(event, done);
      signal.removeEventListener('abort', aborted);
    };
    socket.on('error', failed).on('close', closed).on(event, done);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
  });
}
