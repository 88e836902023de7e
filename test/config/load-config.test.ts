import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {ConfigError, defaultConfig, loadConfig, parseAddress} from '../../src/config/load-config.ts';

/** A process on a machine, wherever these tests run. */
const machine = {environment: {}};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

const head = 'apiVersion: config.sluice.dev/v1alpha1\nkind: Sluice\n';
let files = 0;
function fileWith(text: string): string {
  const file = join(folder, `config-${files++}.yaml`);
  writeFileSync(file, text);
  return file;
}
/** What loading says, with the file's name shortened to `FILE`. */
function complaint(text: string): string {
  const file = fileWith(text);
  try {
    loadConfig(file, machine);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(file, 'FILE');
  }
  return 'accepted';
}

describe('static configuration', () => {
  it('has a default for everything', () => {
    expect(defaultConfig('/somewhere', machine)).toEqual({
      apiVersion: 'config.sluice.dev/v1alpha1',
      kind: 'Sluice',
      provider: {
        type: 'file',
        file: {paths: ['/somewhere/manifests'], debounceMs: 20, pollMs: 60_000},
        kubernetes: {secrets: {type: 'kubernetes'}},
      },
      collections: [],
      controllerNames: {envoy: 'sluice.dev/envoy', agentgateway: 'sluice.dev/agentgateway'},
      clusterDomain: 'cluster.local',
      serviceHost: '{name}',
      xds: {
        address: '127.0.0.1:18000',
        tls: {mode: 'plaintext'},
        auth: {enabled: false, audience: 'agentgateway'},
      },
      admin: {address: '127.0.0.1:19000'},
      metrics: {gatewayLimit: 1_000},
      drain: {windowMs: 0},
      leaderElection: {
        enabled: false,
        leaseName: 'sluice',
        leaseDurationMs: 15_000,
        renewDeadlineMs: 10_000,
        retryPeriodMs: 2_000,
      },
      provision: {
        enabled: false,
        envoyImage: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'distroless-v1.40.0'},
        agentgatewayImage: {registry: 'cr.agentgateway.dev', repository: 'agentgateway', tag: '1.5.0'},
        createGatewayClasses: true,
        emptyServicePort: 443,
      },
      status: {concurrency: 64, quietMs: 100, spacingMs: 500},
      pod: {},
      envoy: {virtualHosts: 'vhds', manage: true, args: []},
      stateDir: '/somewhere/.sluice',
      prepare: [],
      processes: [],
      logging: {level: 'info', components: {}, format: 'auto'},
    });
  });

  it('takes a file over the defaults, with paths relative to the file', () => {
    const config = loadConfig(
      fileWith(`${head}
provider: {file: {paths: [a, /b], debounceMs: 5}}
collections: [mine.ts, /other/theirs.mjs]
envoy: {binary: bin/envoy, cacheDir: cache, virtualHosts: rds, manage: false, args: [--drain-time-s, '5'], concurrency: 2}
stateDir: ../state
processes: [{name: web, command: [node, web.mjs], env: {A: b}}]
logging: {level: warn, components: {xds: debug}, format: json}
`),
    );
    expect(config.provider.file).toEqual({paths: [join(folder, 'a'), '/b'], debounceMs: 5, pollMs: 60_000});
    expect(config.collections).toEqual([join(folder, 'mine.ts'), '/other/theirs.mjs']);
    expect(config.envoy).toEqual({
      binary: join(folder, 'bin/envoy'),
      cacheDir: join(folder, 'cache'),
      virtualHosts: 'rds',
      manage: false,
      args: ['--drain-time-s', '5'],
      concurrency: 2,
    });
    expect(config.stateDir).toBe(join(folder, '../state'));
    expect(config.processes).toEqual([{name: 'web', command: ['node', 'web.mjs'], env: {A: 'b'}, cwd: folder}]);
    expect(config.logging).toEqual({level: 'warn', components: {xds: 'debug'}, format: 'json'});
  });

  it('reads JSON as well', () => {
    const text = JSON.stringify({
      apiVersion: 'config.sluice.dev/v1alpha1',
      kind: 'Sluice',
      clusterDomain: 'example.org',
    });
    expect(loadConfig(fileWith(text)).clusterDomain).toBe('example.org');
  });

  it.each([
    [
      'an unknown field',
      `${head}more: 1\n`,
      'FILE:3: more: unknown field; known here: admin, apiVersion, clusterDomain',
    ],
    [
      'an unknown field inside',
      `${head}xds:\n  adress: a:1\n`,
      'FILE:4: xds.adress: unknown field; known here: address, auth, serviceHost, servicePort, tls',
    ],
    [
      'an unknown component',
      `${head}logging:\n  components:\n    envoi: info\n`,
      'FILE:5: logging.components.envoi: unknown',
    ],
    ['a wrong level', `${head}logging: {level: loud}\n`, 'FILE:3: logging.level: must be one of ["trace","debug"'],
    [
      'a wrong type',
      `${head}provider:\n  file:\n    paths: manifests\n`,
      'FILE:5: provider.file.paths: must be array, is "manifests"',
    ],
    [
      'another provider',
      `${head}provider: {type: etcd}\n`,
      'FILE:3: provider.type: must be one of ["file","kubernetes"], is "etcd"',
    ],
    [
      'an address without a port',
      `${head}xds: {address: localhost}\n`,
      'FILE:3: xds.address: must be host:port such as',
    ],
    ['a port out of range', `${head}admin: {address: 'a:70000'}\n`, 'FILE:3: admin.address: must be host:port such as'],
    [
      'a controller name',
      `${head}controllerNames: {envoy: envoy}\n`,
      'FILE:3: controllerNames.envoy: must be a domain and a path',
    ],
    ['a program without a command', `${head}processes:\n- name: web\n`, 'FILE:4: processes[0].command: is required'],
    [
      'an element of a list',
      `${head}processes:\n- {name: web, command: [node]}\n- {name: Web, command: [node]}\n`,
      'FILE:5: processes[1].name: must be lower-case',
    ],
    [
      'another kind',
      'apiVersion: config.sluice.dev/v1alpha1\nkind: Config\n',
      'FILE:2: kind: must be "Sluice", is "Config"',
    ],
    [
      'another version',
      'apiVersion: v1\nkind: Sluice\n',
      'FILE:1: apiVersion: must be "config.sluice.dev/v1alpha1", is "v1"',
    ],
    ['no kind', 'apiVersion: config.sluice.dev/v1alpha1\n', 'FILE:1: kind: is required'],
    ['no object', 'just text\n', 'FILE:1: must be object, is "just text"'],
    ['nothing', '', 'FILE:1: must be object'],
    ['broken YAML', `${head}xds: [\n`, 'FILE:4: is no YAML: '],
    ['a field named twice', `${head}xds: {}\nxds: {}\n`, 'FILE:4: is no YAML: Map keys must be unique'],
  ])('refuses %s, with file, line and field', (_what, text, message) => {
    expect(complaint(text)).toContain(message);
  });

  it('names everything that is wrong, one a line', () => {
    expect(complaint(`${head}a: 1\nb: 2\n`).split('\n')).toHaveLength(2);
  });

  it('says so when the file is missing', () => {
    expect(() => loadConfig(join(folder, 'absent.yaml'))).toThrow(/absent\.yaml: cannot be read: ENOENT/);
  });

  it('knows addresses', () => {
    expect(parseAddress('127.0.0.1:0')).toEqual({host: '127.0.0.1', port: 0});
    expect(parseAddress('[::1]:18000')).toEqual({host: '::1', port: 18_000});
    expect(parseAddress('localhost:80')).toEqual({host: 'localhost', port: 80});
    expect(['::1:80', 'a:b', ':80', 'a b:80', 'a:65536'].map(parseAddress)).toEqual(Array(5).fill(undefined));
  });
});
