/**
 * Whoever reads the log, asks the admin endpoints or scrapes the metrics learns no private key, no token and nothing of
 * what Secrets hold.
 */
import {credentials as channels} from '@grpc/grpc-js';
import {afterEach, describe, expect, it} from 'vitest';
import {productOutputs} from '../../collections/extension.ts';
import {provisioned} from '../../collections/index.ts';
import {inputsByGroupKind, sessionSeed, settings} from '../../collections/inputs.ts';
import {defaultSettings, type Settings} from '../../collections/settings.ts';
import {createAdminServer} from '../../src/admin/admin-server.ts';
import {isJsonObject} from '../../src/api/json.ts';
import {groupKind, type KubeObject} from '../../src/api/object.ts';
import {createLogs} from '../../src/config/logging.ts';
import {decodeResource} from '../../src/decoder.ts';
import {createGraph, type Graph} from '../../src/krt/index.ts';
import {readAuthorities} from '../../src/trust/authority-secret.ts';
import {createOwnTrust} from '../../src/trust/own-trust.ts';
import {createTokenAuthenticator} from '../../src/trust/token-authenticator.ts';
import {createTokenReviews} from '../../src/trust/token-reviews.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {createTlsCredentials} from '../../src/xds/tls-credentials.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {encodeRequest, openStream, until, type WireStream} from '../xds/support/wire-client.ts';
import {renewed, www} from '../e2e/harness/certificates.ts';
import {found, needlesOf} from './support/needles.ts';
import {trustRig} from './support/secrets-api.ts';
import {tokenServer} from './support/token-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const password = 'correct horse battery staple, and some more of it';
const sessionKey = '0123456789abcdef'.repeat(4);
const seed = 'fedcba9876543210'.repeat(4);
const brokenKey = `${renewed.key.trim().slice(0, -60)}\n-----END PRIVATE KEY-----\n`;

const secret = (name: string, data: Readonly<Record<string, string>>, type = 'Opaque'): KubeObject => {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)]));
  const applied = {kind: 'Secret', metadata: {name}, data: encoded, stringData: data};
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: 'default',
      annotations: {'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied)},
    },
    type,
    data: encoded,
  };
  return object;
};
const tls = (name: string, certificate: string, key: string): KubeObject =>
  secret(name, {'tls.crt': certificate, 'tls.key': key}, 'kubernetes.io/tls');

const gatewayClass = (name: string): KubeObject => {
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: {name},
    spec: {controllerName: `sluice.dev/${name}`},
  };
  return object;
};
const gateway = (name: string, className: string): KubeObject => {
  const listener = (port: number, ref: string): object => ({
    name: `https-${port}`,
    port,
    protocol: 'HTTPS',
    tls: {mode: 'Terminate', certificateRefs: [{group: '', kind: 'Secret', name: ref}]},
    allowedRoutes: {namespaces: {from: 'Same'}},
  });
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {name, namespace: 'default', uid: `uid-${name}`, generation: 1},
    spec: {
      gatewayClassName: className,
      listeners: [listener(8443, 'good'), listener(8444, 'broken'), listener(8445, 'mixed'), listener(8446, 'absent')],
    },
  };
  return object;
};

const inCluster = (ca: string): Settings => ({
  ...defaultSettings,
  provider: 'kubernetes',
  provisioning: {
    version: '0.0.0',
    images: {
      envoy: {registry: 'r', repository: 'envoy', tag: '1'},
      agentgateway: {registry: 'r', repository: 'agentgateway', tag: '1'},
    },
    xds: {host: 'sluice.default.svc', port: 18_000, ca},
    emptyServicePort: 80,
  },
});

const objects: readonly KubeObject[] = [
  {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'default'}},
  gatewayClass('envoy'),
  gatewayClass('agentgateway'),
  gateway('web', 'envoy'),
  gateway('edge', 'agentgateway'),
  gateway('new', 'agentgateway'),
  tls('good', www.certificate, www.key),
  tls('broken', renewed.certificate, brokenKey),
  tls('mixed', renewed.certificate, www.key),
  secret('password', {password}),
  secret('edge-session-key', {key: sessionKey}),
];

/** Everything that can be asked for, from the list that the server itself gives. */
async function crawl(base: string, graph: Graph): Promise<ReadonlyMap<string, string>> {
  const bodies = new Map<string, string>();
  const get = async (path: string): Promise<string> => {
    const body = await (await fetch(`${base}${path}`)).text();
    bodies.set(path, body);
    return body;
  };
  const collections = [...new Set(graph.nodes().flatMap(({outputs}) => outputs))];
  const keysOf = (name: string): readonly string[] => graph.dump(name).map(({key}) => encodeURIComponent(key));
  for (const line of (await get('/')).trim().split('\n')) {
    const [path = ''] = line.replaceAll(/\[.*?\]/g, '').split(',');
    if (path.includes('NAME') && path.startsWith('/debug/collections')) {
      for (const name of collections) await get(`/debug/collections/${name}`);
    } else if (path.startsWith('/debug/why')) {
      for (const name of collections) for (const key of keysOf(name)) await get(`/debug/why/${name}?key=${key}`);
    } else if (path.includes('NAMESPACE/NAME')) {
      for (const name of ['web', 'edge']) await get(path.replace('NAMESPACE/NAME', `default/${name}`));
    } else await get(path);
  }
  return bodies;
}

describe('secrets', () => {
  it('are in no log line, no answer of an admin endpoint and no metric', async () => {
    const lines: string[] = [];
    const logging = {level: 'trace', components: {}, format: 'json'} as const;
    const logs = createLogs(logging, {write: (line) => lines.push(line)});
    const graph = createGraph({
      outputs: productOutputs.all,
      onDiagnostic: ({node, message}) => logs('graph').error({node}, message),
    });
    cleanups.push(() => graph.dispose());

    // A server with an authority of its own, and proxies that are known by their tokens.
    const rig = trustRig();
    const credentials = createTlsCredentials();
    let bundle = '';
    const keys: string[] = [];
    const own = createOwnTrust({
      client: rig.api.client(),
      secret: {namespace: 'default', name: 'sluice-xds-ca'},
      hosts: ['localhost'],
      log: logs('xds'),
      onTrust: (trust) => {
        expect(credentials.set(trust.material)).toBeUndefined();
        bundle = trust.bundle;
        keys.push(trust.material.key);
      },
    });
    await rig.until(own.start());
    cleanups.push(() => own.stop());
    const api = tokenServer();
    const auth = createTokenAuthenticator({
      reviews: createTokenReviews({client: api.client, audiences: ['sluice']}),
      identify: createNodeAuthenticator(),
      serviceAccountOf: (gateway) => gateway.slice(gateway.indexOf('/') + 1),
      log: logs('xds'),
    });
    const xds = createXdsServer({
      authenticate: auth.authenticate,
      credentials: credentials.credentials,
      log: logs('xds'),
    });
    cleanups.push(() => xds.stop());
    const port = await xds.listen('127.0.0.1:0');

    graph.subscribe(productOutputs.resources, ({changes}) => xds.apply(changes));
    graph.commit((tx) => {
      tx.set(settings, inCluster(bundle));
      tx.set(sessionSeed, {key: 'seed', privateKey: seed});
      for (const object of objects) {
        const input = inputsByGroupKind.get(groupKind(object));
        if (input === undefined) throw new Error(`${object.kind} has no input`);
        tx.set(input, object);
      }
    });
    xds.markSynced();

    const connect = (gatewayName: string, token: string): WireStream => {
      const stream = openStream(port, {
        headers: {authorization: `Bearer ${token}`},
        channel: channels.createSsl(Buffer.from(bundle)),
      });
      cleanups.push(() => stream.close());
      const node = {id: 'proxy', cluster: `default/${gatewayName}`, metadata: {}, userAgent: 'test'};
      for (const type of [typeUrls.secret, typeUrls.listener]) {
        const request = {
          node,
          type,
          subscribe: ['*'],
          unsubscribe: [],
          initialVersions: {},
          nonce: '',
          error: undefined,
        };
        stream.call.write(encodeRequest(request));
      }
      return stream;
    };
    const tokens = [
      api.token({name: 'web', pod: 'web-1'}),
      api.token({name: 'edge'}),
      api.token({name: 'web', audience: 'vault'}),
      api.token({name: 'web'}),
    ];
    const [good = '', other = '', vault = '', unlucky = ''] = tokens;
    const stream = connect('web', good);
    // The key is there, and goes to the one that it is for.
    await until(() => stream.messages.some((message) => message.includes(Buffer.from(www.key))));
    for (const token of [other, vault, 'garbage-that-is-a-token']) await connect('web', token).status;
    // Who answers in place of the API server says everything that it was told.
    api.failure = () => new Error(`502: ${JSON.stringify(api.requests.at(-1))}`);
    await connect('web', unlucky).status;
    const admin = createAdminServer({
      graph,
      xds,
      ready: () => [],
      status: () => ({statuses: graph.list(productOutputs.statuses), clients: xds.clients(), errors: graph.errors()}),
      metrics: () => [
        {
          name: 'sluice_xds_authentications_total',
          help: 'Clients by how they fared.',
          type: 'counter',
          samples: Object.entries(auth.counts()).map(([outcome, value]) => ({labels: {outcome}, value})),
        },
      ],
      decoder: () => Promise.resolve(decodeResource),
      logLevels: logs.levels,
      log: logs('admin'),
    });
    cleanups.push(() => admin.stop());
    const adminPort = await admin.listen({host: '127.0.0.1', port: 0});
    const bodies = await crawl(`http://127.0.0.1:${adminPort}`, graph);

    const data = graph.get(provisioned.objects, 'Secret/default/new-session-key')?.object['data'];
    const encoded = isJsonObject(data) ? data['key'] : undefined;
    const madeKey = typeof encoded === 'string' ? Buffer.from(encoded, 'base64').toString() : '';
    const stored = rig.api.get('/api/v1/namespaces/default/secrets/sluice-xds-ca');
    const {newest} = readAuthorities(stored, {namespace: 'default', name: 'sluice-xds-ca'});
    const secrets = new Map<string, string>([
      ['the key of a listener', www.key],
      ['a key that is of no use', renewed.key],
      ['a password', password],
      ['a session key', sessionKey],
      ['the seed of session keys', seed],
      ['a session key that we have made', madeKey],
      ['the key of the server', keys[0] ?? ''],
      ['the key of the authority', newest.key],
      ...tokens.map((token, i) => [`token ${i}`, token] as const),
    ]);
    for (const [name, text] of secrets) expect(needlesOf(text).length, name).toBeGreaterThan(2);

    const leaks = [...bodies].flatMap(([path, body]) => found(body, secrets).map((name) => `${path} shows ${name}`));
    expect(leaks).toEqual([]);
    expect(lines.flatMap((line) => found(line, secrets).map((name) => `${line} shows ${name}`))).toEqual([]);
    expect(auth.counts()).toMatchObject({accepted: 1, 'other-gateway': 1, 'bad-token': 2, 'not-decided': 1});

    // What was looked through is what there is.
    expect(bodies.size).toBeGreaterThan(60);
    expect(bodies.get('/debug/collections/secrets')).toContain('[redacted]');
    expect(bodies.get('/debug/collections/resources')).toContain('[redacted]');
    expect(bodies.get('/debug/collections/provisioned-objects')).toContain('new-session-key');
    expect(bodies.get('/metrics')).toContain('sluice_xds_authentications_total{outcome="accepted"} 1');
    expect(lines.join('')).toContain('client refused');
    expect(lines.join('')).toContain('cannot decide who a client is');
  });

  it('would be found, however they are written', () => {
    const secrets = new Map([['key', www.key]]);
    const der = Buffer.from(www.key.replaceAll(/-----.*-----|\s/g, ''), 'base64');
    const before = ['', 'x', 'xy', 'xyz'];
    const texts = [
      www.key,
      JSON.stringify({key: www.key}),
      www.key.split('\n')[2] ?? '',
      ...before.map((prefix) => Buffer.from(`${prefix}${www.key}`).toString('base64')),
      ...before.map((prefix) => Buffer.concat([Buffer.from(prefix), der]).toString('base64')),
      Buffer.from(www.key).toString('hex'),
      der.toString('hex'),
      JSON.stringify([...der]),
    ];
    for (const text of texts) expect(found(`{"a": "${text}"}`, secrets), text).toEqual(['key']);
    expect(found(www.certificate, secrets)).toEqual([]);
  });
});
