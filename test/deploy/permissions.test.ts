/** That the roles allow what the code asks for, and no more. */
import {describe, expect, it} from 'vitest';
import {defaultConfig} from '../../src/config/load-config.ts';
import {kubeKinds} from '../../src/kube/kinds.ts';
import {provisionedKinds} from '../../src/provision/kube-kinds.ts';
import {base, objectsIn, permissionsOf, type Role} from './manifests.ts';

const config = defaultConfig('/', {environment: {KUBERNETES_SERVICE_HOST: 'x', POD_NAMESPACE: 'sluice-system'}});

function allowed(kind: string, name: string): readonly string[] {
  const role = objectsIn(base).find((object) => object.kind === kind && object.metadata.name === name);
  if (role === undefined) throw new Error(`there is no ${kind} ${name}`);
  const permissions = permissionsOf(role as Role); // by its kind
  expect(new Set(permissions).size, 'said twice').toBe(permissions.length);
  return permissions;
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** `group/plural`. */
const read = new Set([
  ...kubeKinds.map(({group, plural}) => `${group}/${plural}`),
  ...provisionedKinds.map(({apiVersion, plural}) => `${groupOf(apiVersion)}/${plural}`),
  'apiextensions.k8s.io/customresourcedefinitions',
]);

describe('permissions', () => {
  it('of every replica: what it reads, statuses, and three things it makes', () => {
    const statuses = kubeKinds.filter(({status}) => status === 'written');
    expect(allowed('ClusterRole', 'sluice')).toEqual(
      [
        ...[...read].flatMap((resource) => ['get', 'list', 'watch'].map((verb) => `${verb} ${resource}`)),
        ...statuses.map(({group, plural}) => `patch ${group}/${plural}/status`),
        'create authentication.k8s.io/tokenreviews',
        'create events.k8s.io/events',
        'patch events.k8s.io/events',
        'create gateway.networking.k8s.io/gatewayclasses',
      ].sort(),
    );
  });

  it('to make proxies: the kinds that are made, and to be their owner', () => {
    expect(allowed('ClusterRole', 'sluice-deployer')).toEqual(
      [
        ...provisionedKinds.flatMap(({apiVersion, plural}) =>
          ['create', 'patch', 'delete'].map((verb) => `${verb} ${groupOf(apiVersion)}/${plural}`),
        ),
        'update gateway.networking.k8s.io/gateways/finalizers',
      ].sort(),
    );
  });

  it('at home: the Lease and the certificate, by their names', () => {
    const {leaseName} = config.leaderElection;
    const {tls} = config.xds;
    const secretName = 'secretName' in tls ? tls.secretName : '';
    expect(allowed('Role', 'sluice')).toEqual(
      [
        'create coordination.k8s.io/leases',
        `get coordination.k8s.io/leases ${leaseName}`,
        `update coordination.k8s.io/leases ${leaseName}`,
        'create /secrets',
        `get /secrets ${secretName}`,
        `update /secrets ${secretName}`,
      ].sort(),
    );
  });

  it('have no wildcards', () => {
    for (const {kind, metadata} of objectsIn(base)) {
      if (!kind.endsWith('Role')) continue;
      expect(allowed(kind, metadata.name).filter((permission) => permission.includes('*'))).toEqual([]);
    }
  });
});
