import {request} from 'node:http';

/** The admin endpoint of a running Envoy, on loopback. Requests that fail or take over two seconds reject. */
export type EnvoyAdmin = {
  /** Configured and serving (`/ready`). */
  ready(): Promise<boolean>;
  /** `address:port` of the sockets it listens on for traffic. */
  listening(): Promise<readonly string[]>;
  /** Takes no new connections any more and asks clients of the open ones to leave. */
  drain(): Promise<void>;
  /** Requests of clients that are being answered. */
  activeRequests(): Promise<number>;
};

export function envoyAdmin(port: number): EnvoyAdmin {
  const ask = async (method: 'GET' | 'POST', path: string): Promise<{status: number; body: string}> =>
    new Promise((resolve, reject) => {
      const req = request({host: '127.0.0.1', port, method, path, timeout: 2_000, agent: false}, (res) => {
        let body = '';
        res.setEncoding('utf8');
        res.on('data', (part: string) => (body += part));
        res.on('end', () => resolve({status: res.statusCode ?? 0, body}));
        res.on('error', reject);
      });
      req.on('timeout', () => req.destroy(new Error('no answer in time')));
      req.on('error', reject);
      req.end();
    });
  return {
    async ready() {
      return (await ask('GET', '/ready')).status === 200;
    },
    async listening() {
      const {body} = await ask('GET', '/listeners');
      // One line each: `name::address:port`.
      return body.split('\n').flatMap((line) => {
        const at = line.indexOf('::');
        return at < 0 ? [] : [line.slice(at + 2).trim()];
      });
    },
    async drain() {
      // A failed health check makes the HTTP filters send `connection: close` and GOAWAY with their answers.
      await ask('POST', '/healthcheck/fail');
      await ask('POST', '/drain_listeners');
    },
    async activeRequests() {
      const {body} = await ask('GET', '/stats?filter=downstream_rq_active$');
      return body
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('http.admin.'))
        .map((line) => Number(line.slice(line.lastIndexOf(':') + 1)))
        .reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0);
    },
  };
}

/** Drains, then waits until no request is being answered, `limitMs` at most. */
export async function drainAndWait(admin: EnvoyAdmin, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  await admin.drain();
  while (Date.now() < until && (await admin.activeRequests()) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
