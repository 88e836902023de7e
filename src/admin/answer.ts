/** Answers over HTTP. Long ones are made bit by bit, so that nothing else has to wait until somebody has been told all. */
import type {ServerResponse} from 'node:http';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {setImmediate as turn} from 'node:timers/promises';

export type Answer = {
  readonly code: number;
  readonly type: string;
  /** Parts are made as they are sent. */
  readonly body: string | Iterable<string>;
};

const jsonType = 'application/json';

export const json = (value: unknown, code = 200): Answer => ({
  code,
  type: jsonType,
  body: `${JSON.stringify(value, undefined, 2)}\n`,
});

/** JSON whose text comes in parts. */
export const jsonParts = (parts: Iterable<string>): Answer => ({code: 200, type: jsonType, body: line(parts)});

function* line(parts: Iterable<string>): Generator<string> {
  yield* parts;
  yield '\n';
}

export const text = (body: string, code = 200): Answer => ({
  code,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

/** A JSON list, item by item, each on a line of its own. */
export function* jsonList(items: Iterable<unknown>): Generator<string> {
  let separator = '[\n';
  for (const item of items) {
    yield separator + JSON.stringify(item);
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
}

/** Resolves when it is sent; rejects where the client goes away, and where a part cannot be made. */
export async function send(response: ServerResponse, {code, type, body}: Answer): Promise<void> {
  const isHead = response.req.method === 'HEAD';
  response.writeHead(code, {
    'content-type': type,
    'cache-control': 'no-store',
    ...(typeof body === 'string' && {'content-length': Buffer.byteLength(body)}),
  });
  if (isHead) response.end();
  else if (typeof body === 'string') response.end(body);
  else await pipeline(Readable.from(inPieces(body)), response);
}

/** Characters sent at a time, and milliseconds before others have their turn. */
const pieceSize = 64 * 1024;
const sliceMs = 10;

async function* inPieces(parts: Iterable<string>): AsyncGenerator<string> {
  let piece = '';
  let began = performance.now();
  for (const part of parts) {
    piece += part;
    if (piece.length >= pieceSize) {
      yield piece;
      piece = '';
    }
    if (performance.now() - began >= sliceMs) {
      await turn();
      began = performance.now();
    }
  }
  yield piece;
}
