import {describe, expect, it} from 'vitest';
import {ApiError, ConnectionError, TooLargeError} from '../../src/kube/client.ts';
import type {LiveObject} from '../../src/kube/live-objects.ts';
import {failureOf} from '../../src/status/kube-failure.ts';
import {isNewer, liveNameOf, objectNameOf, rowKeyOf} from '../../src/status/kube-status-entry.ts';

const answer = (status: number, retryAfterMs?: number): ApiError =>
  new ApiError(`says ${status}`, {status, reason: '', retryAfterMs});

describe('what a failure means to a status', () => {
  it.each([
    [400, 'refused'],
    [401, 'unavailable'],
    [403, 'forbidden'],
    [404, 'gone'],
    [405, 'refused'],
    [409, 'conflict'],
    [410, 'gone'],
    [413, 'refused'],
    [415, 'refused'],
    [418, 'failed'],
    [422, 'refused'],
    [429, 'unavailable'],
    [500, 'failed'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'failed'],
  ])('answered with %i it has %s', (status, kind) => {
    expect(failureOf(answer(status)).kind).toBe(kind);
  });

  it('hears when it may ask again', () => {
    expect(failureOf(answer(429, 2_000))).toEqual({kind: 'unavailable', reason: 'says 429', retryAfterMs: 2_000});
    expect(failureOf(answer(500, 3_000))).toMatchObject({retryAfterMs: 3_000});
  });

  it('tells a server that is away from an answer that cannot be used', () => {
    expect(failureOf(new ConnectionError('reset')).kind).toBe('unavailable');
    expect(failureOf(new TooLargeError('more than 256 MiB')).kind).toBe('failed');
    expect(failureOf('anything').kind).toBe('failed');
  });
});

describe('versions of an object', () => {
  const object = (resourceVersion: string): LiveObject => ({
    apiVersion: 'v1',
    uid: 'u',
    resourceVersion,
    generation: 1,
    status: undefined,
  });

  it.each([
    ['100', '99', true],
    ['99', '100', false],
    ['101', '100', true],
    ['100', '100', false],
    ['123456789012345678901', '123456789012345678900', true],
    ['b', 'a', false],
    ['', '1', false],
  ])('%s is newer than %s: %s', (one, other, expected) => {
    expect(isNewer(object(one), object(other))).toBe(expected);
  });
});

describe('names of an object', () => {
  it('lead from a row to what is watched and back', () => {
    const route = {apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace: 'a', name: 'b'};
    expect(liveNameOf(route)).toEqual({groupKind: 'gateway.networking.k8s.io/HTTPRoute', key: 'a/b'});
    expect(objectNameOf(liveNameOf(route), route.apiVersion)).toEqual(route);
    expect(rowKeyOf(liveNameOf(route))).toBe('HTTPRoute/a/b');
    const node = {apiVersion: 'v1', kind: 'Node', name: 'n'};
    expect(liveNameOf(node)).toEqual({groupKind: '/Node', key: 'n'});
    expect(objectNameOf(liveNameOf(node), 'v1')).toEqual(node);
    expect(rowKeyOf(liveNameOf(node))).toBe('Node/n');
  });
});
