/** Trust against a real API server, with the permissions that it needs and no others. */
import {credentials as channels, status} from '@grpc/grpc-js';
import {createSign} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeAll, beforeEach, expect, it, vi} from 'vitest';
import type {KubeObject} from '../../src/api/object.ts';
import {type Clock, systemClock} from '../../src/kube/clock.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import {readAuthorities} from '../../src/trust/authority-secret.ts';
import {readCertificates} from '../../src/trust/certificates.ts';
import {createOwnTrust, type OwnTrust, type OwnTrustOptions} from '../../src/trust/own-trust.ts';
import {createTokenAuthenticator} from '../../src/trust/token-authenticator.ts';
import {createTokenReviews, type TokenReviews} from '../../src/trust/token-reviews.ts';
import type {ServedTrust} from '../../src/trust/trust-source.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {createTlsCredentials} from '../../src/xds/tls-credentials.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import type {Cluster} from '../rig/cluster.ts';
import {clusterForTests, describeWithCluster} from '../rig/suites.ts';
import {type CollectedLog, collectedLog} from '../trust/support/collected-log.ts';
import {ModelClient} from '../xds/support/model-client.ts';
import {cluster as clusters} from '../xds/support/resources.ts';
import {connectModel, until, type WireStream} from '../xds/support/wire-client.ts';

const DAY = 86_400_000;
const WITHIN = {timeout: 30_000, interval: 20};
const own = {namespace: 'sluice-system', name: 'sluice-xds-ca'};
const secretPath = `/api/v1/namespaces/${own.namespace}/secrets/${own.name}`;

const account = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {namespace, name},
});
const rbac = 'rbac.authorization.k8s.io/v1';
const subjects = [{kind: 'ServiceAccount', name: 'sluice', namespace: own.namespace}];

/** Reading and replacing the one Secret; `create` cannot be limited to a name. */
const ofSecret = [
  {
    apiVersion: rbac,
    kind: 'Role',
    metadata: {name: 'sluice', namespace: own.namespace},
    rules: [
      {apiGroups: [''], resources: ['secrets'], resourceNames: [own.name], verbs: ['get', 'update']},
      {apiGroups: [''], resources: ['secrets'], verbs: ['create']},
    ],
  },
  {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata: {name: 'sluice', namespace: own.namespace},
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'sluice'},
    subjects,
  },
];
const ofReviews = [
  {
    apiVersion: rbac,
    kind: 'ClusterRole',
    metadata: {name: 'sluice-tokens'},
    rules: [{apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create']}],
  },
  {
    apiVersion: rbac,
    kind: 'ClusterRoleBinding',
    metadata: {name: 'sluice-tokens'},
    roleRef: {apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'sluice-tokens'},
    subjects,
  },
];
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name: 'web-1', namespace: 'team-a'},
  spec: {serviceAccountName: 'web', containers: [{name: 'proxy', image: 'proxy'}]},
};

describeWithCluster('loopback', 'trust and a real API server', () => {
  let cluster: Cluster;
  let kubeconfig = '';
  const stops: (() => unknown)[] = [];

  beforeAll(async () => {
    cluster = await clusterForTests('loopback');
    const namespaces = ['sluice-system', 'team-a'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {name},
    }));
    await cluster.apply(namespaces);
    await cluster.apply([account(own.namespace, 'sluice'), account('team-a', 'web'), account('team-a', 'api')]);
    await cluster.apply([...ofSecret, ...ofReviews, pod]);
    kubeconfig = await cluster.kubeconfig(join(cluster.folder, 'sluice-kubeconfig'), {
      as: {serviceAccount: {namespace: own.namespace, name: 'sluice'}},
    });
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  const newClient = (): ReturnType<typeof createKubeClient> => {
    const client = createKubeClient(loadCredentials({kubeconfig}), {version: 'test'});
    stops.push(() => client.close());
    return client;
  };
  const secretOf = async (): Promise<KubeObject | undefined> => {
    const {status: code, body} = await cluster.request<KubeObject>('GET', secretPath);
    return code === 200 ? body : undefined;
  };

  describeTokens();
  describeAuthority();

  function describeTokens(): void {
    const reviewed = (audiences = ['sluice']): TokenReviews => createTokenReviews({client: newClient(), audiences});

    /** As the kubelet asks for it, for a volume of a Pod. */
    const podToken = async (): Promise<string> => {
      const spec = {
        audiences: ['sluice'],
        expirationSeconds: 3600,
        boundObjectRef: {apiVersion: 'v1', kind: 'Pod', name: 'web-1'},
      };
      const path = '/api/v1/namespaces/team-a/serviceaccounts/web/token';
      const request = {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec};
      const answer = await cluster.request<{readonly status: {readonly token: string}}>('POST', path, request);
      expect(answer.status).toBe(201);
      return answer.body.status.token;
    };

    /** The same token, with other claims, signed with the key of the cluster itself. */
    const signedAnew = (token: string, change: object): string => {
      const [header = '', payload = ''] = token.split('.');
      const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const body = Buffer.from(JSON.stringify({...claims, ...change})).toString('base64url');
      const folder = readdirSync(cluster.folder, {recursive: true, encoding: 'utf8'});
      const file = folder.find((name) => name.endsWith('service-account.key'));
      if (file === undefined) throw new Error('the cluster has no key for tokens');
      const key = readFileSync(join(cluster.folder, file));
      return `${header}.${body}.${createSign('RSA-SHA256').update(`${header}.${body}`).sign(key, 'base64url')}`;
    };

    it('knows tokens of Pods, and those that are for others, over, or made up', async () => {
      const reviews = reviewed(['agentgateway', 'sluice']);
      const token = await podToken();
      expect(await reviews.review(token)).toEqual({
        genuine: true,
        user: 'system:serviceaccount:team-a:web',
        pod: 'web-1',
      });
      const plain = await cluster.serviceAccountToken('team-a', 'api', 'sluice');
      expect(await reviews.review(plain)).toEqual({genuine: true, user: 'system:serviceaccount:team-a:api'});

      const refusals = [
        await reviews.review(await cluster.serviceAccountToken('team-a', 'web')),
        await reviews.review(await cluster.serviceAccountToken('team-a', 'web', 'vault')),
        await reviews.review(signedAnew(token, {exp: Math.floor(Date.now() / 1000) - 60})),
        await reviews.review(`${token.slice(0, -8)}AAAAAAAA`),
        await reviews.review('made-up'),
        await reviews.review(cluster.adminToken),
      ];
      expect(refusals.map((verdict) => verdict.genuine)).toEqual(refusals.map(() => false));
      const reasons = refusals.map((verdict) => ('reason' in verdict ? verdict.reason : ''));
      expect(reasons[0]).toContain('audiences');
      expect(reasons[1]).toContain('audiences');
      expect(reasons[2]).toContain('expired');
      // What it was signed anew with is what the server takes: the date alone was wrong.
      expect(await reviews.review(signedAnew(token, {jti: 'another'}))).toMatchObject({genuine: true});
    });

    it('does not know the token of a ServiceAccount that was deleted', async () => {
      await cluster.apply([account('team-a', 'gone')]);
      const token = await cluster.serviceAccountToken('team-a', 'gone', 'sluice');
      expect(await reviewed().review(token)).toMatchObject({genuine: true});
      await cluster.remove([account('team-a', 'gone')]);
      await vi.waitFor(async () => expect(await reviewed().review(token)).toMatchObject({genuine: false}), WITHIN);
    });

    it('asks once for a token that two hundred show at the same moment', async () => {
      const reviews = reviewed();
      const token = await podToken();
      const verdicts = await Promise.all(Array.from({length: 200}, () => reviews.review(token)));
      expect(new Set(verdicts.map(({genuine}) => genuine))).toEqual(new Set([true]));
      expect(reviews.counts()).toEqual({asked: 1, failed: 0, remembered: 199});
    });

    it('decides nothing without the permission to ask', async () => {
      const nobody = await cluster.serviceAccountToken('team-a', 'api');
      const client = createKubeClient(
        {server: cluster.url, read: () => ({tls: {ca: cluster.ca}, headers: {authorization: `Bearer ${nobody}`}})},
        {version: 'test'},
      );
      stops.push(() => client.close());
      const reviews = createTokenReviews({client, audiences: ['sluice']});
      const token = await podToken();
      const error = await reviews.review(token).catch((caught: unknown) => caught);
      expect(String(error)).toContain('403 Forbidden');
      expect(String(error)).toContain('tokenreviews');
      expect(String(error)).not.toContain(token);
    });

    it('lets proxies in over TLS by their tokens, through an outage of the API server', async () => {
      const tls = createTlsCredentials();
      let bundle = '';
      const log = collectedLog();
      const trust = createOwnTrust({
        client: newClient(),
        secret: own,
        hosts: ['localhost'],
        log,
        times: {poll: 500},
        onTrust: (state) => {
          expect(tls.set(state.material)).toBeUndefined();
          ({bundle} = state);
        },
      });
      stops.push(() => trust.stop());
      await trust.start();
      const reviews = createTokenReviews({client: newClient(), audiences: ['sluice']});
      const auth = createTokenAuthenticator({
        reviews,
        identify: createNodeAuthenticator(),
        serviceAccountOf: (gateway) => gateway.slice(gateway.indexOf('/') + 1),
        log,
      });
      const xds = createXdsServer({authenticate: auth.authenticate, credentials: tls.credentials, log});
      stops.push(() => xds.stop());
      const port = await xds.listen('127.0.0.1:0');
      xds.apply([{new: clusters.make('mine', {scope: 'envoy/team-a/web'})}]);
      xds.markSynced();
      const connect = (gateway: string, token: string): {model: ModelClient; stream: WireStream} => {
        const node = {id: 'web-1.team-a', cluster: gateway, metadata: {}, userAgent: 'test'};
        const model = new ModelClient({mode: 'envoy', store: {version: () => undefined}, node});
        const stream = connectModel(model, port, {
          headers: {authorization: `Bearer ${token}`},
          channel: channels.createSsl(Buffer.from(bundle)),
        });
        stops.push(() => stream.close());
        model.subscribe(typeUrls.cluster);
        return {model, stream};
      };

      const token = await podToken();
      const mine = connect('team-a/web', token);
      await until(() => 'mine' in mine.model.contents(typeUrls.cluster));
      const api = await cluster.serviceAccountToken('team-a', 'api', 'sluice');
      expect(await connect('team-a/web', api).stream.status).toMatchObject({
        code: status.PERMISSION_DENIED,
        details: expect.stringContaining('ServiceAccount team-a/api may not have'),
      });

      const unknown = await cluster.serviceAccountToken('team-a', 'web', 'sluice');
      await cluster.killApiServer();
      expect(await connect('team-a/web', unknown).stream.status).toMatchObject({code: status.UNAVAILABLE});
      // Who was known before still is, and whoever is connected notices nothing.
      const again = connect('team-a/web', token);
      await until(() => 'mine' in again.model.contents(typeUrls.cluster));
      expect(xds.clients()).toHaveLength(2);
      await cluster.startApiServer();
      const late = connect('team-a/web', unknown);
      await until(() => 'mine' in late.model.contents(typeUrls.cluster), 20_000);
      expect(auth.counts()).toMatchObject({accepted: 3, 'other-gateway': 1});
      for (const each of [token, api, unknown]) expect(JSON.stringify(log.lines)).not.toContain(each);
    });
  }

  function describeAuthority(): void {
    type Replica = {readonly trust: OwnTrust; readonly served: ServedTrust[]; readonly log: CollectedLog};

    const replica = (options: Partial<OwnTrustOptions> = {}): Replica => {
      const served: ServedTrust[] = [];
      const log = collectedLog();
      const trust = createOwnTrust({
        client: newClient(),
        secret: own,
        hosts: ['sluice.sluice-system.svc'],
        log,
        onTrust: (state) => served.push(state),
        ...options,
      });
      stops.push(() => trust.stop());
      return {trust, served, log};
    };
    const madeBy = (replicas: readonly Replica[], message: string): number =>
      replicas.filter(({log}) => log.messages('info').includes(message)).length;
    /** So many days later. */
    const later = (days: number): Clock => ({...systemClock, date: () => new Date(Date.now() + days * DAY)});

    beforeEach(async () => {
      await cluster.request('DELETE', secretPath);
    });

    it('makes one authority, however many replicas start at the same moment', async () => {
      const replicas = Array.from({length: 5}, () => replica());
      await Promise.all(replicas.map(({trust}) => trust.start()));
      expect(madeBy(replicas, 'authority for xDS made')).toBe(1);
      const {newest, isOurs} = readAuthorities(await secretOf(), own);
      expect(isOurs).toBe(true);
      expect(new Set(replicas.map(({served}) => served.at(-1)?.bundle))).toEqual(new Set([newest.certificate]));
      expect(new Set(replicas.map(({served}) => served.at(-1)?.material.key)).size).toBe(5);
      expect(replicas.flatMap(({log}) => log.messages('error'))).toEqual([]);
    });

    it('replaces it once, however many replicas find it due', async () => {
      const times = {authority: 9 * DAY};
      const first = replica({times});
      await first.trust.start();
      const before = readAuthorities(await secretOf(), own);
      const replicas = Array.from({length: 3}, () => replica({times, clock: later(7)}));
      await Promise.all(replicas.map(({trust}) => trust.start()));
      expect(madeBy(replicas, 'authority for xDS made anew')).toBe(1);
      const {newest, previous} = readAuthorities(await secretOf(), own);
      expect(previous).toEqual(before.newest);
      expect(newest.certificate).not.toBe(before.newest.certificate);
      for (const {served} of replicas) {
        expect(served.at(-1)?.bundle).toBe(newest.certificate + before.newest.certificate);
        // Nobody has heard of the new one yet.
        const [leaf] = readCertificates(served.at(-1)?.material.certificate ?? '');
        const [signer] = readCertificates(before.newest.certificate);
        expect(leaf?.issuer).toBe(signer?.subject);
      }
      // The one that was there all the time is told.
      await first.trust.refresh();
      expect(first.served.at(-1)?.bundle).toBe(replicas[0]?.served.at(-1)?.bundle);
    });

    it('waits for the permission to, and says what is missing', async () => {
      await cluster.remove(ofSecret);
      const {trust, served, log} = replica({times: {poll: 100}});
      const starting = trust.start();
      await vi.waitFor(() => expect(log.messages('error')).toHaveLength(1), WITHIN);
      expect(JSON.stringify(log.lines)).toContain('secrets \\"sluice-xds-ca\\" is forbidden');
      expect(served).toEqual([]);
      await cluster.apply(ofSecret);
      await starting;
      expect(served).toHaveLength(1);
    });
  }
});
