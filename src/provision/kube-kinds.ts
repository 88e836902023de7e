/** The kinds of objects that are made for Gateways, and where an API server has them. */
export type ProvisionedKind = {readonly apiVersion: string; readonly kind: string; readonly plural: string};

export const provisionedKinds: readonly ProvisionedKind[] = [
  {apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts'},
  {apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps'},
  {apiVersion: 'v1', kind: 'Secret', plural: 'secrets'},
  {apiVersion: 'v1', kind: 'Service', plural: 'services'},
  {apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments'},
  {apiVersion: 'apps/v1', kind: 'DaemonSet', plural: 'daemonsets'},
  {apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets'},
  {apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', plural: 'horizontalpodautoscalers'},
  // Of a CRD, which need not be there.
  {apiVersion: 'autoscaling.k8s.io/v1', kind: 'VerticalPodAutoscaler', plural: 'verticalpodautoscalers'},
];

/** What Pods need before they can start. */
export const comesFirst: ReadonlySet<string> = new Set(['ServiceAccount', 'ConfigMap', 'Secret']);

const byKind = new Map(provisionedKinds.map((kind) => [kind.kind, kind]));

/** Path of all objects of the kind. */
export const allPath = ({apiVersion, plural}: ProvisionedKind): string =>
  `${apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`}/${plural}`;

/** Path of one object; undefined where its kind is none that is made for Gateways. */
export function objectPath(kind: string, namespace: string, name: string): string | undefined {
  const known = byKind.get(kind);
  if (known === undefined) return undefined;
  const {apiVersion, plural} = known;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${plural}/${name}`;
}
