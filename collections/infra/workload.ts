import type {JsonObject} from '../../src/api/json.ts';
import type {Identity} from './identity.ts';
import {type Manifest, manifest, type ManifestParts} from './manifest.ts';

export type Workload = {
  readonly kind: 'Deployment' | 'DaemonSet';
  readonly podLabels?: {readonly [name: string]: string};
  readonly podAnnotations: {readonly [name: string]: string};
  readonly podSpec: JsonObject;
  /** Of the Deployment or DaemonSet, beyond Pods. */
  readonly spec?: JsonObject;
};

/**
 * What runs the proxies of a Gateway. It does not say how many: whoever scales it by hand or by an autoscaler is not
 * interfered with.
 */
export function gatewayWorkload(
  identity: Identity,
  workload: Workload,
  parts: Omit<ManifestParts, 'body'> = {},
): Manifest {
  const {kind, podLabels, podAnnotations, podSpec, spec} = workload;
  return manifest('apps/v1', kind, identity, {
    ...parts,
    body: {
      spec: {
        selector: {matchLabels: identity.selector},
        template: {
          metadata: {
            labels: {...podLabels, ...identity.podLabels},
            annotations: {...identity.annotations, ...podAnnotations},
          },
          spec: podSpec,
        },
        ...spec,
      },
    },
  });
}

/** Proxies bind ports below 1024 without being root. */
export const lowPorts: JsonObject = {sysctls: [{name: 'net.ipv4.ip_unprivileged_port_start', value: '0'}]};

/** A proxy needs no privilege at all. */
export const unprivileged: JsonObject = {
  allowPrivilegeEscalation: false,
  capabilities: {drop: ['ALL']},
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 10_101,
};

/** A volume of a Pod, and where its container has it. */
export type Mounted = {readonly volume: JsonObject; readonly volumeMount: JsonObject};

/** A token of the Pod's ServiceAccount, in a file of the volume's name. */
export const tokenVolume = (name: string, audience: string): JsonObject => ({
  name,
  projected: {sources: [{serviceAccountToken: {audience, expirationSeconds: 43_200, path: name}}]},
});

export const fieldVariable = (name: string, fieldPath: string): JsonObject => ({
  name,
  valueFrom: {fieldRef: {fieldPath}},
});

/** Tells whoever scrapes Pods by their annotations. */
export const scraped = (port: number): {readonly [name: string]: string} => ({
  'prometheus.io/path': '/metrics',
  'prometheus.io/port': String(port),
  'prometheus.io/scrape': 'true',
});
