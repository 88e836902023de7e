/** deploy/kubernetes: that what belongs together does, and that it fits the program. */
import {readdirSync} from 'node:fs';
import {basename, join, relative} from 'node:path';
import {describe, expect, it} from 'vitest';
import packageJson from '../../package.json' with {type: 'json'};
import {parseAddress, loadConfig} from '../../src/config/load-config.ts';
import {
  base,
  type Deployment,
  foldersWith,
  kubernetes,
  kustomizationOf,
  type Labels,
  type Manifest,
  manifestsOf,
  objectsIn,
} from './manifests.ts';

const objects = objectsIn(base);
function the(kind: string, name = 'sluice'): Manifest {
  const [found, ...more] = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined || more.length > 0) throw new Error(`${kind} ${name} must be there once`);
  return found;
}
// These are our own files, and checked by what is done with them: so for all `as` here.
const deployment = the('Deployment') as Deployment;
const {template} = deployment.spec;
const [container] = template.spec.containers;
const portOf = (name: string) => container.ports.find((port) => port.name === name)?.containerPort;
const matches = (selector: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => template.metadata.labels[name] === value);

describe('kustomizations', () => {
  const folders = foldersWith('kustomization.yaml');

  it('are where they are told to be', () => {
    expect(folders.map((folder) => relative(kubernetes, folder))).toEqual([
      'base',
      'components/gateway-classes',
      'overlays/chosen-namespaces',
      'overlays/single-replica',
    ]);
  });

  it.each(folders.map((folder) => [relative(kubernetes, folder), folder]))('%s names every file', (_name, folder) => {
    const {resources, configMapGenerator = []} = kustomizationOf(folder);
    const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
    const named = [...resources, ...configMapGenerator.flatMap((generator) => generator.files)];
    expect(named.filter((path) => !path.startsWith('..')).sort()).toEqual(files.sort());
    for (const path of named.filter((one) => one.startsWith('..'))) expect(folders).toContain(join(folder, path));
  });

  it('say which image is run', () => {
    const [image] = kustomizationOf(base).images ?? [];
    expect(image?.name).toBe(container.image);
    expect(image?.newTag).toBe(packageJson.version);
  });
});

describe('the objects', () => {
  it('are complete, in one namespace, and each there once', () => {
    const clusterWide = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding']);
    for (const {apiVersion, kind, metadata} of objects) {
      expect(apiVersion).toMatch(/^([a-z0-9.]+\/)?v\d/);
      expect(metadata.namespace, `${kind} ${metadata.name}`).toBe(clusterWide.has(kind) ? undefined : 'sluice-system');
      if (kind === 'ConfigMap') continue;
      expect(metadata.labels?.['app.kubernetes.io/name'], `${kind} ${metadata.name}`).toBe('sluice');
    }
    const names = objects.map(({kind, metadata}) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(the('Namespace', 'sluice-system').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('refer to each other by the right names', () => {
    type Binding = Manifest & {
      readonly roleRef: {readonly kind: string; readonly name: string};
      readonly subjects: readonly {readonly kind: string; readonly name: string; readonly namespace: string}[];
    };
    const bindings = [
      ...objects,
      ...manifestsOf(join(kubernetes, 'overlays/chosen-namespaces/deployer-bindings.yaml')),
    ].filter((object): object is Binding => object.kind.endsWith('Binding'));
    expect(bindings).toHaveLength(4);
    for (const {roleRef, subjects} of bindings) {
      the(roleRef.kind, roleRef.name);
      expect(subjects).toHaveLength(1);
      for (const {kind, name, namespace} of subjects) expect(the(kind, name).metadata.namespace).toBe(namespace);
    }
    expect(the('ServiceAccount')['automountServiceAccountToken']).toBe(false);
    expect(template.spec.serviceAccountName).toBe(the('ServiceAccount').metadata.name);
    expect(template.spec.automountServiceAccountToken).toBe(true);

    const volumes = new Map(template.spec.volumes.map(({name, configMap}) => [name, configMap.name]));
    expect([...volumes.keys()]).toEqual(container.volumeMounts.map(({name}) => name));
    for (const configMap of volumes.values()) the('ConfigMap', configMap);
  });

  it('select the Pods, and name ports that they have', () => {
    expect(matches(deployment.spec.selector.matchLabels)).toBe(true);
    type Service = {
      readonly selector: Labels;
      readonly ports: readonly {readonly port: number; readonly targetPort: string}[];
    };
    const service = the('Service')['spec'] as Service;
    expect(matches(service.selector)).toBe(true);
    expect(service.ports).toHaveLength(1);
    for (const {port, targetPort} of service.ports) expect(portOf(targetPort)).toBe(port);

    type Budget = {readonly selector: {readonly matchLabels: Labels}};
    expect(matches((the('PodDisruptionBudget')['spec'] as Budget).selector.matchLabels)).toBe(true);
    for (const {labelSelector} of template.spec.topologySpreadConstraints) {
      expect(matches(labelSelector.matchLabels)).toBe(true);
    }

    type Policy = {
      readonly podSelector: {readonly matchLabels: Labels};
      readonly ingress: readonly {readonly ports: readonly {readonly port: string}[]}[];
    };
    const policy = the('NetworkPolicy')['spec'] as Policy;
    expect(matches(policy.podSelector.matchLabels)).toBe(true);
    const open = policy.ingress.flatMap(({ports}) => ports.map(({port}) => port));
    expect(open.sort()).toEqual(container.ports.map(({name}) => name).sort());

    for (const probe of [container.readinessProbe, container.livenessProbe]) {
      expect(portOf(probe.httpGet.port)).toBe(portOf('metrics'));
    }
    expect(container.readinessProbe.httpGet.path).toBe('/readyz');
    expect(container.livenessProbe.httpGet.path).toBe('/healthz');
    expect(template.metadata.annotations['prometheus.io/port']).toBe(String(portOf('metrics')));
  });
});

describe('the Pods', () => {
  it('have no rights on their node', () => {
    expect(template.spec.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      seccompProfile: {type: 'RuntimeDefault'},
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: {drop: ['ALL']},
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']) {
      expect(template.spec).not.toHaveProperty(field);
    }
    for (const mount of container.volumeMounts) expect(mount.readOnly).toBe(true);
  });

  it('leave room outside the heap', () => {
    const heap = /--max-old-space-size=(\d+)/.exec(
      container.env.find(({name}) => name === 'NODE_OPTIONS')?.value ?? '',
    );
    const limit = /^(\d+)Gi$/.exec(container.resources.limits['memory'] ?? '');
    const share = Number(heap?.[1]) / (Number(limit?.[1]) * 1024);
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThanOrEqual(0.8);
  });
});

describe('the configuration', () => {
  /** As it is in such a Pod. */
  const environment = Object.fromEntries([
    ['KUBERNETES_SERVICE_HOST', '10.96.0.1'],
    ...container.env.flatMap(({name, value, valueFrom}) => {
      const values: Labels = {'metadata.name': 'sluice-1', 'metadata.namespace': deployment.metadata.namespace ?? ''};
      return [[name, value ?? values[valueFrom?.fieldRef.fieldPath ?? ''] ?? '']];
    }),
  ]) as Labels;
  const config = loadConfig(join(base, 'sluice.yaml'), {environment});

  it('is read where it is mounted', () => {
    const [command, flag, path = ''] = container.args;
    expect([command, flag]).toEqual(['run', '--config']);
    const mount = container.volumeMounts.find(({mountPath}) => path === `${mountPath}/${basename(path)}`);
    const volume = template.spec.volumes.find(({name}) => name === mount?.name);
    expect(Object.keys(the('ConfigMap', volume?.configMap.name)['data'] ?? {})).toEqual([basename(path)]);
  });

  it('listens on the ports of the Pod, and keeps the admin address to itself', () => {
    expect(parseAddress(config.xds.address)).toEqual({host: '0.0.0.0', port: portOf('xds')});
    expect(parseAddress(config.metrics.address ?? '')).toEqual({host: '0.0.0.0', port: portOf('metrics')});
    expect(parseAddress(config.admin.address)?.host).toBe('127.0.0.1');
    expect(config.provider.type).toBe('kubernetes');
  });

  it('tells proxies to come to the Service', () => {
    const {name, namespace} = the('Service').metadata;
    expect(config.xds.serviceHost).toBe(`${name}.${namespace}.svc.cluster.local`);
    expect(config.xds.servicePort).toBe(portOf('xds'));
  });

  it('leaves time to send proxies away', () => {
    const {terminationGracePeriodSeconds} = template.spec;
    // Five seconds for what is under way, two for connections that stay open, and some for a busy machine.
    expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThanOrEqual(config.drain.windowMs + 15_000);
    expect(config.drain.windowMs).toBe(10_000);
  });

  it('has the classes that are made beforehand', () => {
    const classes = manifestsOf(join(kubernetes, 'components/gateway-classes/gateway-classes.yaml'));
    expect(
      classes.map(({metadata, spec}) => [metadata.name, (spec as {controllerName: string}).controllerName]), // a GatewayClass
    ).toEqual(Object.entries(config.controllerNames));
  });
});
