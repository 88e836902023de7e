/** What the API server asks a kubelet for when somebody reads the logs of a Pod. */
import {readFileSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {createServer} from 'node:https';
import type {ContainerLog, LogQuery} from './container-log.ts';
import {hostIP, kubeletPort} from './node-object.ts';

export type LogServerOptions = {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
  readonly find: (namespace: string, pod: string, container: string) => ContainerLog | undefined;
};

export async function startLogServer({certificate, key, find}: LogServerOptions): Promise<void> {
  const tls = {cert: readFileSync(certificate), key: readFileSync(key)};
  const server = createServer(tls, (request, response) => answer(request, response, find));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(kubeletPort, hostIP, resolve);
  });
}

function answer(request: IncomingMessage, response: ServerResponse, find: LogServerOptions['find']): void {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, what, namespace = '', pod = '', container = ''] = url.pathname.split('/').map(decodeURIComponent);
  if (what !== 'containerLogs') {
    response.writeHead(404).end(`the kubelet of the rig serves /containerLogs alone, not ${url.pathname}\n`);
    return;
  }
  const log = find(namespace, pod, container);
  if (log === undefined) {
    response.writeHead(404).end(`there is no container ${container} in Pod ${namespace}/${pod}\n`);
    return;
  }
  const query = queryOf(url.searchParams);
  response.writeHead(200, {'content-type': 'text/plain'});
  if (url.searchParams.get('follow') !== 'true') {
    response.end(log.read(query));
    return;
  }
  response.write(log.read(query));
  const stop = log.follow(query, (text) => response.write(text));
  response.once('close', stop);
}

/** The fields of PodLogOptions, as they come in the query. */
function queryOf(params: URLSearchParams): LogQuery {
  const time = params.get('sinceTime');
  const seconds = params.get('sinceSeconds');
  const tail = params.get('tailLines');
  return {
    ...(time !== null && {since: Date.parse(time)}),
    ...(seconds !== null && {since: Date.now() - Number(seconds) * 1000}),
    ...(tail !== null && {tailLines: Number(tail)}),
    timestamps: params.get('timestamps') === 'true',
  };
}
