/** What kustomize makes of the folders, where kubectl is there to ask. */
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {CORE_SCHEMA, loadAll} from 'js-yaml';
import {describe, expect, it} from 'vitest';
import {base, type Deployment, kubernetes, type Manifest, objectsIn} from './manifests.ts';

/** In a session of its own: some kubectl want to speak to a terminal, and stop everybody who runs in the background of one. */
function kubectl(...args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('kubectl', args, {detached: true, stdio: ['ignore', 'pipe', 'ignore']});
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? text : undefined));
  });
}
const isThere = (await kubectl('version', '--client')) !== undefined;

async function rendered(folder: string): Promise<readonly Manifest[]> {
  const text = await kubectl('kustomize', folder);
  if (text === undefined) throw new Error(`kubectl kustomize ${folder} fails`);
  return loadAll(text, {schema: CORE_SCHEMA}) as readonly Manifest[]; // made of our own files
}
const namesOf = (objects: readonly Manifest[]): readonly string[] =>
  objects
    .map(
      ({kind, metadata}) =>
        `${kind} ${metadata.namespace ?? ''}/${metadata.name.replace(/^sluice-[0-9a-z]{10}$/, 'sluice-HASH')}`,
    )
    .sort();
const deploymentIn = (objects: readonly Manifest[]): Deployment =>
  objects.find(({kind}) => kind === 'Deployment') as Deployment; // there is one

describe.skipIf(!isThere)('kustomize', () => {
  it('makes of the base what is in its files, and names the ConfigMap by what is in it', async () => {
    const objects = await rendered(base);
    const expected = namesOf(objectsIn(base)).map((name) => name.replace(/^ConfigMap (.*)$/, 'ConfigMap $1-HASH'));
    expect(namesOf(objects)).toEqual(expected);
    const {volumes, containers} = deploymentIn(objects).spec.template.spec;
    const configMap = objects.find(({kind}) => kind === 'ConfigMap')?.metadata.name;
    expect(volumes.map((volume) => volume.configMap.name)).toEqual([configMap]);
    expect(containers[0].image).toMatch(/^sluice:\d+\.\d+\.\d+$/);
  });

  it('makes one replica of it', async () => {
    const objects = await rendered(join(kubernetes, 'overlays/single-replica'));
    expect(namesOf(objects)).toEqual(
      namesOf(await rendered(base)).filter((name) => !name.startsWith('PodDisruptionBudget')),
    );
    const {replicas, template} = deploymentIn(objects).spec;
    expect(replicas).toBe(1);
    expect(template.spec).not.toHaveProperty('topologySpreadConstraints');
  });

  it('lets it make proxies in chosen namespaces only', async () => {
    const objects = await rendered(join(kubernetes, 'overlays/chosen-namespaces'));
    expect(namesOf(objects)).toEqual(
      namesOf(await rendered(base))
        .map((name) => (name === 'ClusterRoleBinding /sluice-deployer' ? 'RoleBinding gateways/sluice-deployer' : name))
        .sort(),
    );
  });

  it('adds the classes as a component', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-kustomize-'));
    symlinkSync(kubernetes, join(folder, 'kubernetes'));
    const mine = join(folder, 'mine');
    mkdirSync(mine);
    const text = [
      'apiVersion: kustomize.config.k8s.io/v1beta1',
      'kind: Kustomization',
      'resources: [../kubernetes/base]',
      'components: [../kubernetes/components/gateway-classes]',
    ];
    writeFileSync(join(mine, 'kustomization.yaml'), text.join('\n'));
    const before = namesOf(await rendered(base));
    const added = namesOf(await rendered(mine)).filter((name) => !before.includes(name));
    rmSync(folder, {recursive: true});
    expect(added).toEqual(['GatewayClass /agentgateway', 'GatewayClass /envoy']);
  });
});
