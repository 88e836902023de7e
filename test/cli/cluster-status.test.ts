/** `sluice status` of a cluster: what is ours of all that it says, and where it is asked for. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import type {ClusterObject} from '../../src/cli/cluster-objects.ts';
import {reportOn} from '../../src/cli/cluster-status.ts';
import {bundle, type Bundle} from './run-cli.ts';

const apiVersion = 'gateway.networking.k8s.io/v1';
const ours = ['sluice.dev/envoy', 'sluice.dev/agentgateway'];
const condition = (type: string, status = 'True', observedGeneration = 1) => ({
  type,
  status,
  reason: type,
  message: '',
  observedGeneration,
  lastTransitionTime: '2030-01-01T00:00:00Z',
});
const unknown = {type: 'Accepted', status: 'Unknown', reason: 'Pending', message: 'Waiting for controller'};

const gatewayClass = (name: string, controllerName: string): ClusterObject => ({
  apiVersion,
  kind: 'GatewayClass',
  metadata: {name, generation: 1},
  spec: {controllerName},
  status: {conditions: [condition('Accepted')]},
});
const gateway = (name: string, className: string, status: object, generation = 1): ClusterObject => ({
  apiVersion,
  kind: 'Gateway',
  metadata: {namespace: 'infra', name, generation},
  spec: {gatewayClassName: className},
  status: {...status},
});
const route = (
  name: string,
  parent: string,
  parents: readonly object[] | undefined,
  generation = 1,
): ClusterObject => ({
  apiVersion,
  kind: 'HTTPRoute',
  metadata: {namespace: 'shop', name, generation},
  spec: {parentRefs: [{namespace: 'infra', name: parent}]},
  ...(parents !== undefined && {status: {parents}}),
});
const entry = (controllerName: string, ...conditions: readonly object[]) => ({
  parentRef: {namespace: 'infra', name: 'web'},
  controllerName,
  conditions,
});
const programmed = {
  conditions: [condition('Accepted'), condition('Programmed')],
  listeners: [{name: 'http', attachedRoutes: 1, conditions: [condition('Programmed')]}],
};

const world: readonly ClusterObject[] = [
  gatewayClass('envoy', 'sluice.dev/envoy'),
  gatewayClass('other', 'example.com/other'),
  gateway('web', 'envoy', programmed),
  gateway('new', 'envoy', {conditions: [unknown], listeners: [{name: 'http'}]}),
  gateway('edited', 'envoy', programmed, 3),
  gateway('foreign', 'other', programmed),
  route('good', 'web', [
    entry('sluice.dev/envoy', condition('Accepted')),
    entry('example.com/other', condition('Accepted', 'False')),
  ]),
  route('bad', 'web', [entry('sluice.dev/envoy', condition('Accepted'), condition('ResolvedRefs', 'False'))]),
  route('old', 'web', [entry('sluice.dev/envoy', condition('Accepted', 'True', 1))], 2),
  route('waiting', 'web', undefined),
  route('elsewhere', 'foreign', undefined),
];

describe('what a cluster says', () => {
  it('is ours by the names of controllers, and told without the words of others', () => {
    const {statuses} = reportOn(world, ours);
    expect(statuses.map(({kind, metadata}) => `${kind} ${metadata.name}`)).toEqual([
      'Gateway edited',
      'Gateway new',
      'Gateway web',
      'GatewayClass envoy',
      'HTTPRoute bad',
      'HTTPRoute good',
      'HTTPRoute old',
    ]);
    const good = statuses.find(({metadata}) => metadata.name === 'good');
    expect(good?.status.parents?.map(({controllerName}) => controllerName)).toEqual(['sluice.dev/envoy']);
    expect(reportOn(world, ['example.com/other']).statuses.map(({metadata}) => metadata.name)).toEqual([
      'foreign',
      'other',
      'good',
    ]);
  });

  it('names what has not been answered', () => {
    expect(reportOn(world, ours).pending).toEqual([
      'Gateway infra/edited: its status is that of generation 1, it is at 3',
      'Gateway infra/new: no status yet',
      'HTTPRoute shop/old: its status is that of generation 1, it is at 2',
      'HTTPRoute shop/waiting: no status yet',
    ]);
    expect(reportOn([], ours)).toEqual({statuses: [], pending: []});
  });

  it('is told of policies by their ancestors', () => {
    const policy: ClusterObject = {
      apiVersion,
      kind: 'BackendTLSPolicy',
      metadata: {namespace: 'shop', name: 'tls', generation: 2},
      status: {
        ancestors: [
          {ancestorRef: {name: 'web'}, controllerName: 'sluice.dev/envoy', conditions: [condition('Accepted')]},
        ],
      },
    };
    const {statuses, pending} = reportOn([...world, policy], ours);
    expect(statuses[0]?.kind).toBe('BackendTLSPolicy');
    expect(pending[0]).toBe('BackendTLSPolicy shop/tls: its status is that of generation 1, it is at 2');
  });
});

/** As much of an API server as the command asks for: pages of two objects, and no leave to read TLSRoutes. */
const plurals: Readonly<Record<string, string>> = {
  GatewayClass: 'gatewayclasses',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  TLSRoute: 'tlsroutes',
};
function answer(path: string, query: URLSearchParams): {readonly code: number; readonly body: object} {
  const found = (body: object) => ({code: 200, body});
  if (path === `/apis/${apiVersion}`) {
    return found({kind: 'APIResourceList', resources: Object.values(plurals).map((name) => ({name}))});
  }
  if (path === '/apis') {
    return found({kind: 'APIGroupList', groups: [{versions: [{groupVersion: apiVersion}]}]});
  }
  const [, namespace, plural = ''] =
    /^\/apis\/gateway\.networking\.k8s\.io\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  const kind = Object.keys(plurals).find((one) => plurals[one] === plural);
  if (kind === undefined) return {code: 404, body: {kind: 'Status', reason: 'NotFound', message: 'not here'}};
  if (kind === 'TLSRoute') return {code: 403, body: {kind: 'Status', reason: 'Forbidden', message: 'not for you'}};
  const all = world.filter(
    (object) => object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace),
  );
  const from = Number(query.get('continue') ?? 0);
  const next = from + 2 < all.length ? String(from + 2) : undefined;
  return found({
    kind: `${kind}List`,
    apiVersion,
    metadata: {resourceVersion: '1', continue: next},
    items: all.slice(from, from + 2),
  });
}

describe('sluice status', () => {
  let server: Server;
  let folder: string;
  let made: Bundle;
  let kubeconfig: string;
  let config: string;
  let asked: string[] = [];

  beforeAll(async () => {
    made = await bundle();
    folder = mkdtempSync(join(tmpdir(), 'sluice-cluster-status-'));
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://api');
      asked.push(url.pathname);
      const {code, body} = answer(url.pathname, url.searchParams);
      response.writeHead(code, {'content-type': 'application/json'}).end(JSON.stringify(body));
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(address === null || typeof address === 'string' ? 0 : address.port);
      }),
    );
    kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      `apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: 'http://127.0.0.1:${port}'}}]
users: [{name: me, user: {token: secret}}]
`,
    );
    // Nobody answers there.
    config = join(folder, 'sluice.yaml');
    writeFileSync(
      config,
      `apiVersion: config.sluice.dev/v1alpha1
kind: Sluice
admin: {address: '127.0.0.1:1'}
provider: {kubernetes: {kubeconfig: kubeconfig}}
`,
    );
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(() => {
    made.remove();
    server.close();
    server.closeAllConnections();
    rmSync(folder, {recursive: true, force: true});
  });

  it('prints what the cluster of a kubeconfig says', async () => {
    const {code, stdout, stderr} = await made.sluice('status', '--kubeconfig', kubeconfig);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout).toMatch(/^Cluster http:\/\/127\.0\.0\.1:\d+\n/);
    expect(stdout).toMatch(/GatewayClasses:\n {2}envoy {2}Accepted=True\n\n/);
    expect(stdout).toMatch(/\n {2}infra\/web +Accepted=True Programmed=True\n {4}http +1 route +Programmed=True\n/);
    expect(stdout).toMatch(/HTTPRoute shop\/good {2}at infra\/web {2}Accepted=True\n/);
    expect(stdout).toMatch(
      /Not as wanted:\n {2}HTTPRoute shop\/bad at infra\/web: ResolvedRefs is False: ResolvedRefs\n/,
    );
    expect(stdout).toContain(
      'Not answered yet:\n  Gateway infra/edited: its status is that of generation 1, it is at 3\n',
    );
    expect(stdout).toMatch(/Not read:\n {2}TLSRoute: .*: 403 Forbidden: not for you\n/);
    expect(stdout).not.toContain('foreign');
  });

  it('prints it as JSON, of one namespace if that is wished', async () => {
    const {stdout} = await made.sluice('status', '--kubeconfig', kubeconfig, '-n', 'shop', '-o', 'json');
    const {statuses, pending, cluster} = JSON.parse(stdout);
    expect(cluster).toMatch(/^http:/);
    expect(statuses.map(({metadata}: {metadata: {name: string}}) => metadata.name)).toEqual([
      'envoy',
      'bad',
      'good',
      'old',
    ]);
    expect(pending).toEqual(['HTTPRoute shop/old: its status is that of generation 1, it is at 2']);
    expect(asked).toContain('/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes');
    expect(asked).not.toContain('/apis/gateway.networking.k8s.io/v1/httproutes');
  });

  it('turns to the cluster where no instance runs, unless one is named', async () => {
    const found = await made.sluice('status', '-c', config);
    expect(found).toMatchObject({code: 0, stdout: expect.stringMatching(/^Cluster http:/)});
    asked = [];
    const named = await made.sluice('status', '-c', config, '--admin', '127.0.0.1:1');
    expect(named).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^no sluice answers at 127\.0\.0\.1:1/),
    });
    expect(asked).toEqual([]);
  });

  it('says what is wrong with a cluster, without a stack', async () => {
    const absent = await made.sluice('status', '--kubeconfig', join(folder, 'absent'));
    expect(absent.code).toBe(1);
    expect(absent.stderr).toMatch(/^\S+absent: cannot be read as a kubeconfig: ENOENT[^\n]*\n$/);
    const context = await made.sluice('status', '--kubeconfig', kubeconfig, '--context', 'there');
    expect(context.stderr).toMatch(/contexts: there is no entry named "there"\n$/);

    const gone = join(folder, 'gone');
    writeFileSync(
      gone,
      `apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: me, user: {token: secret}}]
`,
    );
    const unreachable = await made.sluice('status', '--kubeconfig', gone);
    expect(unreachable.code).toBe(1);
    expect(unreachable.stderr).toMatch(/^GET \/api\S* at http:\/\/127\.0\.0\.1:1: [^\n]*ECONNREFUSED[^\n]*\n$/);
  });
});
