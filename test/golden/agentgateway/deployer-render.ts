/** Manifests through the real graph: the objects that are to exist, in the form in which golden files have them. */
import {graphOutputs, provisioned} from '../../../collections/index.ts';
import {inputsByGroupKind, secrets, settings} from '../../../collections/inputs.ts';
import {defaultSettings, type Provisioning, type Settings} from '../../../collections/settings.ts';
import type {Secret} from '../../../src/api/core.ts';
import {groupKind, type KubeObject} from '../../../src/api/object.ts';
import {createGraph, type Graph} from '../../../src/krt/index.ts';
import type {DeployerCase} from './deployer-case.ts';

/** What the suite is run with. */
const provisioning: Provisioning = {
  version: '1.0.0-ci1',
  images: {
    envoy: {registry: 'docker.io', repository: 'envoyproxy/envoy', tag: 'v0.0.0'},
    agentgateway: {registry: 'cr.agentgateway.dev', repository: 'agentgateway', tag: '99.99.99'},
  },
  xds: {host: 'xds.cluster.local', port: 9978},
  emptyServicePort: 443,
};
const sessionKey = '00112233445566778899aabbccddeeff'.repeat(2);

/** Cases with other settings. */
function provisioningOf({name, expected}: DeployerCase): Provisioning {
  switch (name) {
    case 'agentgateway-tls':
      return {...provisioning, xds: {...provisioning.xds, ca: caIn(expected)}};
    case 'agentgateway-istio-noparams': {
      const istio = {namespace: 'istio-system', revision: '1-30', clusterId: 'cluster-1', network: 'network-1'};
      return {...provisioning, istio};
    }
    case 'agentgateway-aws-nlb-dummy-port':
      return {...provisioning, emptyServicePort: 65_443};
    default:
      return provisioning;
  }
}

function caIn(expected: readonly KubeObject[]): string {
  for (const object of expected) {
    const ca = fieldsOf(fieldsOf(object)['data'])['ca.crt'];
    if (typeof ca === 'string') return ca;
  }
  throw new Error('there is no CA among the objects expected');
}

/** By `Kind/name`. */
export function render(golden: DeployerCase): ReadonlyMap<string, unknown> {
  const graph = graphFor(golden);
  const errors = graph.errors();
  if (errors.length > 0) throw new Error(errors.map(({collection, message}) => `${collection}: ${message}`).join('\n'));
  const problems = graph.list(provisioned.gateways).flatMap(({problem}) => problem?.message ?? []);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const objects = graph.list(provisioned.objects).map(({object}) => object);
  graph.dispose();
  return normal(objects);
}

function graphFor(golden: DeployerCase): Graph {
  const graph = createGraph({outputs: graphOutputs, development: true});
  const row: Settings = {
    ...defaultSettings,
    provider: 'kubernetes',
    controllerNames: {...defaultSettings.controllerNames, agentgateway: 'agentgateway.dev/agentgateway'},
    provisioning: provisioningOf(golden),
  };
  graph.commit((tx) => {
    tx.set(settings, row);
    for (const object of golden.manifests) {
      const input = inputsByGroupKind.get(groupKind(object));
      if (input === undefined) throw new Error(`no input for ${groupKind(object)}`);
      tx.set(input, object);
      if (object.kind === 'Gateway') tx.set(secrets, sessionSecretOf(object));
    }
  });
  return graph;
}

/** The key of a Gateway that has one, so that it is the one of the golden files. */
const sessionSecretOf = ({metadata: {name, namespace = 'default'}}: KubeObject): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {name: `${name}-session-key`, namespace},
  data: {key: Buffer.from(sessionKey).toString('base64')},
});

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? {...value} : {});

/**
 * Objects by `Kind/name`, and what means the same made equal. Golden files are dumps of typed Go objects: these have a
 * status, and empty fields where nothing is said; they were dumped before namespace and owner were filled in.
 */
export function normal(objects: readonly object[]): ReadonlyMap<string, unknown> {
  return new Map(objects.map((object) => normalObject(fieldsOf(object))));
}

function normalObject({status: _status, ...object}: Fields): readonly [string, unknown] {
  const {namespace: _n, ownerReferences: _o, ...metadata} = fieldsOf(object['metadata']);
  const spec = 'spec' in object ? {spec: withoutEmpty(object['spec'])} : {};
  const key = `${String(object['kind'])}/${String(metadata['name'])}`;
  return [key, {...object, metadata, ...spec}];
}

/** Checksums of whole manifests as templates printed them: they cannot be told from data (README of the golden files). */
const masked = new Set(['checksum/config', 'checksum/xds-ca']);

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(
    ([name, field]) => !((name === 'strategy' || name === 'resources') && Object.keys(fieldsOf(field)).length === 0),
  );
  return Object.fromEntries(
    fields.map(([name, field]) =>
      masked.has(name) && /^[0-9a-f]{64}$/.test(String(field)) ? [name, 'sha256'] : [name, withoutEmpty(field)],
    ),
  );
}
