/** The control plane dies under load: Envoy goes on, and is taken over by the next one, which sends it what differs. */
import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, expect, it} from 'vitest';
import {echoBackend, type Backend} from './harness/backends.ts';
import {www} from './harness/certificates.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {
  gateway,
  http,
  https,
  prefixRule,
  route,
  service,
  servicesOf,
  tlsSecret,
  type Manifest,
} from './harness/manifests.ts';
import {request} from './harness/request.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {dualBackend} from './load/dual-backend.ts';
import {startLoad, type Load, type Target} from './load/load.ts';
import {clientsAtRest, difference, sentBy} from './load/sent.ts';

const routes = 30;
/** Of xDS types: CDS, LDS, EDS, RDS, SDS, VHDS. */
const types = 6;
const reconnectMs = 20_000;
const hostOf = (number: number): string => `host-${number}.example.org`;

describeWithEnvoy('the control plane is killed under load', () => {
  let sluice: Sluice;
  let plainPort: number;
  let tlsPort: number;
  let first: Backend;
  let second: Backend;
  let both: {readonly port: number};
  let load: Load;

  const routeTo = (number: number, backend: Backend): Manifest =>
    route(`r${number}`, [prefixRule('/', backend.name)], {hostnames: [hostOf(number)]});

  /** A Service whose backend speaks two protocols, and a route to it. */
  const bothSpeaking = (appProtocol: string): readonly Manifest[] => [
    ...service('both', [both.port], {appProtocol}),
    route('both', [prefixRule('/', 'both')], {hostnames: ['both.example.org']}),
  ];

  const answeredBy = (backend: Backend, number: number): Promise<void> =>
    eventually(async () => {
      const {body} = await request({port: plainPort, host: hostOf(number)});
      expect(JSON.parse(body)).toMatchObject({name: backend.name});
    });

  beforeAll(async () => {
    [plainPort, tlsPort] = [await freePort(), await freePort()];
    [first, second, both] = [await echoBackend('first'), await echoBackend('second'), await dualBackend('both')];
    const all = Array.from({length: routes}, (_, number) => routeTo(number, number === 1 ? second : first));
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': [
          gateway('gw', [http('http', plainPort), https('https', tlsPort, 'www')]),
          tlsSecret('www', www),
        ],
        'services.yaml': servicesOf([first, second]),
        ...Object.fromEntries(all.map((one, number) => [`route-${number}.yaml`, [one]])),
        'both.yaml': bothSpeaking('http'),
      },
    });
    await clientsAtRest(sluice, types, reconnectMs);
    const judge: Target['judge'] = ({status, body}) => (status === 200 ? undefined : `answered ${status} ${body}`);
    load = startLoad({
      targets: [0, 1, 2, 3].flatMap((number) => [
        {port: plainPort, host: hostOf(number), path: '/', judge},
        {port: tlsPort, host: hostOf(number), path: '/', tls: {sni: hostOf(number)}, judge},
      ]),
      keepAlive: 6,
      fresh: 3,
      slow: 3,
    });
  });

  /** What is on, in a control plane that has just been started. */
  const restarted = async (): Promise<{pid: number; seconds: string}> => {
    const [pid] = sluice.envoyPids();
    await sluice.kill('SIGKILL');
    await sleep(1_000);
    expect(sluice.envoyPids()).toEqual([pid]);
    const began = performance.now();
    await sluice.restart();
    await clientsAtRest(sluice, types, reconnectMs);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    // Requests for further types may come up to a second later, and removals wait for them.
    await sleep(1_200);
    await clientsAtRest(sluice, types, reconnectMs);
    expect(sluice.envoyPids()).toEqual([pid]);
    return {pid: pid ?? 0, seconds};
  };

  it('takes over the Envoy that runs and resends nothing', async () => {
    const {pid, seconds} = await restarted();
    const sent = await sentBy(sluice);
    console.log(
      `restarted, Envoy (process ${pid}) connected and at rest after ${seconds} s: ` +
        `${JSON.stringify(sent.resources)} resources, ${JSON.stringify(sent.removed)} removals, ` +
        `${sent.messages} responses, ${sent.bytes} bytes`,
    );
    expect(sent.resources).toEqual({});
    expect(sent.removed).toEqual({});
    expect(sluice.logs()).toContain('still runs and is taken over');
    expect(await sluice.command('status')).toMatch(/serving/);
  });

  it('edits afterwards cost what they change', async () => {
    const before = await sentBy(sluice);
    sluice.write('route-7.yaml', [routeTo(7, second)]);
    await answeredBy(second, 7);
    await clientsAtRest(sluice, types, reconnectMs);
    const after = await sentBy(sluice);
    // The listener for HTTP and the one for HTTPS have a VirtualHost each.
    expect(difference(after.resources, before.resources)).toEqual({VirtualHost: 2});
    expect(difference(after.removed, before.removed)).toEqual({});
    expect(after.bytes - before.bytes).toBeLessThan(1_000);
  });

  it('sends what was edited while nobody was there, and nothing else', async () => {
    const [pid] = sluice.envoyPids();
    await sluice.kill('SIGKILL');
    sluice.write('route-8.yaml', [routeTo(8, second)]);
    sluice.remove('route-9.yaml');
    // A cluster that changes wants its endpoints again, which Envoy says it has.
    sluice.write('both.yaml', bothSpeaking('kubernetes.io/h2c'));
    await sluice.restart();
    await answeredBy(second, 8);
    await eventually(async () =>
      expect(await request({port: plainPort, host: hostOf(9)})).toMatchObject({status: 404}),
    );
    await eventually(async () => {
      const {body} = await request({port: plainPort, host: 'both.example.org'});
      expect(JSON.parse(body)).toMatchObject({name: 'both', httpVersion: '2.0'});
    });
    await clientsAtRest(sluice, types, reconnectMs);
    const sent = await sentBy(sluice);
    expect(sent.resources).toEqual({VirtualHost: 2, Cluster: 1, ClusterLoadAssignment: 1});
    expect(sent.removed).toEqual({VirtualHost: 2});
    expect(sluice.envoyPids()).toEqual([pid]);
  });

  it('lost no request in all of it', async () => {
    const report = await load.stop();
    console.log(
      `${report.requests} requests on ${report.connections} connections, ${report.failures} failed, ` +
        `slowest ${report.slowestMs} ms`,
    );
    expect(report.firstFailures).toEqual([]);
    expect(report.requests).toBeGreaterThan(500);
  });
});
