/**
 * Nothing is lost while routes, Services and endpoints change under constant load: every answer is 200, by a backend
 * that the present edit names or that the one before it named, and never by an older one again.
 */
import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, describe, expect, it} from 'vitest';
import type {Backend} from './harness/backends.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {gateway, http, prefix, ref, route, service, slices, type Manifest} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {dualBackend} from './load/dual-backend.ts';
import {startLoad} from './load/load.ts';
import {hostOf, Site} from './load/site.ts';

/** Route edits and endpoint changes for each way of serving VirtualHosts. */
const amounts = [
  {virtualHosts: 'vhds', routeEdits: 200, endpointChanges: 50},
  {virtualHosts: 'rds', routeEdits: 60, endpointChanges: 12},
] as const;

describeWithEnvoy('edits under load', () => {
  describe.each(amounts)('with virtual hosts by $virtualHosts', ({virtualHosts, routeEdits, endpointChanges}) => {
    let sluice: Sluice;
    let port: number;
    /** Those whose routes are edited. */
    let sites: readonly Site[];
    /** Those whose endpoints change. */
    let elastic: readonly Site[];
    /** The one whose protocol changes. */
    let versatile: Site;
    const ending: Promise<void>[] = [];

    beforeAll(async () => {
      port = await freePort();
      sites = await Promise.all(['a', 'b', 'c'].map((name) => Site.open(name, 1)));
      elastic = await Promise.all(['d', 'e'].map((name) => Site.open(name, 2)));
      versatile = await Site.open('f', 0);
      const both = await dualBackend('both');
      versatile.services = service('f', [both.port]);
      versatile.expected.add('both');
      const all = [...sites, ...elastic, versatile];
      sluice = await startSluice({
        manifests: {
          'gateway.yaml': [gateway('gw', [http('http', port)])],
          ...Object.fromEntries(all.map((site) => [site.file, site.manifests()])),
        },
        config: {envoy: {virtualHosts}},
      });
      for (const {host} of all) {
        await eventually(async () => expect((await request({port, host})).status).toBe(200));
      }
    });

    it(`loses no request in ${routeEdits} route edits and ${endpointChanges} endpoint changes`, async () => {
      const began = performance.now();
      const targets = [...sites, ...elastic, versatile].map(({host, expected}) => ({
        port,
        host,
        path: '/',
        judge: expected.judge,
      }));
      const load = startLoad({targets, keepAlive: 12, fresh: 4, slow: 6, pauseMs: 4});
      const done = await Promise.allSettled([editRoutes(), changeEndpoints(), changeProtocol()]);
      await Promise.all(ending);
      const report = await load.stop();
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const [routes, endpoints, clusters] = done.map((result) =>
        result.status === 'fulfilled' ? result.value : `(${String(result.reason)})`,
      );
      console.log(
        `${virtualHosts}: ${report.requests} requests in ${seconds} s on ${report.connections} connections, ` +
          `${report.failures} failed, slowest ${report.slowestMs} ms; ` +
          `${routes} route edits, ${endpoints} endpoint changes, ${clusters} cluster changes`,
      );
      expect(report.firstFailures).toEqual([]);
      expect(report.failures).toBe(0);
      expect(done.map(({status}) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      expect(report.requests).toBeGreaterThan(1_000);
      expect(sluice.logs()).not.toMatch(/rejects resources|sent anyway/);
      expect(await envoyAdmin('/stats?filter=update_rejected|upstream_rq_5xx|no_cluster')).not.toMatch(/: [1-9]/);
    });

    async function editRoutes(): Promise<number> {
      let edited = 0;
      for (let turn = 0; edited < routeEdits; turn++) {
        const site = sites[turn % sites.length];
        // Every kind of edit for each of the sites, one kind after the other.
        const edit = edits[Math.floor(turn / sites.length) % edits.length];
        if (site === undefined || edit === undefined) throw new Error('there is nothing to edit');
        edited += await edit(site, turn);
      }
      return edited;
    }

    /** The ways in which routes are edited. Each resolves when its edits were seen in answers, to how many they were. */
    const edits: readonly ((site: Site, turn: number) => Promise<number>)[] = [
      // To a new Service that comes, with its endpoints, in the change in which the old one goes.
      async (site, turn) => {
        const [backend, old] = [await site.newBackend(), site.backends];
        site.services = service(`${site.name}-${turn}`, [backend.port]);
        site.refs = [ref(`${site.name}-${turn}`)];
        site.edit([backend]);
        site.write(sluice);
        await site.expected.seen();
        endLater(old);
        return 1;
      },
      // To a Service of an earlier change; the old one goes in a later one.
      async (site, turn) => {
        const [backend, old] = [await site.newBackend(), site.backends];
        const added = service(`${site.name}-${turn}`, [backend.port]);
        site.services = [...site.services, ...added];
        site.write(sluice);
        await sleep(turn % 2 === 0 ? 60 : 0);
        site.refs = [ref(`${site.name}-${turn}`)];
        site.edit([backend]);
        site.write(sluice);
        await site.expected.seen();
        site.services = added;
        site.write(sluice);
        endLater(old);
        return 1;
      },
      // A second Service joins by weight, and then gets all of it.
      async (site, turn) => {
        const [backend, old] = [await site.newBackend(), site.backends];
        site.services = [...site.services, ...service(`${site.name}-${turn}`, [backend.port])];
        site.refs = [...site.refs.map((one) => ({...one, weight: 3})), ref(`${site.name}-${turn}`, {weight: 1})];
        site.edit([...old, backend]);
        site.write(sluice);
        await site.expected.seen();
        site.refs = site.refs.map((one, index) => ({...one, weight: index === site.refs.length - 1 ? 1 : 0}));
        site.edit([backend]);
        site.write(sluice);
        await site.expected.seen();
        endLater(old);
        return 2;
      },
      // Rules that take none of the load come.
      async (site, turn) => {
        const paths = Array.from({length: 1 + (turn % 3)}, (_, index) => `/rule-${turn}-${index}`);
        site.edit();
        site.write(sluice, {rules: paths.map((path) => ({matches: [prefix(path)], backendRefs: site.refs}))});
        await site.expected.seen();
        return 1;
      },
      // They go, and filters of the response come.
      async (site, turn) => {
        const responseHeaderModifier = {add: [{name: 'x-turn', value: String(turn)}], remove: ['x-nothing']};
        site.edit();
        site.write(sluice, {filters: [{type: 'ResponseHeaderModifier', responseHeaderModifier}]});
        await site.expected.seen();
        return 1;
      },
      // Hosts without load come, with a Service of their own, and go.
      async ({backends: [backend]}, turn) => {
        const name = `other-${turn}`;
        sluice.write('other.yaml', [
          ...service(name, backend === undefined ? [] : [backend.port]),
          route(name, [{backendRefs: [ref(name)]}], {hostnames: [hostOf(name)]}),
        ]);
        await eventually(async () => {
          expect((await request({port, host: hostOf(name)})).status).toBe(200);
          expect((await request({port, host: hostOf(`other-${turn - 1}`)})).status).toBe(404);
        });
        return 1;
      },
      // Another HTTPRoute takes the place of the one there is, and the other way round.
      async (site, turn) => {
        site.edit();
        site.write(sluice, {route: `${site.name}-${turn}`});
        await site.expected.seen();
        site.edit();
        site.write(sluice);
        await site.expected.seen();
        return 2;
      },
    ];

    /** Endpoints of a Service come, drain and go. */
    async function changeEndpoints(): Promise<number> {
      let changes = 0;
      const show = async (site: Site, ready: readonly Backend[], draining: readonly Backend[] = []): Promise<void> => {
        const all = [...ready, ...draining];
        const slicesOf = slices(
          site.name,
          all.map((backend) => backend.port),
        ).map((slice, index) => (index < ready.length ? slice : terminating(slice)));
        site.services = [...site.services.slice(0, 1), ...slicesOf];
        site.write(sluice);
        changes++;
        await eventually(async () => expect(await endpointsOf(site)).toEqual(all.map(addressOf).toSorted()));
      };
      for (let turn = 0; changes < endpointChanges; turn++) {
        const site = elastic[turn % elastic.length];
        if (site === undefined) throw new Error('there is no site');
        const newcomers = await Promise.all(Array.from({length: 1 + (turn % 2)}, () => site.newBackend()));
        for (const {name} of newcomers) site.expected.add(name);
        const old = site.backends;
        // Two turns of three have a step between: first more endpoints, or an announcement that the old ones end.
        if (turn % 3 === 1) await show(site, [...old, ...newcomers]);
        if (turn % 3 === 2) await show(site, newcomers, old);
        await show(site, newcomers);
        site.backends = newcomers;
        // From Envoy's main thread to its worker.
        await sleep(50);
        for (const {name} of old) site.expected.remove(name);
        endLater(old);
      }
      return changes;
    }

    /** A cluster changes in place, and back: it warms anew, and wants its endpoints anew. */
    async function changeProtocol(): Promise<number> {
      const changes = 6;
      for (let turn = 0; turn < changes; turn++) {
        const isH2c = turn % 2 === 0;
        const [changed] = service('f', [], isH2c ? {appProtocol: 'kubernetes.io/h2c'} : {});
        versatile.services = [changed, ...versatile.services.slice(1)].filter((one) => one !== undefined);
        sluice.write(versatile.file, versatile.manifests());
        await eventually(async () => {
          const {body} = await request({port, host: versatile.host});
          expect(JSON.parse(body)).toMatchObject({httpVersion: isH2c ? '2.0' : '1.1'});
        });
        await sleep(200);
      }
      return changes;
    }

    /** Addresses that Envoy has for the Service of a site. */
    async function endpointsOf(site: Site): Promise<readonly string[]> {
      const lines = (await envoyAdmin('/clusters')).split('\n').map((line) => line.split('::'));
      const own = lines.filter(
        ([cluster, address = '']) => cluster === `default/${site.name}/80` && address.includes(':'),
      );
      return [...new Set(own.map(([, address = '']) => address))].toSorted();
    }

    async function envoyAdmin(path: string): Promise<string> {
      const [envoy] = sluice.envoys();
      return (await request({port: envoy?.adminPort ?? 0, path})).body;
    }

    /** Backends stay up a moment after they were removed, for what is under way to them. */
    function endLater(backends: readonly Backend[]): void {
      for (const backend of backends) ending.push(sleep(1_000).then(() => backend.stop()));
    }
  });
});

const addressOf = ({port}: Backend): string => `127.0.0.1:${port}`;

function terminating(slice: Manifest): Manifest {
  const conditions = {ready: false, serving: true, terminating: true};
  return {...slice, endpoints: [{addresses: ['127.0.0.1'], conditions}]};
}
