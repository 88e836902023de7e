import {describe, expect, it} from 'vitest';
import type {ClientNode} from '../../src/xds/api.ts';
import {createNodeAuthenticator, type NodeAuthenticatorOptions} from '../../src/xds/scope.ts';

const ask = (node: Partial<ClientNode>, options?: NodeAuthenticatorOptions) =>
  createNodeAuthenticator(options)({
    node: {id: 'envoy', cluster: '', metadata: {}, userAgent: '', ...node},
    metadata: new Map(),
    peer: '127.0.0.1:1',
  });

const proxy = 'agentgateway~10.0.0.9~gw-1.default~default.svc.cluster.local';

describe('recognition by node', () => {
  it('knows an agentgateway proxy by its id and role', async () => {
    expect(await ask({id: proxy, metadata: {role: 'default~gw'}})).toEqual({
      scope: 'agentgateway/default/gw',
      profile: 'agentgateway',
    });
  });

  it.each([{}, {role: '~gw'}, {role: 'default~'}, {role: 'default'}, {role: 'a~b~c'}])(
    'refuses an agentgateway proxy with metadata %j',
    async (metadata) => {
      expect(await ask({id: proxy, metadata: {...metadata}, cluster: 'default/gw'})).toEqual({
        refused: expect.stringContaining('"role" must be <namespace>~<gateway>'),
      });
    },
  );

  it('knows an Envoy by its metadata, or else by its cluster', async () => {
    const expected = {scope: 'envoy/default/gw', profile: 'envoy'};
    expect(await ask({metadata: {'sluice.dev/gateway': 'default/gw'}, cluster: 'other/one'})).toEqual(expected);
    expect(await ask({cluster: 'default/gw'})).toEqual(expected);
  });

  it.each(['', 'gw', '/gw', 'a/b/c'])('refuses an Envoy of cluster "%s"', async (cluster) => {
    expect(await ask({cluster})).toEqual({refused: expect.stringContaining('must be <namespace>/<gateway>')});
  });

  it('puts the dialects it is given in front', async () => {
    const options = {envoyDialect: 'e', agentgatewayDialect: 'a'};
    expect(await ask({cluster: 'x/y'}, options)).toMatchObject({scope: 'e/x/y'});
    expect(await ask({id: proxy, metadata: {role: 'x~y'}}, options)).toMatchObject({scope: 'a/x/y'});
  });
});
