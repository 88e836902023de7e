/** What is broken changes nothing: manifests that are refused here, and resources that Envoy refuses. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {echoBackend, type Backend} from './harness/backends.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {gateway, http, prefixRule, ref, regex, route, servicesOf, type Manifest} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {startLoad, type Load, type Target} from './load/load.ts';

/** An RE2 expression that the syntax allows, and whose program takes more memory (8 MiB) than Envoy's library gives it. */
const tooLarge = `/${String.raw`(\w\w\w\w\w\w\w\w){1000}`.repeat(40)}`;
/** A program of some hundreds of instructions; left alone, Envoy refuses those above a hundred. */
const large = `/(${Array.from({length: 100}, (_, number) => `word${number}`).join('|')})`;

describeWithEnvoy('what is broken', () => {
  let sluice: Sluice;
  let port: number;
  let first: Backend;
  let second: Backend;
  let load: Load;

  const routeTo = (name: string, backend: Backend, more: readonly Record<string, unknown>[] = []): Manifest =>
    route(name, [prefixRule('/', backend.name), ...more], {hostnames: [`${name}.test`]});

  const answers = (name: string, backend: Backend, path = '/'): Promise<void> =>
    eventually(async () => {
      const {status, body} = await request({port, host: `${name}.test`, path});
      expect([status, body.includes(`"name":"${backend.name}"`)]).toEqual([200, true]);
    });

  const status = async (): Promise<Status> => JSON.parse(await sluice.admin('/status')) as Status; // StatusReport
  const programmed = async (): Promise<{readonly status: string; readonly message: string} | undefined> =>
    (await status()).statuses
      .find(({kind}) => kind === 'Gateway')
      ?.status.conditions.find(({type}) => type === 'Programmed');
  const rejected = async (): Promise<number> =>
    Number(/^sluice_xds_rejected\{dialect="envoy"\} (\d+)$/m.exec(await sluice.admin('/metrics'))?.[1]);

  beforeAll(async () => {
    port = await freePort();
    [first, second] = [await echoBackend('first'), await echoBackend('second')];
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [gateway('gw', [http('http', port)])],
        'services.yaml': servicesOf([first, second]),
        'a.yaml': [routeTo('a', first)],
        'b.yaml': [routeTo('b', first)],
        'c.yaml': [routeTo('c', first)],
      },
    });
    await answers('a', first);
    const judge: Target['judge'] = (answer) => (answer.status === 200 ? undefined : `answered ${answer.status}`);
    load = startLoad({
      targets: ['a', 'b'].map((name) => ({port, host: `${name}.test`, path: '/', judge})),
      keepAlive: 2,
      fresh: 1,
      slow: 1,
    });
  });

  describe('manifests', () => {
    const texts: readonly [what: string, text: string, problem: RegExp][] = [
      ['no YAML', 'kind: [HTTPRoute\n', /a\.yaml/],
      ['an unknown field', JSON.stringify({...routeOf('a'), extra: 1}), /extra/],
      ['a wrong type', JSON.stringify({...routeOf('a'), spec: {hostnames: 'a.test'}}), /hostnames/],
      ['empty braces', '{}', /a\.yaml/],
    ];

    it.each(texts)('%s: keeps what there was, and says so', async (_what, text, problem) => {
      writeFileSync(join(sluice.folder, 'manifests', 'a.yaml'), text);
      await eventually(async () => expect(JSON.stringify((await status()).problems)).toMatch(problem));
      expect((await request({port, host: 'a.test'})).body).toContain('"name":"first"');
      // Others are not held up.
      sluice.write('c.yaml', [routeTo('c', second)]);
      await answers('c', second);
      sluice.write('c.yaml', [routeTo('c', first)]);
      await answers('c', first);
      // Healed by an edit that changes something too.
      sluice.write('a.yaml', [routeTo('a', second)]);
      await answers('a', second);
      expect((await status()).problems).toEqual([]);
      sluice.write('a.yaml', [routeTo('a', first)]);
      await answers('a', first);
    });
  });

  describe('resources that Envoy refuses', () => {
    const bad = () => routeTo('b', second, [{matches: [regex(tooLarge)], backendRefs: [ref('second')]}]);

    it('leaves the last good version, tells it, and goes on with the others', async () => {
      // In one change with a good one, so that the good one has to be told apart.
      sluice.write('b.yaml', [bad(), routeTo('d', second)]);
      await answers('d', second);
      await eventually(async () => {
        expect((await programmed())?.message).toMatch(/b\.test.*(too large|regex)/i);
        expect(await rejected()).toBe(1);
      });
      expect((await programmed())?.status).toBe('True');
      await answers('b', first);
      expect(sluice.logs()).toMatch(/client rejects resources.*b\.test/);

      sluice.write('c.yaml', [routeTo('c', second)]);
      await answers('c', second);
      await answers('b', first);
    });

    it('serves all others also when Envoy is new', async () => {
      const [pid = 0] = sluice.envoyPids();
      await load.stop();
      process.kill(pid, 'SIGKILL');
      await eventually(() => expect(sluice.envoyPids()).not.toContain(pid));
      await answers('a', first);
      await answers('d', second);
      expect((await request({port, host: 'b.test'})).status).toBe(404);
      await eventually(async () => expect(await rejected()).toBe(1));
    });

    it('heals with the next edit', async () => {
      sluice.write('b.yaml', [routeTo('b', second)]);
      await answers('b', second);
      await eventually(async () => {
        expect(await programmed()).toMatchObject({status: 'True', message: ''});
        expect(await rejected()).toBe(0);
      });
    });
  });

  it('accepts regular expressions that Envoy alone would find too large', async () => {
    sluice.write('a.yaml', [
      route('a', [{matches: [regex(large)], backendRefs: [ref('second')]}], {hostnames: ['a.test']}),
    ]);
    await answers('a', second, '/word99');
    expect((await request({port, host: 'a.test', path: '/word100'})).status).toBe(404);
    expect(await rejected()).toBe(0);
  });

  it('lost no request in all of it', async () => {
    const report = await load.stop();
    console.log(`${report.requests} requests, ${report.failures} failed, slowest ${report.slowestMs} ms`);
    expect(report.firstFailures).toEqual([]);
    expect(report.requests).toBeGreaterThan(100);
  });
});

function routeOf(name: string): Manifest {
  return route(name, [prefixRule('/', 'first')], {hostnames: [`${name}.test`]});
}

type Status = {
  readonly problems: readonly unknown[];
  readonly statuses: readonly {
    readonly kind: string;
    readonly status: {
      readonly conditions: readonly {readonly type: string; readonly status: string; readonly message: string}[];
    };
  }[];
};
