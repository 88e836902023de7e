/** One watch, from its beginning to whatever ends it. */
import {ApiError, type KubeClient, TooLargeError} from './client.ts';
import type {Clock} from './clock.ts';
import {isExpired} from './listing.ts';
import type {End, ReflectorMeter, ReflectorSink, Relist, Source} from './reflector-types.ts';
import type {Turns} from './turns.ts';
import {readEvent, versionOf, type WatchEvent} from './watch-event.ts';

export type WatchOptions = {
  readonly clock: Clock;
  readonly meter: ReflectorMeter;
  readonly turns: Turns;
  readonly signal: AbortSignal;
  /** How long the server is asked to keep it, in seconds. */
  readonly seconds: number;
  /** Where to go on. Undefined: everything there is comes first ("streaming lists"). */
  readonly from: string | undefined;
  /** The server has agreed to the watch. */
  readonly onBegin: () => void;
  /** All is known as of the version, and again after each change. */
  readonly onVersion: (version: string) => void;
};

/** A server that does not end the watch when it should is not waited for longer than that. */
const GRACE_MS = 30_000;
/** Silence before everything has come, after which the server is taken not to know what it was asked. */
const FIRST_SILENCE_MS = 30_000;

/** Puts what it hears into the sink. Never rejects. */
export async function watch(
  client: KubeClient,
  {path, query, accept}: Source,
  sink: ReflectorSink,
  options: WatchOptions,
): Promise<End> {
  const {clock, meter, turns, signal, seconds, from, onBegin, onVersion} = options;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const cancelLimit = clock.after(seconds * 1000 + GRACE_MS, end);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();

  let relist: Relist | undefined = from === undefined ? sink.relist() : undefined;
  let version = from;
  let heard = clock.now();
  let isSilent = false;
  let cancelSilence = (): void => {};
  const awaitFirst = (): void => {
    cancelSilence = clock.after(FIRST_SILENCE_MS / 3, () => {
      isSilent = clock.now() - heard >= FIRST_SILENCE_MS;
      if (isSilent) end();
      else awaitFirst();
    });
  };
  if (relist !== undefined) awaitFirst();

  /** Undefined while the watch goes on. */
  const take = (event: WatchEvent): End | undefined => {
    meter.event(event.is, 1);
    try {
      return put(event);
    } catch (error) {
      // A fault of ours, which may have left something half done.
      return {is: 'doubtful', message: error instanceof Error ? (error.stack ?? error.message) : String(error)};
    }
  };

  const put = (event: WatchEvent): End | undefined => {
    switch (event.is) {
      case 'nonsense':
        return {is: 'doubtful', message: event.message};
      case 'error': {
        const message = `${event.code} ${event.reason}: ${event.message}`;
        if (relist !== undefined) return {is: 'no-watch-list', never: false, message};
        if (event.code === 410) return {is: 'expired', message};
        if (event.code === 429 || event.code >= 500) return {is: 'failed', error: new Error(`GET ${path}: ${message}`)};
        return {is: 'doubtful', message};
      }
      case 'bookmark':
        if (relist !== undefined && event.endsInitial) {
          relist.done();
          relist = undefined;
          cancelSilence();
        }
        return reach(event.resourceVersion);
      case 'added':
      case 'modified':
        if (relist === undefined) sink.set(event.object);
        else relist.take(event.object);
        return reach(versionOf(event.object));
      case 'deleted':
        (relist ?? sink).removed(event.object);
        return reach(versionOf(event.object));
    }
  };

  const reach = (reached: string | undefined): End | undefined => {
    if (relist !== undefined || reached === undefined) return undefined;
    if (version !== undefined && isBefore(reached, version)) {
      return {is: 'doubtful', message: `the server went back from version ${version} to ${reached}`};
    }
    version = reached;
    onVersion(reached);
    return undefined;
  };

  try {
    const lines = client.lines({
      path,
      query: {...query, ...queryOf(from), timeoutSeconds: String(seconds)},
      ...(accept !== undefined && {accept: accept.watch}),
      signal: ending.signal,
      onBegin,
    });
    for await (const line of lines) {
      if (signal.aborted) return {is: 'stopped'};
      heard = clock.now();
      meter.bytes(line.length + 1);
      const over = take(readEvent(line));
      if (over !== undefined) return over;
      const turn = turns.over();
      if (turn !== undefined) await turn;
    }
    if (signal.aborted) return {is: 'stopped'};
    if (relist !== undefined) return {is: 'failed', error: new Error(`GET ${path}: ended before everything was sent`)};
    return {is: 'ended'};
  } catch (error) {
    if (signal.aborted) return {is: 'stopped'};
    if (isSilent) return {is: 'no-watch-list', never: false, message: 'nothing came'};
    if (ending.signal.aborted) return {is: 'ended'};
    return failure(error, relist !== undefined);
  } finally {
    cancelLimit();
    cancelSilence();
    signal.removeEventListener('abort', end);
  }
}

function queryOf(from: string | undefined): Readonly<Record<string, string>> {
  const common = {watch: 'true', allowWatchBookmarks: 'true'};
  if (from !== undefined) return {...common, resourceVersion: from};
  return {...common, sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan'};
}

function failure(error: unknown, isInitial: boolean): End {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TooLargeError) {
    return isInitial ? {is: 'no-watch-list', never: false, message} : {is: 'doubtful', message};
  }
  if (!(error instanceof ApiError)) return {is: 'failed', error};
  const {status} = error;
  if (isInitial && (status === 400 || status === 422)) return {is: 'no-watch-list', never: true, message};
  if (isExpired(error)) return {is: 'expired', message};
  // A version that the server has not reached: its store is another one, such as an older copy.
  if (/too large resource version/i.test(message) || status === 400 || status === 422) return {is: 'doubtful', message};
  return {is: 'failed', error};
}

/** Versions are decimal numbers; where they are not, nothing is concluded from them. */
function isBefore(a: string, b: string): boolean {
  return /^\d+$/.test(a) && /^\d+$/.test(b) && (a.length === b.length ? a < b : a.length < b.length);
}
