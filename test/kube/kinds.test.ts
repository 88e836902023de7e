import {existsSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {load} from 'js-yaml';
import {describe, expect, it} from 'vitest';
import {
  apiVersionOf,
  collectionPath,
  coreKinds,
  extensionKinds,
  gatewayKinds,
  groupKindOf,
  kubeKinds,
} from '../../src/kube/kinds.ts';
import {kindInfo, lookUp} from '../../src/schema/kinds.ts';

const facts = resolve(import.meta.dirname, '../../../shared/crd-facts');

describe('the kinds that are read', () => {
  it('are each named once', () => {
    const names = kubeKinds.map(groupKindOf);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(coreKinds.length + gatewayKinds.length + extensionKinds.length);
  });

  it('are read in versions that can be checked, the best first', () => {
    const checked = kubeKinds.filter((kind) => kindInfo(apiVersionOf(kind, 'v1'), kind.kind) !== undefined);
    expect(checked.length).toBeGreaterThanOrEqual(15);
    for (const kind of checked) {
      const {namespaced} = kindInfo(apiVersionOf(kind, 'v1'), kind.kind) ?? {};
      expect({kind: kind.kind, namespaced: kind.namespaced}).toEqual({kind: kind.kind, namespaced});
      const known = kind.versions.filter((version) => lookUp(apiVersionOf(kind, version), kind.kind).is === 'known');
      expect(known).toEqual(kind.versions);
    }
  });

  it('have the paths of the Kubernetes API', () => {
    const paths = [...coreKinds, ...gatewayKinds].map((kind) => collectionPath(kind, kind.versions[0] ?? '', 'ns'));
    expect(paths).toContain('/api/v1/namespaces/ns/services');
    expect(paths).toContain('/apis/gateway.networking.k8s.io/v1/namespaces/ns/backendtlspolicies');
    expect(coreKinds.map((kind) => collectionPath(kind, 'v1'))).toContain('/apis/discovery.k8s.io/v1/endpointslices');
  });

  it.skipIf(!existsSync(facts))('of extensions are what their definitions say (read from ../shared)', () => {
    type Definition = {
      readonly group: string;
      readonly scope: string;
      readonly names: {readonly kind: string; readonly plural: string};
      readonly versions: readonly {readonly name: string; readonly subresources?: {readonly status?: object}}[];
    };
    const definitions = ['agentgateway.yaml', 'kgateway.yaml'].flatMap((file) => {
      const {crds} = load(readFileSync(join(facts, file), 'utf8')) as {readonly crds: readonly Definition[]};
      return crds;
    });
    for (const {group, kind, plural, namespaced, versions, status} of extensionKinds) {
      const found = definitions.find(({group: of, names}) => of === group && names.kind === kind);
      expect({kind, plural, scope: namespaced ? 'Namespaced' : 'Cluster', versions}).toEqual({
        kind,
        plural: found?.names.plural,
        scope: found?.scope,
        versions: found?.versions.map(({name}) => name),
      });
      expect(status === 'written').toBe(found?.versions[0]?.subresources?.status !== undefined);
    }
  });
});
