/** Tables of requests and what has to come of each. */
import {expect, it} from 'vitest';
import type {Echo} from './backends.ts';
import {request, type Request, type Response} from './request.ts';

export type Expected = {
  /** 200 by default. */
  readonly status?: number;
  /** Name of the backend that has answered. */
  readonly backend?: string;
  /** Path and query, method and headers as the backend saw them; a header that is `undefined` must not be there. */
  readonly path?: string;
  readonly method?: string;
  readonly seen?: Readonly<Record<string, string | undefined>>;
  /** Headers of the answer, likewise; asymmetric matchers too. */
  readonly headers?: Readonly<Record<string, unknown>>;
};

export type Case = {readonly what: string; readonly send: Omit<Request, 'port'>; readonly expected: Expected};

/** Shorthand for a row of a table. */
export const when = (what: string, send: Case['send'], expected: Expected): Case => ({what, send, expected});

/** One test per case, against a port that is known once the tests run. */
export function testCases(port: () => number, cases: readonly Case[]): void {
  // oxlint-disable-next-line vitest/expect-expect -- expectResponse asserts
  it.each(cases)('$what', async ({send, expected}) => {
    expectResponse(await request({...send, port: port()}), expected);
  });
}

/** Compares all that is expected at once, so that a failure shows the whole picture. */
export function expectResponse(response: Response, expected: Expected): void {
  const {status = 200, backend, path, method, seen = {}, headers = {}} = expected;
  const echo = echoOf(response);
  const actual = {
    status: response.status,
    ...(backend !== undefined && {backend: echo?.name}),
    ...(path !== undefined && {path: echo?.path}),
    ...(method !== undefined && {method: echo?.method}),
    seen: pick(echo?.headers ?? {}, Object.keys(seen)),
    headers: pick(response.headers, Object.keys(headers)),
  };
  const wanted = {
    status,
    ...(backend !== undefined && {backend}),
    ...(path !== undefined && {path}),
    ...(method !== undefined && {method}),
    seen,
    headers,
  };
  expect(actual, `${response.status} ${response.body}`).toEqual(wanted);
}

/** What the backend saw; undefined where the answer is not a backend's. */
export function echoOf({body, headers}: Pick<Response, 'body' | 'headers'>): Echo | undefined {
  if (headers['content-type'] !== 'application/json') return undefined;
  return JSON.parse(body) as Echo; // the body that backends.ts writes
}

const pick = (record: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, record[name]]));
