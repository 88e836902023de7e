/** HTTP exchanges with one server, whatever carries them. */
import type {Readable} from 'node:stream';

export type Exchange = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Ends the exchange whenever it aborts, also while the answer is read. */
  readonly signal: AbortSignal;
  /** The answer goes on for minutes: it must not take the last place on a connection. */
  readonly isLong: boolean;
};

export type Answer = {
  readonly status: number;
  /** Names in lower case; of repeated headers the first. */
  readonly header: (name: string) => string | undefined;
  /** The body, chunk by chunk. Throws where the connection is lost before the end. Not read is not received. */
  readonly chunks: AsyncIterable<Buffer>;
};

export type Wire = {
  /** Resolves when the head of the answer is there; rejects with an Error that says what happened to the connection. */
  send(exchange: Exchange): Promise<Answer>;
  /** Takes nothing more, and goes away when what is under way is done. */
  retire(): void;
  /** Goes away at once, with all that is under way. */
  close(): void;
};

/** What TLS needs; also tells one connection from another. */
export type TlsMaterial = {
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
};

export const firstOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'object' ? value[0] : value;

/**
 * A broken connection may look like the end of the stream: Node closes the stream without a word. Only what ended by its
 * own has ended.
 */
export async function* chunksOf(stream: Readable, isWhole: () => boolean): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of stream) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
  if (!stream.readableEnded || !isWhole()) throw new Error('the connection was lost in the middle of the answer');
}
