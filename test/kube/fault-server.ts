/**
 * An API server for tests, in this process, that lists and watches as a real one does, and fails in every way that tests
 * ask for. What real servers do is checked in test/cluster.
 */
import {createServer as createHttp, type Server} from 'node:http';
import {createSecureServer} from 'node:http2';
import {createServer as createHttps} from 'node:https';
import type {AddressInfo, Socket} from 'node:net';
import type {Credentials} from '../../src/kube/credentials.ts';
import {ecCertificate, ecKey} from '../api/test-certificates.ts';
import {answer, type Ask, type Reply} from './fault-answers.ts';
import {ObjectStore} from './object-store.ts';

export type Fault =
  /** An answer other than the right one. */
  | {
      readonly is: 'status';
      readonly status: number;
      readonly reason?: string;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** No answer, for ever. */
  | {readonly is: 'hang'}
  | {readonly is: 'slow'; readonly ms: number}
  /** The stream is reset, or the whole connection, before anything is said. */
  | {readonly is: 'reset'}
  | {readonly is: 'disconnect'}
  /** The right answer, but after so many bytes of it the connection is lost. */
  | {readonly is: 'cut'; readonly bytes: number}
  /** A watch says so many lines, then something else. */
  | {readonly is: 'after'; readonly lines: number; readonly next: Interruption};

export type Interruption =
  | {readonly is: 'end'}
  | {readonly is: 'error'; readonly code: number; readonly reason: string}
  | {readonly is: 'line'; readonly text: string}
  | {readonly is: 'goaway'};

export type Logged = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  readonly protocol: string;
  /** Of the connection, counted from 1. */
  readonly connection: number;
};

export type FaultServerOptions = {
  readonly protocol?: 'h2' | 'http/1.1' | 'plain';
  readonly maxConcurrentStreams?: number;
  readonly socketPath?: string;
};

export class FaultServer {
  readonly store = new ObjectStore();
  readonly requests: Logged[] = [];
  /** Decides on each request; undefined for the right answer. */
  fault: (request: Logged) => Fault | undefined = () => undefined;
  /** How a watch that asks for everything is answered: rightly, with 422, with an ERROR in the stream, as one that does not. */
  watchLists: 'served' | 'refused' | 'failing' | 'unknown' = 'served';
  /** `group/version` (`v1` for the core group) -> plurals. */
  readonly served = new Map<string, Set<string>>();
  /** A bookmark after each so many events; 0 for none but that at the end of everything. */
  bookmarkEvery = 3;
  /** Streams of watches that are open, by what ends them. */
  readonly watches = new Map<Reply, Logged>();
  readonly sockets = new Set<Socket>();
  readonly #server: Server | ReturnType<typeof createSecureServer>;
  readonly #protocol: 'h2' | 'http/1.1' | 'plain';
  readonly #socketPath: string | undefined;
  #connections = 0;
  readonly #numbers = new WeakMap<object, number>();

  private constructor({protocol = 'h2', maxConcurrentStreams = 100, socketPath}: FaultServerOptions) {
    this.#protocol = protocol;
    this.#socketPath = socketPath;
    const tls = {cert: ecCertificate, key: ecKey};
    this.#server =
      protocol === 'h2'
        ? createSecureServer({...tls, settings: {maxConcurrentStreams}})
        : protocol === 'plain'
          ? createHttp()
          : createHttps(tls);
    this.#server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    this.#server.on('request', (request: Ask, reply: Reply) => {
      // Whoever breaks off in the middle of a request gets no answer.
      this.#take(request, reply).catch(() => {});
    });
    this.#server.on('sessionError', () => {});
  }

  static async start(options: FaultServerOptions = {}): Promise<FaultServer> {
    const server = new FaultServer(options);
    await server.listen(options.socketPath ?? 0);
    return server;
  }

  async listen(place: string | number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (typeof place === 'string') this.#server.listen(place, resolve);
      else this.#server.listen(place, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0;
  }

  get url(): string {
    const scheme = this.#protocol === 'plain' ? 'http' : 'https';
    return this.#socketPath === undefined ? `${scheme}://127.0.0.1:${this.port}` : `${scheme}://api.example.com`;
  }

  /** Of a client that trusts it and has a token. */
  credentials(port: number = this.port): Credentials {
    return {
      server: this.#socketPath === undefined ? this.url.replace(/\d+$/, String(port)) : this.url,
      read: () => ({
        tls: {ca: ecCertificate, servername: 'a.example.com'},
        headers: {authorization: 'Bearer secret'},
      }),
    };
  }

  /** Adds kinds to what is served, by collection path. */
  serve(...collections: readonly string[]): void {
    for (const path of collections) {
      const [, groupVersion = '', plural = ''] = /^\/apis?\/(.*)\/([^/]+)$/.exec(path) ?? [];
      const plurals = this.served.get(groupVersion) ?? new Set<string>();
      this.served.set(groupVersion, plurals.add(plural));
    }
  }

  withdraw(path: string): void {
    const [, groupVersion = '', plural = ''] = /^\/apis?\/(.*)\/([^/]+)$/.exec(path) ?? [];
    const plurals = this.served.get(groupVersion);
    plurals?.delete(plural);
    if (plurals?.size === 0) this.served.delete(groupVersion);
    for (const [reply, request] of this.watches) if (request.path === path) reply.end();
  }

  /** Ends every connection. */
  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Paths asked for, watches marked, in order. */
  asked(): readonly string[] {
    return this.requests.map(({path, query}) => {
      if (query.get('watch') !== 'true') return query.has('continue') ? `more ${path}` : `list ${path}`;
      return `${query.has('sendInitialEvents') ? 'everything' : 'watch'} ${path}`;
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.disconnect();
    await closed;
  }

  async #take(ask: Ask, reply: Reply): Promise<void> {
    reply.on('error', () => {});
    let body = '';
    for await (const chunk of ask) body += String(chunk);
    const url = new URL(ask.url ?? '/', 'http://server');
    const request: Logged = {
      method: ask.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: ask.headers,
      body,
      protocol: ask.httpVersion,
      connection: this.#numberOf(ask),
    };
    this.requests.push(request);
    answer(this, request, reply, this.fault(request));
  }

  #numberOf(ask: Ask): number {
    const connection = 'stream' in ask ? (ask.stream.session ?? ask) : ask.socket;
    const known = this.#numbers.get(connection) ?? ++this.#connections;
    this.#numbers.set(connection, known);
    return known;
  }
}
