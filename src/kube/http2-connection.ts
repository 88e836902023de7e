/** One HTTP/2 connection: how many exchanges it may carry, whether it is alive, and how it ends. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type {TLSSocket} from 'node:tls';
import {carriedSocket} from './carried-socket.ts';
import {type Health, type HealthOptions, watchHealth} from './http2-health.ts';
import {type Answer, chunksOf, type Exchange, firstOf} from './wire.ts';

/** The server has not looked at it, and says so: it may be sent again elsewhere. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export type Http2ConnectionOptions = {
  readonly health: HealthOptions;
  /** It can take exchanges again, or never will. */
  readonly onChange: () => void;
  /** An exchange was waited for in vain, and nothing else came either. */
  readonly onSilence: () => void;
};

/** What one stream may have on its way, and all of a connection together. */
const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 8 * 1024 * 1024;
/** MiB that Node lets a session hold before it refuses to go on; its default of 10 is too little for many watches. */
const SESSION_MEMORY = 256;
/** Where the server sets no limit. */
const MAX_STREAMS = 1000;
/** Places that exchanges which go on for minutes leave to others. */
const reservedOf = (max: number): number => Math.min(8, Math.ceil(max / 4));

export class Http2Connection {
  readonly #session: ClientHttp2Session;
  readonly #options: Http2ConnectionOptions;
  readonly #socket: TLSSocket;
  readonly #health: Health;
  /** Resolves when the server has told how much it allows, or the connection is gone. */
  readonly isReady: Promise<void>;
  #markReady = (): void => {};
  /** What is sent before the server has told would wait at the other end, unseen, for as long as watches last. */
  #maxStreams = 0;
  #underWay = 0;
  #longOnes = 0;
  #isOpen = true;
  #isGone = false;
  /** Why we ended it, where we did. */
  #reason: string | undefined;

  constructor(origin: string, socket: TLSSocket, options: Http2ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.isReady = new Promise((resolve) => {
      this.#markReady = resolve;
    });
    this.#session = connect(origin, {
      createConnection: () => carriedSocket(socket),
      settings: {initialWindowSize: STREAM_WINDOW, enablePush: false},
      maxSessionMemory: SESSION_MEMORY,
    });
    this.#session
      .on('connect', (session) => session.setLocalWindowSize(CONNECTION_WINDOW))
      .on('remoteSettings', ({maxConcurrentStreams = MAX_STREAMS}) => {
        this.#maxStreams = Math.min(maxConcurrentStreams, MAX_STREAMS);
        this.#markReady();
        options.onChange();
      })
      .on('goaway', () => this.#shut())
      .on('error', () => this.#shut())
      .on('close', () => {
        this.#health.stop();
        this.#isGone = true;
        this.#isOpen = false;
        this.#markReady();
        options.onChange();
      });
    this.#health = watchHealth(this.#session, socket, options.health, (reason) => this.destroy(reason));
  }

  /** Whether it takes exchanges at all. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether nothing is under way on it, nor ever will be. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether it has a place for an exchange of that kind. */
  hasPlace(isLong: boolean): boolean {
    if (!this.#isOpen || this.#underWay >= this.#maxStreams) return false;
    return !isLong || this.#longOnes < Math.max(1, this.#maxStreams - reservedOf(this.#maxStreams));
  }

  send(exchange: Exchange): Promise<Answer> {
    const {isLong, body} = exchange;
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(
        {...exchange.headers, ':method': exchange.method, ':path': exchange.path},
        {endStream: body === undefined},
      );
    } catch (error) {
      // Thrown before anything is sent: the session was closed a moment ago.
      this.#shut();
      return Promise.reject(new RefusedError(error instanceof Error ? error.message : String(error)));
    }
    this.#underWay++;
    if (isLong) this.#longOnes++;
    stream.once('close', () => {
      this.#underWay--;
      if (isLong) this.#longOnes--;
      this.#options.onChange();
    });
    if (body !== undefined) stream.end(body);
    return this.#answer(stream, exchange.signal);
  }

  /** Asks for a sign of life, without waiting until it is time for that. */
  suspect(): void {
    this.#health.suspect();
  }

  /** Lets what is under way finish. */
  retire(): void {
    this.#shut();
    this.#session.close();
  }

  destroy(reason: string): void {
    this.#reason = reason;
    this.#shut();
    this.#session.destroy();
  }

  #answer(stream: ClientHttp2Stream, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let error: Error | undefined;
      let isAnswered = false;
      const read = this.#socket.bytesRead;
      const abort = (): void => {
        if (!isAnswered && this.#socket.bytesRead === read) this.#options.onSilence();
        stream.close(constants.NGHTTP2_CANCEL);
        stream.destroy(new Error('the exchange was ended'));
      };
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      stream.on('error', (cause) => {
        error = cause;
      });
      // Not every way to lose a connection is an error to Node, but all of them close the stream.
      stream.once('close', () => {
        signal.removeEventListener('abort', abort);
        const message = this.#reason ?? error?.message ?? 'the connection was lost before an answer came';
        const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
        reject(isRefused ? new RefusedError('the server refused the request unseen') : new Error(message));
      });
      stream.once('response', (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
        isAnswered = true;
        resolve({
          status: headers[':status'] ?? 0,
          header: (name) => firstOf(headers[name]),
          chunks: this.#chunks(stream),
        });
      });
    });
  }

  async *#chunks(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* chunksOf(stream, () => !stream.aborted);
    } catch (error) {
      throw this.#reason === undefined ? error : new Error(this.#reason);
    }
  }

  /** Takes nothing more. */
  #shut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#options.onChange();
  }
}
