import {request} from 'node:http';
import {afterEach, describe, expect, it} from 'vitest';
import {type Answer, json, jsonList, jsonParts, text} from '../../src/admin/answer.ts';
import {createHttpServer, type HttpServer} from '../../src/admin/http-server.ts';
import {eventually, recordingLog} from '../provision/recording-log.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serving(answer: (method: string, url: URL) => Promise<Answer>) {
  const log = recordingLog();
  const server = createHttpServer(log, answer);
  servers.push(server);
  const port = await server.listen({host: '127.0.0.1', port: 0});
  return {log, port, get: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)};
}

describe('answers', () => {
  it('come as they are, with their length', async () => {
    const {get} = await serving(async (_method, {pathname}) => (pathname === '/json' ? json({a: 1}) : text('é', 418)));
    const first = await get('/json');
    expect(first.headers.get('content-type')).toBe('application/json');
    expect(await first.json()).toEqual({a: 1});
    const second = await get('/');
    expect(second.status).toBe(418);
    expect(second.headers.get('content-length')).toBe('3');
    expect(second.headers.get('cache-control')).toBe('no-store');
    const head = await get('/', {method: 'HEAD'});
    expect(head.headers.get('content-length')).toBe('3');
    expect(await head.text()).toBe('');
  });

  it('are JSON lists, also of nothing', () => {
    const lists = [[], [1], [{a: 'b'}, null]].map((items) => [...jsonList(items)].join(''));
    expect(lists).toEqual(['[]', '[\n1\n]', '[\n{"a":"b"},\nnull\n]']);
  });

  // Decoding the resources of a large Gateway takes seconds, in which no proxy was answered.
  it('let others have their turn while a long one is made', async () => {
    const spend = (ms: number): void => {
      const until = performance.now() + ms;
      while (performance.now() < until);
    };
    function* long(): Generator<number> {
      for (let i = 0; i < 100; i++) {
        spend(3);
        yield i;
      }
    }
    const {get} = await serving(async (_method, {pathname}) =>
      pathname === '/long' ? jsonParts(jsonList(long())) : text('short'),
    );
    const done: string[] = [];
    const answered = get('/long')
      .then((response) => response.json())
      .then((items) => {
        done.push('long');
        return items;
      });
    await get('/short').then(() => done.push('short'));
    expect(await answered).toHaveLength(100);
    expect(done).toEqual(['short', 'long']);
  });

  it('are made no further when nobody is there any more', async () => {
    let parts = 0;
    function* endless(): Generator<string> {
      for (;;) {
        parts++;
        yield 'x'.repeat(10_000);
      }
    }
    const {port, log} = await serving(async () => jsonParts(endless()));
    const asking = request({port, host: '127.0.0.1', path: '/'}, (response) => {
      response.once('data', () => asking.destroy());
    });
    asking.on('error', () => {});
    asking.end();
    await eventually('the first part', () => parts > 0);
    let before = -1;
    await eventually('no further part', async () => {
      before = parts;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return parts === before;
    });
    expect(log.messages('error')).toEqual([]);
  });

  it('say no more than that something failed, and the log says what', async () => {
    const {get, log} = await serving(async () => {
      throw new Error('the secret reason');
    });
    const response = await get('/');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('internal error, see the log\n');
    expect(log.messages('error')).toEqual(['request failed']);
  });

  it('do not look complete where they broke off', async () => {
    function* broken(): Generator<string> {
      yield 'x'.repeat(100_000);
      throw new Error('no');
    }
    const {get, log} = await serving(async () => jsonParts(broken()));
    await expect(get('/').then((response) => response.text())).rejects.toThrow('terminated');
    expect(log.messages('error')).toEqual(['answer broken off']);
  });

  it('are given to odd requests too', async () => {
    const {port} = await serving(async () => text('fine'));
    const status = await new Promise((resolve) => {
      request({port, host: '127.0.0.1', path: '//[', method: 'GET'}, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(400);
  });
});
