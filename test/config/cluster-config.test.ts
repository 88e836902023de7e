/** The configuration of a process in a Pod, or that reads a cluster from elsewhere. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {ConfigError, defaultConfig, loadConfig, type Situation} from '../../src/config/load-config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cluster-config-'));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const pod: Situation = {
  environment: {KUBERNETES_SERVICE_HOST: '10.96.0.1', POD_NAME: 'sluice-1', POD_NAMESPACE: 'sluice-system'},
};
const machine: Situation = {environment: {}};

let files = 0;
function fileWith(text: string): string {
  const file = join(folder, `config-${files++}.yaml`);
  writeFileSync(file, `apiVersion: config.sluice.dev/v1alpha1\nkind: Sluice\n${text}`);
  return file;
}
const load = (text: string, situation: Situation) => loadConfig(fileWith(text), situation);
function complaint(text: string, situation: Situation): string {
  const file = fileWith(text);
  try {
    loadConfig(file, situation);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(file, 'FILE');
  }
  return 'accepted';
}

describe('in a Pod', () => {
  it('objects come from the cluster, and there are other replicas', () => {
    const config = defaultConfig('/', pod);
    expect(config.provider.type).toBe('kubernetes');
    expect(config.xds).toEqual({
      address: '0.0.0.0:9978',
      serviceHost: 'sluice.sluice-system.svc.cluster.local',
      servicePort: 9978,
      tls: {mode: 'tls', secretName: 'sluice-xds-cert', extraHosts: []},
      auth: {enabled: true, audience: 'agentgateway'},
    });
    expect(config.admin.address).toBe('127.0.0.1:19000');
    expect(config.metrics.address).toBe('0.0.0.0:9092');
    expect(config.drain.windowMs).toBe(10_000);
    expect(config.leaderElection).toMatchObject({enabled: true, leaseName: 'sluice', namespace: 'sluice-system'});
    expect(config.provision.enabled).toBe(true);
    expect(config.envoy.manage).toBe(false);
    expect(config.pod).toEqual({name: 'sluice-1', namespace: 'sluice-system'});
  });

  it.each([
    ['the command line', '', {...pod, paths: ['/manifests']}],
    ['the configuration', 'provider: {file: {paths: [/manifests]}}\n', pod],
    ['the configuration, by type', 'provider: {type: file, file: {paths: [/manifests]}}\n', pod],
    ['the command line, against the configuration', 'provider: {type: kubernetes}\n', {...pod, paths: ['/manifests']}],
  ])('manifests count that are named by %s', (_who, text, situation) => {
    const config = load(text, situation);
    expect(config.provider).toMatchObject({type: 'file', file: {paths: ['/manifests']}});
    expect(config.xds).toMatchObject({address: '127.0.0.1:18000', tls: {mode: 'plaintext'}, auth: {enabled: false}});
    expect(config.metrics).not.toHaveProperty('address');
    expect(config.drain.windowMs).toBe(0);
    expect(config.leaderElection.enabled).toBe(false);
    expect(config.envoy.manage).toBe(true);
  });

  it('what is said counts more than what follows from the place', () => {
    const config = load(
      `clusterDomain: example.local
xds: {address: '0.0.0.0:18000', tls: {mode: plaintext}, auth: {enabled: false}, serviceHost: xds.example.com}
metrics: {address: '127.0.0.1:1'}
drain: {windowMs: 0}
leaderElection: {enabled: false, namespace: elsewhere}
provision: {enabled: false, envoyImage: {tag: v9}, istio: {}}
`,
      pod,
    );
    expect(config.xds).toMatchObject({
      address: '0.0.0.0:18000',
      serviceHost: 'xds.example.com',
      servicePort: 18_000,
      tls: {mode: 'plaintext'},
      auth: {enabled: false, audience: 'agentgateway'},
    });
    expect(config.metrics.address).toBe('127.0.0.1:1');
    expect(config.drain.windowMs).toBe(0);
    expect(config.leaderElection).toMatchObject({enabled: false, namespace: 'elsewhere'});
    expect(config.provision).toMatchObject({
      enabled: false,
      envoyImage: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'v9'},
      istio: {namespace: 'istio-system'},
    });
  });

  it('the domain of the cluster and the port of the Service can be others', () => {
    const config = load('clusterDomain: example.local\nxds: {servicePort: 443}\n', pod);
    expect(config.xds).toMatchObject({serviceHost: 'sluice.sluice-system.svc.example.local', servicePort: 443});
  });
});

describe('a cluster read from elsewhere', () => {
  it('is a matter of one process on a machine', () => {
    const config = load(
      `provider:
  type: kubernetes
  kubernetes: {kubeconfig: kube.yaml, context: staging, namespaces: [a, b], secrets: {type: folder, path: keys}}
`,
      machine,
    );
    expect(config.provider).toMatchObject({
      type: 'kubernetes',
      kubernetes: {
        kubeconfig: join(folder, 'kube.yaml'),
        context: 'staging',
        namespaces: ['a', 'b'],
        secrets: {type: 'folder', path: join(folder, 'keys')},
      },
    });
    expect(config.xds).toMatchObject({address: '127.0.0.1:18000', tls: {mode: 'plaintext'}});
    expect(config.leaderElection.enabled).toBe(false);
    expect(config.provision.enabled).toBe(false);
    expect(config.envoy.manage).toBe(false);
    expect(config.pod).toEqual({});
  });

  it('takes a certificate from a folder', () => {
    const {xds} = load(
      `provider: {type: kubernetes}\nxds: {tls: {mode: tls, certificateFolder: cert, extraHosts: [xds.example.com, '::1']}}\n`,
      machine,
    );
    expect(xds.tls).toEqual({
      mode: 'tls',
      certificateFolder: join(folder, 'cert'),
      extraHosts: ['xds.example.com', '::1'],
    });
  });
});

describe('what is wrong together', () => {
  const elections = 'leaderElection: {leaseDurationMs: 5000, renewDeadlineMs: 5000, retryPeriodMs: 4500}\n';
  it.each([
    [
      'namespaces chosen twice',
      'provider:\n  kubernetes:\n    namespaces: [a]\n    namespaceSelector: a=b\n',
      'FILE:6: provider.kubernetes.namespaceSelector: namespaces are chosen either by name or by label: namespaces is there too',
    ],
    [
      'a folder without a path',
      'provider: {kubernetes: {secrets: {type: folder}}}\n',
      'FILE:3: provider.kubernetes.secrets.path: is required with type folder',
    ],
    [
      'a path without a folder',
      'provider: {kubernetes: {secrets: {path: a}}}\n',
      'FILE:3: provider.kubernetes.secrets.path: is for type folder; type is kubernetes',
    ],
    [
      'a certificate that nothing is done with',
      'xds:\n  tls:\n    mode: plaintext\n    certificateFolder: a\n',
      'FILE:6: xds.tls.certificateFolder: is for mode tls; mode is plaintext',
    ],
    [
      'two certificates',
      'xds: {tls: {mode: tls, secretName: a, certificateFolder: a}}\n',
      'FILE:3: xds.tls.secretName: the certificate comes either from a Secret or from a folder: certificateFolder is there too',
    ],
    [
      'times of leaders that do not fit',
      elections,
      [
        'FILE:3: leaderElection.renewDeadlineMs: must be less than leaseDurationMs, 5000, is 5000',
        'FILE:3: leaderElection.retryPeriodMs: must be less than five sixths of renewDeadlineMs, 5000, is 4500',
      ].join('\n'),
    ],
    [
      'processes and objects for the same Gateways',
      'envoy: {manage: true}\n',
      'FILE:3: envoy.manage: Envoys run either here or in the cluster: provision.enabled is true',
    ],
  ])('%s', (_what, text, message) => {
    expect(complaint(text, pod)).toBe(message);
  });

  it.each([
    ['provision: {enabled: true}\n', 'provision.enabled'],
    ['leaderElection: {enabled: true}\n', 'leaderElection.enabled'],
    ['xds: {auth: {enabled: true}}\n', 'xds.auth.enabled'],
    ['xds: {tls: {mode: tls, secretName: a}}\n', 'xds.tls.secretName'],
  ])('what needs a cluster where there is none: %s', (text, field) => {
    expect(complaint(text, machine)).toBe(
      `FILE:3: ${field}: there is no cluster to do this with: provider.type is file`,
    );
  });

  it('TLS without a certificate, where nobody can make one', () => {
    expect(complaint('xds: {tls: {mode: tls}}\n', machine)).toBe(
      'FILE:3: xds.tls.certificateFolder: is required: there is no cluster that could have the certificate in a Secret',
    );
  });

  it('a Pod that does not know its namespace', () => {
    const nameless = {environment: {KUBERNETES_SERVICE_HOST: '10.96.0.1'}};
    const message = complaint('', nameless);
    expect(message).toContain('FILE:1: leaderElection.namespace: is required: the environment variable POD_NAMESPACE');
    expect(message).toContain('FILE:1: xds.serviceHost: is required, for the proxies that are made');
    expect(() => defaultConfig('/', nameless)).toThrow(/^leaderElection\.namespace: is required/);
  });

  it.each(['team=a', 'team = a, env != dev', 'tier in (web, api),!legacy', 'example.com/team', 'a notin (b)', 'a=='])(
    'a label selector is none of it: %s',
    (selector) => {
      expect(complaint(`provider: {kubernetes: {namespaceSelector: '${selector}'}}\n`, pod)).toBe('accepted');
    },
  );

  it.each(['', '=a', 'a=b=c', 'a in b', 'a in (b', 'a,,b', '-a', 'a/b/c'])(
    'but what is no label selector: %s',
    (selector) => {
      expect(complaint(`provider: {kubernetes: {namespaceSelector: '${selector}'}}\n`, pod)).toContain(
        'provider.kubernetes.namespaceSelector: must be a label selector such as',
      );
    },
  );

  it.each(['a_b', 'a b', '.a', 'a:1'])('nor a host: %s', (host) => {
    expect(complaint(`xds: {serviceHost: '${host}'}\n`, pod)).toContain('xds.serviceHost: must be a name of DNS');
  });
});
