import {status} from '@grpc/grpc-js';
import {afterEach, describe, expect, it} from 'vitest';
import {infraName} from '../../src/api/infra-name.ts';
import {
  createTokenAuthenticator,
  type TokenAuthenticator,
  type TokenAuthenticatorOptions,
} from '../../src/trust/token-authenticator.ts';
import {createTokenReviews} from '../../src/trust/token-reviews.ts';
import type {ClientNode, Identity, Refusal, XdsServer} from '../../src/xds/api.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {ModelClient} from '../xds/support/model-client.ts';
import {cluster} from '../xds/support/resources.ts';
import {connectModel, until, type WireStream} from '../xds/support/wire-client.ts';
import {type CollectedLog, collectedLog} from './support/collected-log.ts';
import {apiIsDown, type TokenServer, tokenServer} from './support/token-server.ts';

type Rig = {readonly auth: TokenAuthenticator; readonly api: TokenServer; readonly log: CollectedLog};

function rig(options: Partial<TokenAuthenticatorOptions> = {}): Rig {
  const api = tokenServer();
  const log = collectedLog();
  const auth = createTokenAuthenticator({
    reviews: createTokenReviews({client: api.client, audiences: ['sluice', 'agentgateway']}),
    identify: createNodeAuthenticator(),
    serviceAccountOf: (gateway) => infraName(gateway.slice(gateway.indexOf('/') + 1)),
    log,
    ...options,
  });
  return {auth, api, log};
}

const envoy = (gateway: string, id = 'proxy'): ClientNode => ({id, cluster: gateway, metadata: {}, userAgent: 'envoy'});
const agentgateway = (namespace: string, gateway: string, pod = 'gw-1'): ClientNode => ({
  id: `agentgateway~10.1.2.3~${pod}.${namespace}~${namespace}.svc.cluster.local`,
  cluster: '',
  metadata: {role: `${namespace}~${gateway}`},
  userAgent: '',
});
const ask = ({auth}: Rig, node: ClientNode, authorization?: string): Promise<Identity | Refusal> =>
  auth.authenticate({
    node,
    metadata: new Map(authorization === undefined ? [] : [['authorization', authorization]]),
    peer: '127.0.0.1:1',
  });

describe('authentication by token', () => {
  it('lets a proxy in with the token of its Gateway’s ServiceAccount', async () => {
    const all = rig();
    const token = all.api.token({namespace: 'team-a', name: 'web', pod: 'web-1'});
    expect(await ask(all, envoy('team-a/web', 'web-1.team-a'), `Bearer ${token}`)).toEqual({
      scope: 'envoy/team-a/web',
      profile: 'envoy',
    });
    const other = all.api.token({namespace: 'team-a', name: 'web', pod: 'web-2', audience: 'agentgateway'});
    expect(await ask(all, agentgateway('team-a', 'web', 'web-2'), `bearer  ${other} `)).toEqual({
      scope: 'agentgateway/team-a/web',
      profile: 'agentgateway',
    });
    expect(all.auth.counts()).toMatchObject({accepted: 2});
    expect(all.log.lines[0]?.fields).toEqual({
      node: 'web-1.team-a',
      gateway: 'team-a/web',
      serviceAccount: 'team-a/web',
      pod: 'web-1',
    });
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer a b', 'Bearer a\u00e4'])(
    'asks for a token where the header is %j, and does not ask the API server',
    async (header) => {
      const all = rig();
      expect(await ask(all, envoy('team-a/web'), header)).toEqual({
        refused: 'there is no bearer token in the header "authorization"',
        unauthenticated: true,
      });
      expect(all.api.requests).toEqual([]);
      expect(all.auth.counts()).toMatchObject({'no-token': 1, accepted: 0});
    },
  );

  it('refuses a token that is not valid, is for somebody else, or has expired, with the reason', async () => {
    const all = rig();
    const expired = all.api.token({namespace: 'team-a', name: 'web'});
    all.api.revoke(expired, '[invalid bearer token, service account token has expired]');
    const foreign = all.api.token({namespace: 'team-a', name: 'web', audience: 'vault'});
    expect(await ask(all, envoy('team-a/web'), 'Bearer made-up')).toEqual({
      refused: 'the token is not valid: [invalid bearer token, unknown]',
      unauthenticated: true,
    });
    expect(await ask(all, envoy('team-a/web'), `Bearer ${expired}`)).toEqual({
      refused: 'the token is not valid: [invalid bearer token, service account token has expired]',
      unauthenticated: true,
    });
    expect(await ask(all, envoy('team-a/web'), `Bearer ${foreign}`)).toEqual({
      refused: 'the token is not valid: token audiences ["vault"] is invalid for the target audiences',
      unauthenticated: true,
    });
    expect(all.auth.counts()).toMatchObject({'bad-token': 3, accepted: 0});
  });

  it.each([
    ['another Gateway of the namespace', {namespace: 'team-a', name: 'api'}, 'ServiceAccount team-a/api'],
    ['a Gateway of that name elsewhere', {namespace: 'team-b', name: 'web'}, 'ServiceAccount team-b/web'],
  ])('refuses the token of %s', async (_what, of, who) => {
    const all = rig();
    expect(await ask(all, envoy('team-a/web'), `Bearer ${all.api.token(of)}`)).toEqual({
      refused: `${who} may not have the configuration of Gateway team-a/web: that is for ServiceAccount team-a/web`,
    });
    expect(all.auth.counts()).toMatchObject({'other-gateway': 1, accepted: 0});
  });

  it.each(['admin', 'system:serviceaccount:team-a', 'system:serviceaccount:team-a:web:x', 'system:node:web'])(
    'refuses %s, who is no ServiceAccount',
    async (user) => {
      const all = rig();
      expect(await ask(all, envoy('team-a/web'), `Bearer ${all.api.token({user})}`)).toEqual({
        refused: `${user} is not a ServiceAccount`,
      });
    },
  );

  it('refuses who does not say which Gateway it is for, before anything else', async () => {
    const all = rig();
    const token = all.api.token({namespace: 'team-a', name: 'web'});
    expect(await ask(all, envoy('web'), `Bearer ${token}`)).toMatchObject({
      refused: expect.stringContaining('must be <namespace>/<gateway>'),
    });
    expect(all.api.requests).toEqual([]);
    expect(all.auth.counts()).toMatchObject({'not-recognised': 1});
  });

  it('refuses a Pod that says that it is another', async () => {
    const all = rig();
    const token = all.api.token({namespace: 'team-a', name: 'web', pod: 'web-1'});
    const refused = {refused: 'the node says that it is Pod web-2, its token is of Pod web-1'};
    expect(await ask(all, agentgateway('team-a', 'web', 'web-2'), `Bearer ${token}`)).toEqual(refused);
    expect(await ask(all, envoy('team-a/web', 'web-2.team-a'), `Bearer ${token}`)).toEqual(refused);
    expect(all.auth.counts()).toMatchObject({'other-pod': 2, accepted: 0});
    // Ids that name no Pod, and tokens that are of none, tell nothing.
    for (const id of ['proxy', 'team-a/web', 'team-a/x.team-a', '.team-a']) {
      expect(await ask(all, envoy('team-a/web', id), `Bearer ${token}`)).toMatchObject({scope: 'envoy/team-a/web'});
    }
    const loose = all.api.token({namespace: 'team-a', name: 'web'});
    expect(await ask(all, envoy('team-a/web', 'web-2.team-a'), `Bearer ${loose}`)).toMatchObject({profile: 'envoy'});
  });

  it('knows Gateways with names that no ServiceAccount of ours has', async () => {
    const all = rig();
    const gateway = `${'long-'.repeat(15)}name`;
    const token = all.api.token({namespace: 'team-a', name: infraName(gateway)});
    expect(infraName(gateway).length).toBeLessThanOrEqual(63);
    expect(await ask(all, envoy(`team-a/${gateway}`), `Bearer ${token}`)).toMatchObject({
      scope: `envoy/team-a/${gateway}`,
    });
    const other = all.api.token({namespace: 'team-a', name: gateway});
    expect(await ask(all, envoy(`team-a/${gateway}`), `Bearer ${other}`)).toHaveProperty('refused');
  });

  it('lets in ServiceAccounts that are bound to a Gateway, whatever they call their proxies', async () => {
    const all = rig({
      serviceAccountOf: () => undefined,
      bindings: (gateway) => (gateway === 'team-a/web' ? ['edge/proxy'] : []),
    });
    const token = all.api.token({namespace: 'edge', name: 'proxy', pod: 'p-1'});
    expect(await ask(all, envoy('team-a/web', 'mine.team-a'), `Bearer ${token}`)).toMatchObject({profile: 'envoy'});
    expect(await ask(all, envoy('team-a/api'), `Bearer ${token}`)).toEqual({
      refused:
        'ServiceAccount edge/proxy may not have the configuration of Gateway team-a/api: that is for no ServiceAccount',
    });
    // Where there is no ServiceAccount of ours, one of that name is nothing special.
    const same = all.api.token({namespace: 'team-a', name: 'undefined'});
    expect(await ask(all, envoy('team-a/web'), `Bearer ${same}`)).toHaveProperty('refused');
  });

  it('cannot decide without the API server, and says so instead of refusing', async () => {
    const all = rig();
    const token = all.api.token({namespace: 'team-a', name: 'web'});
    all.api.failure = apiIsDown;
    await expect(ask(all, envoy('team-a/web'), `Bearer ${token}`)).rejects.toThrow('tokens cannot be checked');
    expect(all.auth.counts()).toMatchObject({'not-decided': 1, accepted: 0, 'bad-token': 0});
    all.api.failure = undefined;
    expect(await ask(all, envoy('team-a/web'), `Bearer ${token}`)).toMatchObject({profile: 'envoy'});
    // What is known already needs nobody.
    all.api.failure = apiIsDown;
    expect(await ask(all, envoy('team-a/web'), `Bearer ${token}`)).toMatchObject({profile: 'envoy'});
  });
});

describe('authentication by token on the wire', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  async function serve(all: Rig): Promise<{server: XdsServer; port: number}> {
    const server = createXdsServer({authenticate: all.auth.authenticate, log: all.log});
    cleanups.push(() => server.stop());
    const port = await server.listen('127.0.0.1:0');
    server.apply([
      {new: cluster.make('mine', {scope: 'envoy/team-a/web'})},
      {new: cluster.make('theirs', {scope: 'envoy/team-a/api'})},
    ]);
    server.markSynced();
    return {server, port};
  }

  function proxy(port: number, gateway: string, token?: string): {model: ModelClient; stream: WireStream} {
    const model = new ModelClient({mode: 'envoy', store: {version: () => undefined}, node: envoy(gateway)});
    const headers: Record<string, string> = token === undefined ? {} : {authorization: `Bearer ${token}`};
    const stream = connectModel(model, port, {headers});
    cleanups.push(() => stream.close());
    model.subscribe(typeUrls.cluster);
    return {model, stream};
  }

  it('shows each proxy its own Gateway, and ends the streams of others with what is wrong', async () => {
    const all = rig();
    const {server, port} = await serve(all);
    const web = all.api.token({namespace: 'team-a', name: 'web'});
    const mine = proxy(port, 'team-a/web', web);
    await until(() => Object.keys(mine.model.contents(typeUrls.cluster)).length > 0);
    expect(Object.keys(mine.model.contents(typeUrls.cluster))).toEqual(['mine']);

    const curious = proxy(port, 'team-a/api', web);
    expect(await curious.stream.status).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('ServiceAccount team-a/web may not have'),
    });
    expect(await proxy(port, 'team-a/web').stream.status).toMatchObject({code: status.UNAUTHENTICATED});
    expect(await proxy(port, 'team-a/web', 'made-up').stream.status).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'the token is not valid: [invalid bearer token, unknown]',
    });
    all.api.failure = apiIsDown;
    const fresh = all.api.token({namespace: 'team-a', name: 'web'});
    expect(await proxy(port, 'team-a/web', fresh).stream.status).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'cannot authenticate at the moment',
    });
    expect(curious.model.messages).toEqual([]);
    expect(server.clients()).toHaveLength(1);
    expect(all.auth.counts()).toEqual({
      accepted: 1,
      'not-recognised': 0,
      'no-token': 1,
      'bad-token': 1,
      'other-gateway': 1,
      'other-pod': 0,
      'not-decided': 1,
    });
    const logged = JSON.stringify(all.log.lines);
    for (const token of [web, fresh]) expect(logged).not.toContain(token);
  });

  it('asks the API server once for each token, though two hundred connect at the same moment', async () => {
    const all = rig();
    const {server, port} = await serve(all);
    const tokens = ['web', 'api'].map((name) => ({name, token: all.api.token({namespace: 'team-a', name})}));
    all.api.hold();
    for (let i = 0; i < 200; i++) {
      const {name, token} = tokens[i % 2] ?? {name: '', token: ''};
      proxy(port, `team-a/${name}`, token);
    }
    await until(() => all.api.requests.length === 2, 20_000);
    all.api.release();
    await until(() => server.clients().length === 200, 20_000);
    expect(all.api.requests).toHaveLength(2);
    expect(all.auth.counts()).toMatchObject({accepted: 200});
  });
});
