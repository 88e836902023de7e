/** A server that reviews tokens over HTTP, and a client of it. What a real one answers is checked in test/cluster. */
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';
import type {KubeClient} from '../../../src/kube/client.ts';
import {createKubeClient} from '../../../src/kube/kube-client.ts';
import {type TokenServer, tokenServer} from './token-server.ts';

export type TokenReviewServer = {
  readonly tokens: TokenServer;
  readonly client: KubeClient;
  stop(): void;
};

export async function startTokenReviewServer(): Promise<TokenReviewServer> {
  const tokens = tokenServer();
  const server = createServer((request, response) => {
    void (async () => {
      const body: unknown = JSON.parse(await text(request));
      const answer = await tokens.client.request({method: 'POST', path: request.url ?? '', body});
      response.writeHead(answer.status, {'content-type': 'application/json'}).end(JSON.stringify(answer.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo; // it listens on TCP
  const credentials = {server: `http://127.0.0.1:${port}`, read: () => ({tls: {}, headers: {}})};
  const client = createKubeClient(credentials, {version: 'test'});
  return {
    tokens,
    client,
    stop: () => {
      client.close();
      server.close();
    },
  };
}
