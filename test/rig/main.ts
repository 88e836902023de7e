/**
 * `npm run rig`: a cluster to play with, until Ctrl-C.
 *
 *     npm run rig -- [--image NAME=PROGRAM]... [--suite] [--bare]
 *
 * `--image` says what runs for an image, by its name without registry and tag. `--suite` builds the Gateway API conformance
 * suite as well (two minutes, once), whose Pods then run. `--bare` leaves out the CRDs of Gateway API.
 */
import {basename, join} from 'node:path';
import {parseArgs} from 'node:util';
import {ensureBinaries, type RigBinaries} from './binaries.ts';
import {startCluster, type Cluster} from './cluster.ts';
import {inNamespace, nodeNamespace} from './network.ts';
import {whyNotHere} from './requirements.ts';
import type {Program} from './supervisor-methods.ts';

const {values} = parseArgs({
  options: {
    image: {type: 'string', multiple: true, default: []},
    suite: {type: 'boolean', default: false},
    bare: {type: 'boolean', default: false},
  },
});

async function main(): Promise<void> {
  const reason = whyNotHere('pods');
  if (reason !== undefined) throw new Error(reason);
  const parts = values.suite ? (['control-plane', 'suite'] as const) : (['control-plane'] as const);
  const binaries = await ensureBinaries({parts, log: (line) => console.log(line)});
  if ('missing' in binaries) throw new Error(binaries.missing);
  if (binaries.controlPlane === undefined) throw new Error('the control plane was not built');
  console.log('starting etcd, kube-apiserver, kube-controller-manager');
  const programs = programsOf(binaries);
  const cluster = await startCluster({
    mode: 'pods',
    binaries: binaries.controlPlane,
    images: (image) => programs.get(shortName(image)),
  });
  const stop = once(() => cluster.stop().then(() => process.exit(0), fail));
  // Before anything else: whoever gives up waiting for the CRDs wants nothing left behind either.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (!values.bare) await cluster.installGatewayApi();
  await explain(cluster, binaries);
  // The channel to the cluster does not keep this process alive.
  setInterval(() => {}, 60_000);
}

/** By the name of the image without registry and tag. */
function programsOf({suite}: RigBinaries): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>();
  if (suite !== undefined) programs.set('echo-basic', {command: [suite.echoBasic]});
  for (const given of values.image) {
    const [, name, program] = /^([^=]+)=(.+)$/.exec(given) ?? [];
    if (name === undefined || program === undefined) throw new Error(`--image ${given}: expected NAME=PROGRAM`);
    programs.set(name, {command: program.split(' ')});
  }
  return programs;
}

const shortName = (image: string): string => basename(image).replace(/[:@].*$/, '');

async function explain(cluster: Cluster, {controlPlane, suite}: RigBinaries): Promise<void> {
  const here = await cluster.kubeconfig(join(cluster.folder, 'kubeconfig'));
  const node = await cluster.kubeconfig(join(cluster.folder, 'node.kubeconfig'), {from: 'node'});
  const {body} = await cluster.request<{readonly gitVersion: string}>('GET', '/version');
  const shell = inNamespace(nodeNamespace(cluster.id)).join(' ');
  const lines = [
    `Kubernetes ${body.gitVersion}${values.bare ? '' : ' with Gateway API'} is up, in network namespaces of its own.`,
    `  from here:        export KUBECONFIG=${here}`,
    `  on the node:      ${shell} env KUBECONFIG=${node} bash`,
    `  in a Pod:         ip netns exec ${nodeNamespace(cluster.id)}-POD_ADDRESS bash   (ip netns list)`,
    `  load balancers:   10.245.0.0/16, reached from the node`,
    `  logs:             ${join(cluster.folder, 'logs')}`,
    `  programs:         ${controlPlane?.etcd.replace(/\/etcd$/, '') ?? ''}`,
    ...(suite === undefined ? [] : [`  conformance:      ${suite.conformance}`]),
    'Ctrl-C ends it, and leaves nothing behind.',
  ];
  console.log(lines.join('\n'));
}

function once(work: () => Promise<unknown>): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    console.log('stopping');
    void work();
  };
}

function fail(error: unknown): never {
  console.error(`rig: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

main().catch(fail);
