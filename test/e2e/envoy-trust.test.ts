/**
 * A provisioned Envoy and its control plane trust each other, and go on doing so when what they do that by is replaced: the
 * files of its Pod, a real Envoy, the xDS server with TLS, and tokens that a server reviews over HTTP.
 */
import {afterEach, beforeEach, expect, it} from 'vitest';
import {infraName} from '../../src/api/infra-name.ts';
import {issueCertificate, type KeyPair} from '../../src/trust/authority.ts';
import {
  type AuthenticationOutcome,
  createTokenAuthenticator,
  type TokenAuthenticator,
} from '../../src/trust/token-authenticator.ts';
import {createTokenReviews} from '../../src/trust/token-reviews.ts';
import type {XdsServer} from '../../src/xds/api.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {createXdsServer} from '../../src/xds/server.ts';
import {createTlsCredentials} from '../../src/xds/tls-credentials.ts';
import {gatewayYaml} from '../collections/gateway/world.ts';
import {provisioning, startCluster} from '../collections/infra/world.ts';
import {authority, hours} from '../trust/support/pki.ts';
import {startTokenReviewServer, type TokenReviewServer} from '../trust/support/token-review-server.ts';
import type {TokenOf} from '../trust/support/token-server.ts';
import {describeWithEnvoy} from './harness/envoy.ts';
import {type EnvoyPod, envoyPod, type EnvoyPodOptions, type RunningEnvoy, startEnvoy} from './harness/envoy-pod.ts';
import {eventually} from './harness/eventually.ts';
import {freePort} from './harness/free-port.ts';
import {request} from './harness/request.ts';

const {host} = provisioning.xds;
const audience = 'proxies-of-sluice';
const gateway = gatewayYaml('listeners: [{name: http, port: 80, protocol: HTTP}]');
const serverPair = (ca: KeyPair): Promise<KeyPair> => issueCertificate(ca, {...hours(-1, 2), hosts: [host]});
/** Longer than any pause of an Envoy between two attempts. */
const withinMs = 20_000;

describeWithEnvoy('a provisioned Envoy', () => {
  let port: number;
  let reviews: TokenReviewServer;
  let auth: TokenAuthenticator;
  let xds: XdsServer | undefined;
  /** What its requests had in `authorization`, in order. */
  let shown: (string | undefined)[];

  beforeEach(async () => {
    port = await freePort();
    shown = [];
    reviews = await startTokenReviewServer();
    auth = createTokenAuthenticator({
      reviews: createTokenReviews({client: reviews.client, audiences: [audience]}),
      identify: createNodeAuthenticator(),
      serviceAccountOf: (key) => infraName(key.slice(key.indexOf('/') + 1)),
    });
  });
  afterEach(async () => {
    await xds?.stop();
    reviews.stop();
  });

  /** A new server in the place of the one there was. */
  const serve = async (pair: KeyPair): Promise<void> => {
    await xds?.stop();
    const tls = createTlsCredentials();
    expect(tls.set(pair)).toBeUndefined();
    xds = createXdsServer({
      credentials: tls.credentials,
      authenticate: (client) => {
        shown.push(client.metadata.get('authorization'));
        return auth.authenticate(client);
      },
    });
    await xds.listen(`127.0.0.1:${port}`);
    xds.markSynced();
  };
  const tokenOf = (more: TokenOf = {}): string => reviews.tokens.token({name: 'gw', pod: 'gw-1', audience, ...more});
  /** As its objects say, with the token that a kubelet would get for it, where there is no other. */
  const podWith = (ca: KeyPair, token?: EnvoyPodOptions['token']): Promise<EnvoyPod> =>
    envoyPod(startCluster(gateway, {xds: {host, port, ca: ca.certificate, audience}}), {
      here: host,
      token: token ?? (({serviceAccount: name, audience: of}) => tokenOf({name, audience: of})),
    });

  /** As its probe finds it: it does not even listen before it has been told everything. */
  const ready = async ({ports}: EnvoyPod): Promise<boolean> => {
    try {
      return (await request({port: ports.ready, path: '/ready'})).status === 200;
    } catch {
      return false;
    }
  };
  const serving = async (pod: EnvoyPod): Promise<void> => {
    await eventually(async () => {
      expect(xds?.clients().map(({scope, node}) => `${scope} ${node.id}`)).toEqual(['envoy/default/gw gw-1.default']);
      expect(await ready(pod)).toBe(true);
    }, withinMs);
  };
  /** What it says of its streams to the control plane. */
  const complaints = (envoy: RunningEnvoy): string =>
    [...envoy.output().matchAll(/gRPC config stream to xds closed: (.*)/g)].map(([, why]) => why).join('\n');
  const stat = async ({ports}: EnvoyPod, name: string): Promise<number> => {
    const {body} = await request({port: ports.admin, path: `/stats?filter=^${name}$`});
    return Number(body.split(': ')[1] ?? 0);
  };
  /** Envoy has heard of it. */
  const replaced = async (pod: EnvoyPod, volume: string, files: Readonly<Record<string, string>>): Promise<void> => {
    const before = await stat(pod, `sds.${volume}.update_success`);
    pod.put(volume, files);
    await eventually(async () => expect(await stat(pod, `sds.${volume}.update_success`)).toBeGreaterThan(before));
  };

  it('shows its token to whom it trusts, and goes on when the token and the authority are replaced', async () => {
    const [old, next] = [await authority(), await authority()];
    const given: string[] = [];
    const pod = await podWith(old, ({serviceAccount: name, audience: of}) => {
      given.push(tokenOf({name, audience: of}));
      return given.join();
    });
    await serve(await serverPair(old));
    startEnvoy(pod.args);
    await serving(pod);
    expect(shown.splice(0)).toEqual([`Bearer ${given[0]}`]);

    const renewed = tokenOf();
    await replaced(pod, 'xds-token', {'xds-token': renewed});
    await replaced(pod, 'xds-ca', {'ca.crt': next.certificate});
    expect(shown).toEqual([]);
    await serve(await serverPair(next));
    await serving(pod);
    expect(shown).toEqual([`Bearer ${renewed}`]);
    expect(reviews.tokens.requests).toHaveLength(2);

    // Whoever may see its configuration does not get to know it.
    const {body} = await request({port: pod.ports.admin, path: '/config_dump?include_eds'});
    expect(body).toContain('"xds-token"');
    for (const token of [...given, renewed]) expect(body).not.toContain(token);
  });

  it.each<[string, TokenOf, AuthenticationOutcome, string]>([
    ['of another ServiceAccount', {name: 'other'}, 'other-gateway', 'ServiceAccount default/other may not have'],
    ['of another Pod', {pod: 'gw-2'}, 'other-pod', 'its token is of Pod gw-2'],
    ['for another audience', {audience: 'vault'}, 'bad-token', 'is invalid for the target audiences'],
  ])('is refused with a token %s, and let in with its own', async (_, wrong, outcome, why) => {
    const ca = await authority();
    const pod = await podWith(ca, () => tokenOf(wrong));
    await serve(await serverPair(ca));
    const envoy = startEnvoy(pod.args);
    await eventually(() => expect(decodeURI(complaints(envoy))).toContain(why), withinMs);
    expect(auth.counts()[outcome]).toBeGreaterThan(0);
    expect(auth.counts().accepted).toBe(0);
    expect(await ready(pod)).toBe(false);
    pod.put('xds-token', {'xds-token': tokenOf()});
    await serving(pod);
  });

  it('asks nothing without its token, and does as soon as it is there', async () => {
    const ca = await authority();
    const pod = await podWith(ca);
    pod.put('xds-token', {});
    await serve(await serverPair(ca));
    const envoy = startEnvoy(pod.args);
    await eventually(() => expect(complaints(envoy)).toContain('Failed to inject credential'), withinMs);
    expect(await ready(pod)).toBe(false);
    const token = tokenOf();
    pod.put('xds-token', {'xds-token': token});
    await serving(pod);
    expect(shown).toEqual([`Bearer ${token}`]);
  });

  it.each<[string, (ca: KeyPair) => Promise<KeyPair>]>([
    ['that another authority vouches for', async () => serverPair(await authority())],
    ['of another name', (ca) => issueCertificate(ca, {...hours(-1, 2), hosts: ['other.svc']})],
  ])('shows its token to no server %s', async (_, other) => {
    const ca = await authority();
    const pod = await podWith(ca);
    await serve(await other(ca));
    startEnvoy(pod.args);
    await eventually(async () => {
      const failures = await Promise.all(
        ['error', 'san'].map((what) => stat(pod, `cluster.xds.ssl.fail_verify_${what}`)),
      );
      expect(Math.max(...failures)).toBeGreaterThan(1);
    }, withinMs);
    expect(await ready(pod)).toBe(false);
    expect(shown).toEqual([]);
    await serve(await serverPair(ca));
    await serving(pod);
  });
});
