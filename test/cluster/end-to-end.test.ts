/** A Gateway and a route applied to a cluster in which Sluice is installed, and everything that comes of it. */
import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, expect, it} from 'vitest';
import {allPath, provisionedKinds} from '../../src/provision/kube-kinds.ts';
import {gatewayNameLabel} from '../../src/provision/live-object.ts';
import {renewed, www} from '../e2e/harness/certificates.ts';
import {eventually} from '../e2e/harness/eventually.ts';
import {handshake, request} from '../e2e/harness/request.ts';
import type {Cluster} from '../rig/cluster.ts';
import type {KubeObject} from '../rig/objects.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {followService, startEchoLoad, unharmed} from './echo-load.ts';
import {
  askAdmin,
  condition,
  type GatewayClassObject,
  type GatewayObject,
  home,
  images,
  installSluice,
  isReady,
  lingerSeconds,
  patch,
  podsOf,
  programmed,
  read,
  type RouteObject,
} from './installed.ts';
import {parameters, parametersCrd, parametersRef} from './gateway-parameters.ts';
import {gateway, httpListener, named, namespace, route, tlsSecret} from './shop.ts';

const echo = readFileSync(join(import.meta.dirname, 'echo-deployment.yaml'), 'utf8');

const web = gateway('web');
const echoRoute = route('echo');
const host = 'www.example.org';
const httpsListener = {
  name: 'https',
  port: 8443,
  protocol: 'HTTPS',
  hostname: host,
  tls: {certificateRefs: [{name: 'www'}]},
};

type Service = KubeObject & {
  readonly status?: {readonly loadBalancer?: {readonly ingress?: readonly {readonly ip: string}[]}};
};
type Deployment = KubeObject & {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly lifecycle?: {readonly preStop?: {readonly sleep?: {readonly seconds: number}}};
        }[];
      };
    };
  };
};

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;
const echoDeployment = named('apps/v1', 'Deployment', 'echo');
const webDeployment = named('apps/v1', 'Deployment', 'web');

describeWithCluster('pods', 'a Gateway in a cluster', () => {
  let cluster: Cluster;
  let address = '';
  let port = 0;

  beforeAll(async () => {
    cluster = await clusterForTests('pods', {images});
    await cluster.installGatewayApi();
    await installSluice(cluster);
    await cluster.apply(echo);
  });

  const readyPods = async (labels: string): Promise<readonly string[]> =>
    (await podsOf(cluster, namespace, labels)).filter(isReady).map(({metadata}) => metadata.name);
  const ofWeb = `${gatewayNameLabel}=web`;
  /** All that is made for a Gateway: `Kind name uid`. */
  const madeFor = async (name: string): Promise<readonly string[]> => {
    const selector = encodeURIComponent(`${gatewayNameLabel}=${name}`);
    const lists = provisionedKinds.map(async (kind) => {
      type List = {readonly items: readonly KubeObject[]};
      const {status, body} = await cluster.request<List>('GET', `${allPath(kind)}?labelSelector=${selector}`);
      // The CRD of one of them is not installed.
      const items = status === 404 ? [] : body.items;
      return items.map(({metadata}) => `${kind.kind} ${metadata.name} ${metadata.uid}`);
    });
    return (await Promise.all(lists)).flat();
  };
  const withoutUid = (made: readonly string[]): readonly string[] => made.map((line) => line.replace(/ [^ ]*$/, ''));

  it('gets an Envoy, an address and traffic', async () => {
    const from = performance.now();
    await cluster.apply([web, echoRoute]);
    address = await programmed(cluster, web);
    expect(address).toMatch(/^10\.245\./);
    port = await cluster.forward(address, 8080);
    const answer = await eventually(async () => {
      const response = await request({port, path: '/hello'});
      expect(response.status).toBe(200);
      return response;
    }, 30_000);
    console.log(`from Gateway applied to first answer: ${Math.round(performance.now() - from)} ms`);
    expect(JSON.parse(answer.body)).toMatchObject({namespace: 'shop', path: '/hello'});
  });

  it('says what has become of it in statuses, which follow edits', async () => {
    const live = await eventually(async () => {
      const found = await read<GatewayObject>(cluster, web);
      expect(found?.status.listeners?.[0]).toMatchObject({name: 'http', attachedRoutes: 1});
      return found;
    });
    expect(live?.status.conditions).toEqual(['Accepted', 'Programmed', 'ResolvedRefs'].map((type) => condition(type)));
    expect(live?.status.listeners?.[0]?.conditions).toEqual(
      expect.arrayContaining([
        condition('Accepted'),
        condition('Programmed'),
        condition('ResolvedRefs'),
        condition('Conflicted', 1, 'False', 'NoConflicts'),
      ]),
    );
    expect(live?.status.addresses).toEqual([{type: 'IPAddress', value: address}]);
    const service = await read<Service>(cluster, named('v1', 'Service', 'web'));
    expect(service?.status?.loadBalancer?.ingress?.[0]?.ip).toBe(address);
    const gatewayClass: KubeObject = {
      apiVersion: web.apiVersion,
      kind: 'GatewayClass',
      metadata: {name: 'envoy'},
    };
    expect((await read<GatewayClassObject>(cluster, gatewayClass))?.status.conditions).toEqual([condition('Accepted')]);

    const parentsOf = async (object: KubeObject) => (await read<RouteObject>(cluster, object))?.status?.parents;
    const entry = (generation: number, resolved: unknown) => ({
      parentRef: expect.objectContaining({name: 'web'}),
      controllerName: 'sluice.dev/envoy',
      conditions: [condition('Accepted', generation), resolved],
    });
    await eventually(async () => {
      expect(await parentsOf(echoRoute)).toEqual([entry(1, condition('ResolvedRefs'))]);
    });
    await cluster.apply(route('echo', {edit: 1}));
    await eventually(async () => {
      expect(await parentsOf(echoRoute)).toEqual([entry(2, condition('ResolvedRefs', 2))]);
      expect((await request({port})).headers).toMatchObject({'x-edit': '1'});
    });

    const broken = route('broken', {hostnames: ['broken.test'], backend: 'absent'});
    await cluster.apply(broken);
    await eventually(async () => {
      const unresolved = condition('ResolvedRefs', 1, 'False', 'BackendNotFound');
      expect(await parentsOf(broken)).toEqual([entry(1, unresolved)]);
      expect((await read<GatewayObject>(cluster, web))?.status.listeners?.[0]?.attachedRoutes).toBe(2);
      expect((await request({port, host: 'broken.test'})).status).toBe(500);
    });
    await cluster.remove(broken);
    await eventually(async () => {
      expect((await read<GatewayObject>(cluster, web))?.status.listeners?.[0]?.attachedRoutes).toBe(1);
      expect((await request({port, host: 'broken.test'})).status).toBe(200);
    });
  });

  it('sends traffic to the Pods that there are, while they are scaled', async () => {
    const load = startEchoLoad(new Map([[address, port]]));
    const scale = async (replicas: number): Promise<void> => {
      const from = performance.now();
      await patch(cluster, echoDeployment, {spec: {replicas}});
      await eventually(async () => {
        const names = await readyPods('app=echo');
        expect(names).toHaveLength(replicas);
        expect([...load.answering(500)].sort()).toEqual([...names].sort());
      }, 30_000);
      console.log(
        `${replicas} Pods answer, and no others, ${Math.round(performance.now() - from)} ms after they were wanted`,
      );
    };
    await scale(2);
    await scale(3);
    await scale(1);
    // Until those that went are really gone.
    await eventually(async () => expect(await podsOf(cluster, namespace, 'app=echo')).toHaveLength(1), 20_000);
    await sleep(500);
    await scale(2);
    unharmed('scaled 2, 3, 1, 2', await load.stop());
  });

  it('serves HTTPS, and another certificate when the Secret has another', async () => {
    const plain = startEchoLoad(new Map([[address, port]]));
    await cluster.apply([tlsSecret('www', www), gateway('web', {listeners: [httpListener, httpsListener]})]);
    const tlsPort = await cluster.forward(address, 8443);
    const presented = async (): Promise<string> => (await handshake({port: tlsPort, sni: host})).fingerprint;
    await eventually(async () => expect(await presented()).toBe(fingerprintOf(www.certificate)), 30_000);
    await eventually(async () => {
      const live = await read<GatewayObject>(cluster, web);
      expect(live?.status.listeners).toEqual([
        expect.objectContaining({name: 'http', attachedRoutes: 1}),
        expect.objectContaining({name: 'https', attachedRoutes: 1}),
      ]);
    });

    const known = [www, renewed].map(({certificate}) => fingerprintOf(certificate));
    const secure = startEchoLoad(new Map([[address, tlsPort]]), {
      host,
      tls: {sni: host},
      judge: ({fingerprint = known[0] ?? ''}) => (known.includes(fingerprint) ? undefined : `presents ${fingerprint}`),
    });
    await sleep(500);
    const from = performance.now();
    await cluster.apply(tlsSecret('www', renewed));
    await eventually(async () => expect(await presented()).toBe(fingerprintOf(renewed.certificate)));
    console.log(`new certificate presented after ${Math.round(performance.now() - from)} ms`);
    // Each worker of Envoy has it a moment earlier or later.
    await sleep(200);
    for (let i = 0; i < 10; i++) expect(await presented()).toBe(fingerprintOf(renewed.certificate));
    await sleep(500);
    unharmed('HTTPS, certificate rotated', await secure.stop());
    unharmed('HTTP, beside a new listener and its certificate', await plain.stop());
  });

  it('replaces its Envoys when their parameters change', async () => {
    // The CRD comes while Sluice runs.
    await cluster.apply(parametersCrd);
    await cluster.apply(parameters(1, {}));
    const [pod] = await podsOf(cluster, home, 'app.kubernetes.io/name=sluice');
    await eventually(async () => {
      const path = '/debug/collections/gateway-parameters?key=shop/web';
      expect(JSON.parse(await askAdmin(cluster, pod, path))).toHaveLength(1);
    });
    const service = await followService(cluster, 'shop/web', 8080);
    const {ports} = service;
    // On connections of their own: those that are kept end with the Envoy.
    const load = startEchoLoad(ports, {keepAlive: 0});

    const rollout = async (number: number, replicas: number, change: KubeObject): Promise<void> => {
      const old = await readyPods(ofWeb);
      const from = performance.now();
      await cluster.apply(change);
      await eventually(async () => {
        const pods = await podsOf(cluster, namespace, ofWeb);
        expect(pods).toHaveLength(replicas);
        expect(pods.filter(isReady)).toHaveLength(replicas);
        for (const {metadata} of pods) {
          expect(metadata.annotations).toMatchObject({rollout: String(number)});
          expect(old).not.toContain(metadata.name);
        }
        expect(ports.size).toBe(replicas);
      }, 45_000);
      await sleep(500);
      const took = Math.round(performance.now() - from);
      console.log(`rollout ${number}: ${replicas} new Envoys, the old ones gone, after ${took} ms`);
    };
    const listeners = [httpListener, httpsListener];
    await rollout(1, 1, gateway('web', {listeners, infrastructure: {parametersRef}}));
    const [container] = (await read<Deployment>(cluster, webDeployment))?.spec.template.spec.containers ?? [];
    expect(container?.lifecycle?.preStop?.sleep?.seconds).toBeGreaterThanOrEqual(lingerSeconds);
    await rollout(2, 2, parameters(2, {replicas: 2}));
    unharmed('Envoys replaced, twice', await load.stop());
    await service.stop();

    expect(withoutUid(await madeFor('web'))).toEqual(
      expect.arrayContaining(['PodDisruptionBudget web', 'HorizontalPodAutoscaler web']),
    );
    await eventually(async () => {
      const live = await read<GatewayObject>(cluster, web);
      const generation = live?.metadata.generation;
      expect(live?.status.conditions).toContainEqual(condition('Accepted', generation));
      expect(live?.status.conditions).toContainEqual(condition('Programmed', generation));
      expect((await request({port})).status).toBe(200);
    }, 20_000);
  });

  it('takes everything along when it goes, and nothing of another one', async () => {
    const beside = gateway('beside');
    await cluster.apply([beside, route('beside', {parents: ['beside']})]);
    const other = await programmed(cluster, beside);
    expect(other).not.toBe(address);
    const otherPort = await cluster.forward(other, 8080);
    await eventually(async () => expect((await request({port: otherPort})).status).toBe(200), 30_000);
    const made = await madeFor('beside');
    const gone = withoutUid(await madeFor('web'));
    console.log(`made for a Gateway: ${gone.join(', ')}`);
    expect(gone.length).toBeGreaterThanOrEqual(7);

    const load = startEchoLoad(new Map([[other, otherPort]]));
    await sleep(500);
    const from = performance.now();
    await cluster.remove(web);
    await eventually(async () => expect(await madeFor('web')).toEqual([]), 30_000);
    await eventually(async () => expect(await podsOf(cluster, namespace, ofWeb)).toEqual([]), 30_000);
    console.log(`all gone ${Math.round(performance.now() - from)} ms after the Gateway was deleted`);
    await expect(request({port, timeoutMs: 2_000})).rejects.toThrow(/hang up|ECONNRESET|no answer/);
    await eventually(async () => {
      expect((await read<RouteObject>(cluster, echoRoute))?.status?.parents ?? []).toEqual([]);
    });
    await sleep(500);
    unharmed('the Gateway beside the deleted one', await load.stop());
    expect(await madeFor('beside')).toEqual(made);
  });
});
