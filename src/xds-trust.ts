/** By what the xDS server is known to proxies, and proxies to it, as the configuration says. */
import type {ServerCredentials} from '@grpc/grpc-js';
import {join} from 'node:path';
import type {OutputSources} from './admin/output-metrics.ts';
import {infraName} from './api/infra-name.ts';
import type {Logs} from './config/logging.ts';
import type {StaticConfig} from './config/static-config.ts';
import type {KubeClient} from './kube/client.ts';
import {createFileTrust} from './trust/file-trust.ts';
import {createOwnTrust} from './trust/own-trust.ts';
import {serviceHosts} from './trust/service-hosts.ts';
import {createTokenAuthenticator} from './trust/token-authenticator.ts';
import {createTokenReviews} from './trust/token-reviews.ts';
import type {TrustSource} from './trust/trust-source.ts';
import type {Authenticator} from './xds/api.ts';
import {createNodeAuthenticator} from './xds/scope.ts';
import {createTlsCredentials, type TlsCredentials} from './xds/tls-credentials.ts';

export type XdsTrust = {
  /** Absent = cleartext. */
  readonly credentials?: ServerCredentials;
  readonly authenticate: Authenticator;
  readonly figures: Pick<OutputSources, 'authentication' | 'tokenReviews' | 'certificates'>;
  /** PEM of what proxies are to check the certificate of the server with; undefined without one. */
  bundle(): string | undefined;
  /** Called when that changes, once `start` has resolved. */
  onBundle(listener: () => void): void;
  /** Resolves when there is a certificate to serve. Rejects with TrustError where there is none to be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** `client`: of the cluster, without which there are neither tokens nor Secrets. */
export function createXdsTrust(config: StaticConfig, logs: Logs, client?: KubeClient): XdsTrust {
  const {tls} = config.xds;
  const clients = clientsOf(config, logs, client);
  if (tls.mode === 'plaintext') {
    return {
      ...clients,
      bundle: () => undefined,
      onBundle: () => {},
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    };
  }
  const log = logs('xds');
  const served = createTlsCredentials();
  let bundle: string | undefined;
  let changed = (): void => {};
  const {source, certificates} = sourceOf(config, tls, client, served, {
    log,
    onTrust: (trust) => {
      const problem = served.set(trust.material);
      if (problem !== undefined) {
        log.error({reason: problem}, 'the certificate of the xDS server cannot be served; the one before stays');
        return;
      }
      if (bundle === trust.bundle) return;
      bundle = trust.bundle;
      changed();
    },
  });
  return {
    authenticate: clients.authenticate,
    credentials: served.credentials,
    figures: {...clients.figures, certificates},
    bundle: () => bundle,
    onBundle: (listener) => {
      changed = listener;
    },
    start: () => source.start(),
    stop: () => source.stop(),
  };
}

/** How clients are told apart: by their tokens where these are asked for, otherwise by what they say. */
function clientsOf(
  {xds: {auth}}: StaticConfig,
  logs: Logs,
  client: KubeClient | undefined,
): Pick<XdsTrust, 'authenticate' | 'figures'> {
  const identify = createNodeAuthenticator();
  if (!auth.enabled || client === undefined) return {authenticate: identify, figures: {}};
  const reviews = createTokenReviews({client, audiences: [auth.audience]});
  const authenticator = createTokenAuthenticator({
    reviews,
    identify,
    // Proxies run as the ServiceAccount that is made for their Gateway.
    serviceAccountOf: (gateway) => infraName(gateway.slice(gateway.indexOf('/') + 1)),
    log: logs('xds'),
  });
  return {
    authenticate: authenticator.authenticate,
    figures: {authentication: () => authenticator.counts(), tokenReviews: () => reviews.counts()},
  };
}

type Tls = Exclude<StaticConfig['xds']['tls'], {readonly mode: 'plaintext'}>;
type Certificates = NonNullable<OutputSources['certificates']>;

function sourceOf(
  {pod, clusterDomain, xds}: StaticConfig,
  tls: Tls,
  client: KubeClient | undefined,
  served: TlsCredentials,
  options: Pick<Parameters<typeof createFileTrust>[0], 'log' | 'onTrust'>,
): {readonly source: TrustSource; readonly certificates: Certificates} {
  if ('certificateFolder' in tls) {
    const folder = tls.certificateFolder;
    const source = createFileTrust({
      ...options,
      certificateFile: join(folder, 'tls.crt'),
      keyFile: join(folder, 'tls.key'),
      caFile: join(folder, 'ca.crt'),
    });
    return {source, certificates: () => endOf(served)};
  }
  if (client === undefined) throw new Error('a certificate in a Secret takes a cluster');
  const own = createOwnTrust({
    ...options,
    client,
    secret: {namespace: pod.namespace ?? 'default', name: tls.secretName},
    hosts: [...hostsOf(xds.serviceHost, clusterDomain), ...tls.extraHosts],
  });
  return {
    source: own,
    certificates: () => {
      const view = own.view();
      return [...(view ? [{certificate: 'authority', ends: view.authorityEnds}] : []), ...endOf(served)];
    },
  };
}

const endOf = (served: TlsCredentials): ReturnType<Certificates> => {
  const view = served.view();
  return view ? [{certificate: 'server', ends: view.notAfter}] : [];
};

/** The host that proxies dial, and where it is a Service of the cluster every other name of it. */
function hostsOf(host: string | undefined, clusterDomain: string): readonly string[] {
  if (host === undefined) return ['localhost', '127.0.0.1'];
  const [name = '', namespace = '', ...rest] = host.split('.');
  const isService = rest.join('.') === `svc.${clusterDomain}` || rest.join('.') === 'svc';
  return isService ? serviceHosts({name, namespace, clusterDomain}) : [host];
}
