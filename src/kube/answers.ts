/** Answers of an API server: their bodies, and what it means when it says no. */
import {isRecord} from '../schema/record.ts';
import {ApiError, TooLargeError} from './client.ts';
import type {Answer} from './wire.ts';

/** The whole body. Throws TooLargeError. */
export async function readBody({chunks}: Answer, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new TooLargeError(`the answer has more than ${limit} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
}

/** As much of the body as the limit allows; what is beyond it, or lost, is not missed. */
export async function readStart({chunks}: Answer, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= limit) break;
    }
  } catch {
    // The head of the answer has said what matters.
  }
  return Buffer.concat(parts);
}

/** Undefined for an empty body. Throws an Error where it is not JSON. */
export function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Error(`the answer is not JSON, it begins with ${JSON.stringify(body.toString('utf8', 0, 60))}`);
  }
}

/** `what`: the request, for the message. The body is a metav1.Status, or what a proxy before the server had to say. */
export function apiError(what: string, {status, header}: Answer, body: Buffer, now: Date): ApiError {
  const found = statusIn(body);
  const retryAfterMs = retryAfter(header('retry-after'), now);
  const title = found.reason === '' ? String(status) : `${status} ${found.reason}`;
  const message = found.message === '' ? '' : `: ${found.message}`;
  return new ApiError(`${what}: ${title}${message}`, {status, reason: found.reason, retryAfterMs});
}

/** How much of a text that is no Status goes into a message. */
const SHOWN = 200;

function statusIn(body: Buffer): {readonly reason: string; readonly message: string} {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (isRecord(value)) return {reason: textOf(value['reason']), message: textOf(value['message'])};
  } catch {
    // Text, HTML or nothing.
  }
  return {reason: '', message: body.toString('utf8', 0, SHOWN).trim()};
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** RFC 9110: seconds, or a date. */
function retryAfter(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}
