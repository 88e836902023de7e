/**
 * What a strategic merge has to know of a kind: which lists are merged, and by what. Of the kinds that are provisioned, as
 * the API types of Kubernetes 1.37 declare it (patchStrategy, patchMergeKey); what is not named here is an object that is
 * merged, or a list or value that is replaced.
 */
export type MergeField = {
  /** Of lists: `merge` without a key is for lists of strings and numbers. Of objects: `replace` takes the patch as it is. */
  readonly strategy?: 'merge' | 'replace';
  readonly key?: string;
  /** Of the object, or of each object of the list. */
  readonly fields?: MergeFields;
};
export type MergeFields = {readonly [field: string]: MergeField};

const by = (key: string, fields: MergeFields = {}): MergeField => ({strategy: 'merge', key, fields});
const within = (fields: MergeFields): MergeField => ({fields});

const metadata = within({finalizers: {strategy: 'merge'}, ownerReferences: by('uid')});

const container: MergeFields = {
  env: by('name'),
  ports: by('containerPort'),
  volumeMounts: by('mountPath'),
  volumeDevices: by('devicePath'),
};

const podSpec: MergeFields = {
  containers: by('name', container),
  initContainers: by('name', container),
  ephemeralContainers: by('name', container),
  volumes: by('name', {ephemeral: within({volumeClaimTemplate: within({metadata})})}),
  imagePullSecrets: by('name'),
  hostAliases: by('ip'),
  topologySpreadConstraints: by('topologyKey'),
  schedulingGates: by('name'),
  resourceClaims: by('name'),
};

const workload: MergeFields = {metadata, spec: within({template: within({metadata, spec: within(podSpec)})})};

export const mergeFieldsOf: Readonly<Record<string, MergeFields>> = {
  Deployment: workload,
  DaemonSet: workload,
  Service: {metadata, spec: within({ports: by('port')})},
  ServiceAccount: {metadata, secrets: by('name')},
  PodDisruptionBudget: {metadata, spec: within({selector: {strategy: 'replace'}})},
  HorizontalPodAutoscaler: {metadata},
};
