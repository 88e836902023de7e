import {request as httpRequest, type ClientRequest, type IncomingMessage} from 'node:http';
import {connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders} from 'node:http2';
import {request as httpsRequest} from 'node:https';
import {connect as connectTls, TLSSocket, type PeerCertificate} from 'node:tls';

export type Request = {
  readonly port: number;
  /** `Host`, or `:authority`; `localhost` by default. */
  readonly host?: string;
  /** `/` by default. Sent as it stands. */
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Absent = plain text. `ca` is PEM; the certificate has to be valid for `sni`. */
  readonly tls?: {readonly sni: string; readonly ca: string};
  /** HTTP/1.1 by default. HTTP/2 is spoken over TLS only. */
  readonly version?: '1.1' | '2';
  /** For everything, 10 s by default. */
  readonly timeoutMs?: number;
};

export type Response = {
  readonly status: number;
  /** Names lower case; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** SHA-256 of the server's certificate, with TLS. */
  readonly fingerprint?: string;
};

/** One request on a connection of its own to 127.0.0.1. Redirects are not followed. Rejects where no answer comes. */
export function request(wanted: Request): Promise<Response> {
  return wanted.version === '2' ? requestHttp2(wanted) : requestHttp1(wanted);
}

const loopback = '127.0.0.1';

function requestHttp1(wanted: Request): Promise<Response> {
  const {port, host = 'localhost', path = '/', method = 'GET', headers = {}, body, tls, timeoutMs = 10_000} = wanted;
  const options = {host: loopback, port, path, method, headers: {host, ...copy(headers)}, agent: false};
  return new Promise((resolve, reject) => {
    const sent: ClientRequest =
      tls === undefined ? httpRequest(options) : httpsRequest({...options, servername: tls.sni, ca: tls.ca});
    const limit = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    sent.once('close', () => clearTimeout(limit));
    sent.once('error', reject);
    sent.once('response', (response: IncomingMessage) => {
      const {socket, statusCode = 0} = response;
      const peer = socket instanceof TLSSocket ? fingerprintOf(socket.getPeerCertificate()) : {};
      readAll(response).then(
        (text) => resolve({status: statusCode, headers: flat(response.headers), body: text, ...peer}),
        reject,
      );
    });
    sent.end(body);
  });
}

async function requestHttp2(wanted: Request): Promise<Response> {
  const {port, host = 'localhost', path = '/', method = 'GET', headers = {}, body, tls, timeoutMs = 10_000} = wanted;
  if (tls === undefined) throw new Error('HTTP/2 is spoken over TLS only');
  const session = openHttp2({port, tls});
  try {
    return await new Promise<Response>((resolve, reject) => {
      session.once('error', reject);
      const names = {':authority': host, ':path': path, ':method': method, ...copy(headers)};
      const stream = session.request(names, {endStream: body === undefined});
      const limit = setTimeout(() => stream.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      stream.once('close', () => clearTimeout(limit));
      stream.once('error', reject);
      stream.once('response', (fields) => {
        const {socket} = session;
        const peer = socket instanceof TLSSocket ? fingerprintOf(socket.getPeerCertificate()) : {};
        const status = fields[':status'] ?? 0;
        readAll(stream).then((text) => resolve({status, headers: flat(fields), body: text, ...peer}), reject);
      });
      if (body !== undefined) stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

/** An HTTP/2 session that can be kept, for several requests on one connection. The caller destroys it. */
export function openHttp2({
  port,
  tls,
}: {
  readonly port: number;
  readonly tls: {sni: string; ca: string};
}): ClientHttp2Session {
  return connectHttp2(`https://${tls.sni}:${port}`, {
    createConnection: () => connectTls({host: loopback, port, servername: tls.sni, ca: tls.ca, ALPNProtocols: ['h2']}),
  });
}

/** A TLS handshake and nothing after it: what the server presents. */
export function handshake(wanted: {
  readonly port: number;
  readonly sni?: string;
  readonly alpn?: readonly string[];
}): Promise<{
  readonly fingerprint: string;
  readonly protocol: string;
}> {
  const {port, sni, alpn = []} = wanted;
  return new Promise((resolve, reject) => {
    const named = sni === undefined ? {} : {servername: sni};
    // What is presented is looked at, not trusted.
    const socket = connectTls({host: loopback, port, ...named, ALPNProtocols: [...alpn], rejectUnauthorized: false});
    socket.setTimeout(5_000, () => socket.destroy(new Error('no handshake in time')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const {fingerprint} = fingerprintOf(socket.getPeerCertificate());
      resolve({fingerprint, protocol: socket.alpnProtocol || ''});
      socket.destroy();
    });
  });
}

const fingerprintOf = (certificate: PeerCertificate): {readonly fingerprint: string} => ({
  fingerprint: certificate.fingerprint256,
});

const copy = (headers: NonNullable<Request['headers']>): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
