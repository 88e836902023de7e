/** A list, page by page, so that no page holds the process up for long. */
import {isRecord} from '../schema/record.ts';
import {ApiError, type KubeClient, TooLargeError} from './client.ts';
import type {End, ReflectorMeter, ReflectorSink, Source} from './reflector-types.ts';
import {type RawObject, versionOf} from './watch-event.ts';

/** Objects of a page at first, and at most. */
const PAGE = 500;
/** What a page should have; more takes too long to parse at a stretch. */
const PAGE_BYTES = 1024 * 1024;
/** A list that has to come in one piece may take longer than other answers. */
const WHOLE_MS = 120_000;

type Page = {
  readonly items: readonly RawObject[];
  readonly token: string;
  readonly version: string;
  readonly bytes: number;
};

/** Reads everything into the sink. Never rejects. */
export async function list(
  client: KubeClient,
  source: Source,
  sink: ReflectorSink,
  {meter, signal}: {readonly meter: ReflectorMeter; readonly signal: AbortSignal},
): Promise<End> {
  let relist = sink.relist();
  let token = '';
  /** Objects of the next page; undefined for all there are. */
  let limit: number | undefined = PAGE;
  /** What is known not to be too large; it only falls, so that this ends. */
  let most = PAGE;
  for (;;) {
    let page: Page;
    try {
      page = await readPage(client, source, {limit, token, signal});
    } catch (error) {
      if (signal.aborted) return {is: 'stopped'};
      if (error instanceof TooLargeError && limit !== 1) {
        most = Math.ceil((limit ?? most) / 8);
        limit = most;
      } else if (isExpired(error) && token !== '') {
        // The server forgot the state that the pages are of. Read in one piece, it cannot.
        limit = undefined;
      } else {
        return {is: 'failed', error};
      }
      token = '';
      relist = sink.relist();
      continue;
    }
    if (signal.aborted) return {is: 'stopped'};
    meter.bytes(page.bytes);
    meter.event('listed', page.items.length);
    for (const item of page.items) relist.take(item);
    if (page.token === '') {
      relist.done();
      return {is: 'listed', version: page.version};
    }
    token = page.token;
    limit = Math.min(most, fitting(page, limit ?? most));
  }
}

/** 410 with either of its reasons. */
export const isExpired = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');

async function readPage(
  client: KubeClient,
  {path, query, accept}: Source,
  {limit, token, signal}: {readonly limit: number | undefined; readonly token: string; readonly signal: AbortSignal},
): Promise<Page> {
  const {body, bytes = 0} = await client.request({
    method: 'GET',
    path,
    query: {
      ...query,
      ...(limit !== undefined && {limit: String(limit)}),
      ...(token !== '' && {continue: token}),
    },
    ...(accept !== undefined && {accept: accept.list}),
    signal,
    ...(limit === undefined && {timeoutMs: WHOLE_MS}),
  });
  const items = isRecord(body) ? (body['items'] ?? []) : undefined;
  const version = isRecord(body) ? versionOf(body) : undefined;
  if (!isRecord(body) || version === undefined || !Array.isArray(items)) {
    throw new Error(`GET ${path}: the answer is no list of an API server`);
  }
  const {metadata, apiVersion, kind} = body;
  const next = isRecord(metadata) ? metadata['continue'] : undefined;
  const ofItem = {apiVersion, kind: typeof kind === 'string' ? kind.replace(/List$/, '') : kind};
  return {
    // Items of core kinds leave to the list what they are.
    items: items.map((item: unknown): RawObject => (isRecord(item) ? {...ofItem, ...item} : {})),
    token: typeof next === 'string' ? next : '',
    version,
    bytes,
  };
}

/** So many objects that a page of them has about the size it should have, as far as the last page tells. */
function fitting({items, bytes}: Page, limit: number): number {
  if (items.length === 0 || bytes === 0) return limit;
  return Math.min(PAGE, Math.max(1, Math.floor(PAGE_BYTES / (bytes / items.length))));
}
