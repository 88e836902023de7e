/** The Envoys that Sluice runs: killed ones come back, ports that are taken are waited for, nothing is left behind. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, describe, expect, it} from 'vitest';
import {echoBackend, type Backend} from './harness/backends.ts';
import {www} from './harness/certificates.ts';
import {cleanUpLater} from './harness/clean-up.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {gateway, http, https, prefixRule, route, servicesOf, tlsSecret} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {startLoad} from './load/load.ts';
import {clientsAtRest} from './load/sent.ts';

const types = 6;

describeWithEnvoy('the Envoys of Sluice', () => {
  describe('killed', () => {
    let sluice: Sluice;
    let port: number;
    let tlsPort: number;

    beforeAll(async () => {
      [port, tlsPort] = [await freePort(), await freePort()];
      const backends = [await echoBackend('one'), await echoBackend('two')];
      sluice = await startSluice({
        manifests: {
          'gateway.yaml': [gateway('gw', [http('http', port), https('https', tlsPort, 'www')]), tlsSecret('www', www)],
          'services.yaml': servicesOf(backends),
          'routes.yaml': backends.map(({name}) =>
            route(name, [prefixRule('/', name)], {hostnames: [`${name}.example.org`]}),
          ),
        },
      });
      await clientsAtRest(sluice, types, 10_000);
    });

    it('is started again and has the same configuration', async () => {
      const [old = {pid: 0, adminPort: 0}] = sluice.envoys();
      const before = await configurationOf(old.adminPort);
      process.kill(old.pid, 'SIGKILL');
      const began = performance.now();
      await eventually(async () => {
        expect((await request({port, host: 'one.example.org', timeoutMs: 1_000})).body).toContain('"name":"one"');
      }, 20_000);
      const ms = Math.round(performance.now() - began);
      await eventually(async () => {
        const tls = {sni: 'www.example.org', ca: www.certificate};
        const {body} = await request({port: tlsPort, host: 'two.example.org', tls});
        expect(body).toContain('"name":"two"');
      });
      await clientsAtRest(sluice, types, 10_000);
      const [now = {pid: 0, adminPort: 0}] = sluice.envoys();
      console.log(`Envoy (process ${old.pid}) killed, traffic again after ${ms} ms (process ${now.pid})`);
      expect(now.pid).not.toBe(old.pid);
      expect(before.length).toBeGreaterThan(8);
      expect(await configurationOf(now.adminPort)).toEqual(before);
      expect(await sluice.admin('/metrics')).toMatch(/^sluice_proxy_restarts_total\{gateway="default\/gw"\} 1$/m);
      expect(sluice.logs()).toMatch(/signal SIGKILL/);
    });

    it('takes edits as before', async () => {
      sluice.write('routes.yaml', [route('one', [prefixRule('/', 'two')], {hostnames: ['one.example.org']})]);
      await eventually(async () => {
        expect((await request({port, host: 'one.example.org'})).body).toContain('"name":"two"');
        expect((await request({port, host: 'two.example.org'})).status).toBe(404);
      });
    });
  });

  describe('a port that is taken', () => {
    let sluice: Sluice;
    let backend: Backend;
    let [freeGateway, busyGateway, laterPort] = [0, 0, 0];
    let [squatter, later]: [Server | undefined, Server | undefined] = [undefined, undefined];
    const host = 'one.example.org';
    const free = (more: readonly number[] = []) =>
      gateway(
        'free',
        [freeGateway, ...more].map((port, index) => http(`http-${index}`, port)),
      );
    const gateways = [{name: 'free'}, {name: 'busy'}];

    beforeAll(async () => {
      [freeGateway, busyGateway, laterPort] = [await freePort(), await freePort(), await freePort()];
      backend = await echoBackend('one');
      squatter = await occupy(busyGateway);
      sluice = await startSluice({
        manifests: {
          'gateways.yaml': [free(), gateway('busy', [http('http', busyGateway)])],
          'routes.yaml': [
            ...servicesOf([backend]),
            route('one', [prefixRule('/', 'one')], {parents: gateways, hostnames: [host]}),
          ],
        },
        awaitPorts: [freeGateway],
      });
    });

    it('is told, and does not hinder other Gateways', async () => {
      expect((await request({port: freeGateway, host})).status).toBe(200);
      const told = `port ${busyGateway} on 127.0.0.1 is in use by another process`;
      await eventually(() => expect(sluice.logs()).toContain(told));
      expect(await sluice.command('status')).toContain(told);
      // Told once, however often it is tried.
      await sleep(1_500);
      expect(sluice.logs().split(`cannot be started: ${told}`)).toHaveLength(2);
    });

    it('heals when it is free', async () => {
      await vacate(squatter);
      await eventually(async () => expect((await request({port: busyGateway, host})).status).toBe(200));
      expect(await sluice.command('status')).not.toContain('in use');
    });

    it('is told and heals also where it is a further port of an Envoy that runs, which loses no request', async () => {
      const pids = sluice.envoyPids();
      const load = startLoad({
        targets: [
          {port: freeGateway, host, path: '/', judge: ({status}) => (status === 200 ? undefined : `${status}`)},
        ],
        keepAlive: 2,
        fresh: 1,
        slow: 2,
      });
      later = await occupy(laterPort);
      sluice.write('gateways.yaml', [free([laterPort]), gateway('busy', [http('http', busyGateway)])]);
      await eventually(() => expect(sluice.logs()).toContain(`port ${laterPort} of Gateway default/free is in use`));
      expect(await sluice.command('status')).toContain(`in use by another process: 127.0.0.1:${laterPort}`);
      await vacate(later);
      await eventually(async () => expect((await request({port: laterPort, host})).status).toBe(200));
      const report = await load.stop();
      expect(report.firstFailures).toEqual([]);
      expect(sluice.envoyPids()).toEqual(pids);
      expect(await sluice.command('status')).not.toMatch(/in use|refused/);
    });
    // Two Envoys may share a port without an error: requests of the one Gateway were answered by the other.
    it('stays with the Gateway that has it, also where an Envoy that runs wants it, until that lets it go', async () => {
      const other = await echoBackend('two');
      const services = servicesOf([backend, other]);
      const one = route('one', [prefixRule('/', 'one')], {parents: [{name: 'free'}], hostnames: [host]});
      sluice.write('routes.yaml', [...services, one, route('two', [prefixRule('/', 'two')], {parents: 'busy'})]);
      const both = gateway('busy', [http('http', busyGateway), http('more', freeGateway)]);
      sluice.write('gateways.yaml', [free(), both]);
      await eventually(() =>
        expect(sluice.logs()).toContain(`port ${freeGateway} of Gateway default/busy is taken by Gateway default/free`),
      );
      await eventually(async () => expect(await sluice.command('status')).toMatch(/cannot bind|in use/));
      const answers = await Promise.all(Array.from({length: 20}, () => request({port: freeGateway, host})));
      expect(new Set(answers.map(({body}) => (JSON.parse(body) as {name: string}).name))).toEqual(new Set(['one']));

      sluice.write('gateways.yaml', [gateway('free', [http('http', laterPort)]), both]);
      await eventually(async () => expect((await request({port: freeGateway, host})).body).toContain('"name":"two"'));
    });
  });

  describe('at the end', () => {
    // An Envoy whose Gateway went while nobody was there ran on for ever where no other Gateway was left.
    it('of a Gateway lets answers under way finish; other Envoys go on; also when nobody is there at that moment', async () => {
      const [one, two] = [await freePort(), await freePort()];
      const backend = await echoBackend('one');
      const [first, second] = [gateway('first', [http('http', one)]), gateway('second', [http('http', two)])];
      const parents = [{name: 'first'}, {name: 'second'}];
      const sluice = await startSluice({
        manifests: {
          'gateways.yaml': [first, second],
          'routes.yaml': [...servicesOf([backend]), route('one', [prefixRule('/', 'one')], {parents})],
        },
        awaitPorts: [],
      });
      for (const port of [one, two]) {
        await eventually(async () => expect((await request({port})).status).toBe(200));
      }
      const underWay = request({port: one, path: '/?delay=1000'});
      await sleep(200);
      sluice.write('gateways.yaml', [second]);
      expect((await underWay).status).toBe(200);
      await eventually(() => expect(sluice.envoyPids()).toHaveLength(1));
      await expect(request({port: one})).rejects.toThrow('ECONNREFUSED');
      expect((await request({port: two})).status).toBe(200);

      await sluice.kill('SIGKILL');
      sluice.remove('gateways.yaml');
      await sluice.restart();
      await eventually(() => expect(sluice.envoyPids()).toEqual([]));
    });

    it.each(['SIGTERM', 'SIGINT'] as const)(
      '%s lets answers under way finish, and leaves no process',
      async (signal) => {
        const port = await freePort();
        const backend = await echoBackend('one');
        const sluice = await startSluice({
          manifests: {
            'gateway.yaml': [gateway('gw', [http('http', port)])],
            'routes.yaml': [...servicesOf([backend]), route('one', [prefixRule('/', 'one')])],
          },
          config: {
            processes: [{name: 'sleeper', command: ['sh', '-c', 'sleep 1000 & sleep 1000']}],
          },
        });
        await eventually(() => expect(processesOf(sluice.folder)).toHaveLength(5));
        await eventually(async () => expect((await request({port})).status).toBe(200));
        const underWay = request({port, path: '/?delay=1000'});
        await sleep(200);
        const began = performance.now();
        await sluice.kill(signal);
        const ms = Math.round(performance.now() - began);
        expect((await underWay).status).toBe(200);
        console.log(`${signal}: ended after ${ms} ms`);
        expect(ms).toBeLessThan(5_000);
        expect(processesOf(sluice.folder)).toEqual([]);
        expect(sluice.logs()).toMatch(/stopped\n$/);
      },
    );
  });
});

/** Resources that an Envoy has, with their versions; without what differs from process to process. */
async function configurationOf(adminPort: number): Promise<readonly string[]> {
  const {body} = await request({port: adminPort, path: '/config_dump?include_eds'});
  const {configs} = JSON.parse(body) as {readonly configs: readonly Record<string, unknown>[]}; // ConfigDump
  return configs
    .flatMap((config) =>
      Object.entries(config)
        .filter(([field]) => field.startsWith('dynamic_'))
        .flatMap(([field, entries]) =>
          [entries].flat().map((entry) => `${field} ${JSON.stringify(entry, withoutTimes)}`),
        ),
    )
    .toSorted();
}

const withoutTimes = (key: string, value: unknown): unknown => (key === 'last_updated' ? undefined : value);

/** Command lines of all processes that run in a folder or name it. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command !== '' && (command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder))
          ? [command]
          : [];
      } catch {
        return [];
      }
    });
}

async function occupy(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen({port, host: '127.0.0.1', exclusive: true}, resolve));
  cleanUpLater(() => vacate(server));
  return server;
}

async function vacate(server: Server | undefined): Promise<void> {
  if (server?.listening === true) await new Promise<void>((resolve) => server.close(() => resolve()));
}
