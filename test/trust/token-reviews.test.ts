import {describe, expect, it} from 'vitest';
import {createTokenReviews, type TokenReviews} from '../../src/trust/token-reviews.ts';
import {machine, simulatedTime, type SimulatedTime} from '../kube/simulated-time.ts';
import {apiForbids, apiIsDown, type TokenServer, tokenServer} from './support/token-server.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const start = new Date('2030-01-02T03:04:05Z');

function rig(audiences = ['sluice']): {reviews: TokenReviews; server: TokenServer; time: SimulatedTime} {
  const time = simulatedTime();
  const server = tokenServer();
  return {time, server, reviews: createTokenReviews({client: server.client, audiences, clock: machine(time).clock})};
}
const secondsFromStart = (seconds: number): number => start.getTime() / 1000 + seconds;

describe('reviews of tokens', () => {
  it('ask the API server with the audience, and tell whose the token is', async () => {
    const {reviews, server} = rig(['sluice', 'agentgateway']);
    const token = server.token({namespace: 'team-a', name: 'web', audience: 'agentgateway', pod: 'web-1'});
    expect(await reviews.review(token)).toEqual({
      genuine: true,
      user: 'system:serviceaccount:team-a:web',
      pod: 'web-1',
    });
    expect(server.requests).toEqual([
      {
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        timeoutMs: 10_000,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: {token, audiences: ['sluice', 'agentgateway']},
        },
      },
    ]);
  });

  it('say why a token is not valid', async () => {
    const {reviews, server} = rig();
    expect(await reviews.review('made-up')).toEqual({
      genuine: false,
      reason: 'the token is not valid: [invalid bearer token, unknown]',
    });
    expect(await reviews.review(server.token({audience: 'vault'}))).toEqual({
      genuine: false,
      reason: 'the token is not valid: token audiences ["vault"] is invalid for the target audiences',
    });
  });

  // Story: a server that does not know of audiences says yes to a token of any of them.
  it('do not take a yes that says nothing of the audience', async () => {
    const {reviews, server} = rig();
    for (const audiences of [undefined, [], ['other'], 'sluice']) {
      server.answer = {status: {authenticated: true, user: {username: 'system:serviceaccount:a:b'}, audiences}};
      expect(await reviews.review(`token-${String(audiences)}`)).toEqual({
        genuine: false,
        reason: 'the token is not for the audience sluice',
      });
    }
  });

  it('do not take a yes without a user', async () => {
    const {reviews, server} = rig();
    server.answer = {status: {authenticated: true, audiences: ['sluice']}};
    expect(await reviews.review('token')).toMatchObject({genuine: false});
  });

  it.each([undefined, 'text', {}, {status: 'yes'}, []])('cannot decide by the answer %j', async (answer) => {
    const {reviews, server} = rig();
    server.answer = answer ?? null;
    await expect(reviews.review('token')).rejects.toThrow('the answer of the API server is no TokenReview');
  });

  it('are shared by all who ask for the same token at once', async () => {
    const {reviews, server} = rig();
    const tokens = [server.token({name: 'a'}), server.token({name: 'b'})];
    server.hold();
    const asked = Array.from({length: 200}, (_, i) => reviews.review(tokens[i % 2] ?? ''));
    expect(server.requests).toHaveLength(2);
    server.release();
    const users = new Set((await Promise.all(asked)).map((verdict) => JSON.stringify(verdict)));
    expect(users.size).toBe(2);
    expect(reviews.counts()).toEqual({asked: 2, failed: 0, remembered: 198});
  });

  it('of a genuine token stand for five minutes', async () => {
    const {reviews, server, time} = rig();
    const token = server.token({expires: secondsFromStart(3600)});
    expect(await reviews.review(token)).toMatchObject({genuine: true});
    server.revoke(token, 'the ServiceAccount was deleted');
    await time.advance(5 * MINUTE - SECOND);
    expect(await reviews.review(token)).toMatchObject({genuine: true});
    await time.advance(2 * SECOND);
    expect(await reviews.review(token)).toEqual({
      genuine: false,
      reason: 'the token is not valid: the ServiceAccount was deleted',
    });
    expect(server.requests).toHaveLength(2);
  });

  it('of a token that ends sooner stand until then', async () => {
    const {reviews, server, time} = rig();
    const token = server.token({expires: secondsFromStart(30)});
    expect(await reviews.review(token)).toMatchObject({genuine: true});
    server.revoke(token, 'token has expired');
    await time.advance(29 * SECOND);
    expect(await reviews.review(token)).toMatchObject({genuine: true});
    await time.advance(2 * SECOND);
    expect(await reviews.review(token)).toEqual({
      genuine: false,
      reason: 'the token is not valid: token has expired',
    });
  });

  // Story: a lifetime of 0 is one without end to the cache.
  it('of a token that has ended already stand for no time', async () => {
    const {reviews, server, time} = rig();
    const token = server.token({expires: secondsFromStart(-100)});
    expect(await reviews.review(token)).toMatchObject({genuine: true});
    await time.advance(2);
    await reviews.review(token);
    expect(server.requests).toHaveLength(2);
  });

  it('of a token that is not genuine stand for ten seconds', async () => {
    const {reviews, server, time} = rig();
    const token = server.token({});
    server.revoke(token, 'not yet');
    for (let i = 0; i < 20; i++) expect(await reviews.review(token)).toMatchObject({genuine: false});
    expect(server.requests).toHaveLength(1);
    await time.advance(9 * SECOND);
    await reviews.review(token);
    expect(server.requests).toHaveLength(1);
    await time.advance(2 * SECOND);
    await reviews.review(token);
    expect(server.requests).toHaveLength(2);
  });

  it('that fail are failures for all who wait, and are not remembered', async () => {
    const {reviews, server} = rig();
    const token = server.token({});
    server.failure = apiIsDown;
    server.hold();
    const asked = [reviews.review(token), reviews.review(token)];
    server.release();
    for (const each of asked)
      await expect(each).rejects.toThrow('tokens cannot be checked: POST tokenreviews: connection refused');
    server.failure = apiForbids;
    await expect(reviews.review(token)).rejects.toThrow('403 Forbidden');
    server.failure = undefined;
    expect(await reviews.review(token)).toMatchObject({genuine: true});
    expect(reviews.counts()).toEqual({asked: 3, failed: 2, remembered: 1});
  });

  // Story: a proxy before the API server repeats the request in the page with which it refuses it.
  it('never repeat the token in an error', async () => {
    const {reviews, server} = rig();
    const token = server.token({});
    server.failure = () => new Error(`502 Bad Gateway: you said {"token":"${token}"}`);
    const error = await reviews.review(token).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(token);
    expect(String(error)).toContain('you said {"token":"[token]"}');
  });
});
