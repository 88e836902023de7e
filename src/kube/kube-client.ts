/** KubeClient over the network: credentials, time limits, and every failure in words. */
import {setMaxListeners} from 'node:events';
import {apiError, parseBody, readBody, readStart} from './answers.ts';
import {
  ApiError,
  ConnectionError,
  type KubeClient,
  type KubeRequest,
  type KubeStreamRequest,
  TooLargeError,
} from './client.ts';
import {type Clock, systemClock} from './clock.ts';
import {type Access, cacheAccess, type Credentials} from './credentials.ts';
import {defaultHealth} from './http2-health.ts';
import {LineSplitter} from './line-splitter.ts';
import {createWire} from './negotiated-wire.ts';
import type {Answer, Wire} from './wire.ts';

export type KubeClientOptions = {
  /** Of Sluice: servers see it as `sluice/VERSION`. */
  readonly version: string;
  readonly clock?: Clock;
  /** Milliseconds without a sign of life before the server is asked for one, and before it is given up then. */
  readonly health?: {readonly idleMs: number; readonly answerMs: number};
  /** A Unix socket on which the server listens; its URL then only names it. */
  readonly socketPath?: string;
  /** Bytes of one line of a stream; 64 MiB by default. */
  readonly maxLineBytes?: number;
  /** Bytes of any other answer; 256 MiB by default. */
  readonly maxBodyBytes?: number;
};

const MIB = 1024 * 1024;
const TIMEOUT_MS = 30_000;
/** What an error may say. */
const MAX_ERROR_BYTES = MIB;

export function createKubeClient(credentials: Credentials, options: KubeClientOptions): KubeClient {
  return new HttpKubeClient(credentials, options);
}

class HttpKubeClient implements KubeClient {
  readonly #server: URL;
  readonly #shown: string;
  readonly #options: KubeClientOptions;
  readonly #clock: Clock;
  readonly #access: {current(): Promise<Access>; renewed(refused: Access): Promise<Access>};
  readonly #closing = new AbortController();
  /** Connections of one identity: another certificate needs others. */
  #wire: {readonly access: Access; readonly identity: string; readonly wire: Wire} | undefined;

  constructor(credentials: Credentials, options: KubeClientOptions) {
    this.#server = new URL(credentials.server);
    this.#shown = credentials.server;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#access = cacheAccess(credentials, this.#clock);
    // Every exchange that is under way listens.
    setMaxListeners(0, this.#closing.signal);
  }

  async request(request: KubeRequest): ReturnType<KubeClient['request']> {
    const call = new Call(
      `${request.method} ${request.path} at ${this.#shown}`,
      request,
      this.#closing.signal,
      this.#clock,
    );
    try {
      const answer = await this.#ask(call, request, false);
      const body = await readBody(answer, this.#options.maxBodyBytes ?? 256 * MIB);
      return {status: answer.status, body: parseBody(body), bytes: body.length};
    } catch (error) {
      throw call.failure(error);
    } finally {
      call.end();
    }
  }

  async *lines(request: KubeStreamRequest): AsyncGenerator<Buffer, void, undefined> {
    const call = new Call(`GET ${request.path} at ${this.#shown}`, request, this.#closing.signal, this.#clock);
    const splitter = new LineSplitter(this.#options.maxLineBytes ?? 64 * MIB);
    try {
      const {chunks} = await this.#ask(call, {...request, method: 'GET'}, true);
      call.hasBegun();
      request.onBegin?.();
      for await (const chunk of chunks) yield* splitter.take(chunk);
      if (splitter.isInLine) throw new Error('the answer ended in the middle of a line');
    } catch (error) {
      throw call.failure(error);
    } finally {
      call.end();
    }
  }

  close(): void {
    this.#closing.abort();
    this.#wire?.wire.close();
  }

  /** An answer that is not a no. */
  async #ask(call: Call, request: KubeRequest, isLong: boolean): Promise<Answer> {
    const access = await call.orEnd(this.#access.current());
    let answer = await this.#send(call, request, isLong, access);
    if (answer.status === 401) {
      const body = await readStart(answer, MAX_ERROR_BYTES);
      const renewed = await call.orEnd(this.#access.renewed(access));
      if (isSame(renewed, access)) throw apiError(call.what, answer, body, this.#clock.date());
      answer = await this.#send(call, request, isLong, renewed);
    }
    if (answer.status >= 400) {
      throw apiError(call.what, answer, await readStart(answer, MAX_ERROR_BYTES), this.#clock.date());
    }
    if (answer.status < 200 || answer.status >= 300) {
      throw new Error(`answered with status ${answer.status}, which no API server does`);
    }
    return answer;
  }

  #send(call: Call, request: KubeRequest, isLong: boolean, access: Access): Promise<Answer> {
    const {method, path, query = {}, body, contentType = 'application/json', accept = 'application/json'} = request;
    call.signal.throwIfAborted();
    const search = new URLSearchParams(query).toString();
    const prefix = this.#server.pathname.replace(/\/$/, '');
    return this.#wireFor(access).send({
      method,
      path: `${prefix}${path}${search === '' ? '' : `?${search}`}`,
      headers: {
        ...access.headers,
        accept,
        'user-agent': `sluice/${this.#options.version}`,
        ...(body !== undefined && {'content-type': contentType}),
      },
      ...(body !== undefined && {body: Buffer.from(JSON.stringify(body))}),
      signal: call.signal,
      isLong,
    });
  }

  #wireFor(access: Access): Wire {
    const last = this.#wire;
    if (last?.access === access) return last.wire;
    const identity = JSON.stringify(access.tls);
    if (last?.identity === identity) {
      this.#wire = {...last, access};
      return last.wire;
    }
    last?.wire.retire();
    const {socketPath, health = defaultHealth} = this.#options;
    const peer = {url: this.#server, tls: access.tls, ...(socketPath !== undefined && {socketPath})};
    const wire = createWire(peer, {...health, clock: this.#clock});
    this.#wire = {access, identity, wire};
    return wire;
  }
}

const isSame = (a: Access, b: Access): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** One request on its way: what may end it, and what its end is called. */
class Call {
  readonly what: string;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #client: AbortSignal;
  readonly #timeoutMs: number;
  readonly #cancelTimer: () => void;
  #isLate = false;
  readonly #abort = (): void => this.#controller.abort();

  constructor(what: string, {signal, timeoutMs = TIMEOUT_MS}: KubeStreamRequest, client: AbortSignal, clock: Clock) {
    this.what = what;
    this.#caller = signal;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    for (const source of [signal, client]) {
      if (source?.aborted === true) this.#abort();
      source?.addEventListener('abort', this.#abort);
    }
    this.#cancelTimer = clock.after(timeoutMs, () => {
      this.#isLate = true;
      this.#abort();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the promise resolves to, unless the call ends before: a program that gives out credentials may never end. */
  orEnd<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const {signal} = this.#controller;
      const ended = (): void => reject(new Error('the exchange was ended'));
      signal.addEventListener('abort', ended);
      if (signal.aborted) ended();
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', ended));
    });
  }

  /** The answer has begun, and takes as long as it takes. */
  hasBegun(): void {
    this.#cancelTimer();
  }

  /** Lets go of everything, also of an answer that nobody reads to its end. */
  end(): void {
    this.#cancelTimer();
    for (const source of [this.#caller, this.#client]) source?.removeEventListener('abort', this.#abort);
    this.#abort();
  }

  /** What to reject with. */
  failure(error: unknown): unknown {
    if (this.#caller?.aborted === true) return this.#caller.reason;
    if (error instanceof ApiError) return error;
    if (error instanceof TooLargeError) return new TooLargeError(`${this.what}: ${error.message}`);
    const message = error instanceof Error ? error.message : String(error);
    const late = this.#isLate ? `no answer within ${this.#timeoutMs / 1000} s` : undefined;
    const closed = this.#client.aborted ? 'the client was closed' : undefined;
    return new ConnectionError(`${this.what}: ${closed ?? late ?? message}`, {cause: error});
  }
}
