/** What a cluster says of our Gateways, classes and routes: their statuses, read with a kubeconfig. */
import type {StaticConfig} from '../config/static-config.ts';
import {CredentialsError} from '../kube/credentials.ts';
import {ApiError, ConnectionError} from '../kube/client.ts';
import {createKubeClient} from '../kube/kube-client.ts';
import {kubeKinds} from '../kube/kinds.ts';
import {type CredentialsOptions, loadCredentials} from '../kube/load-credentials.ts';
import type {Status, StatusDocument} from '../status/status-document.ts';
import {type ClusterObject, listObjects} from './cluster-objects.ts';
import {CommandFailed} from './failure.ts';
import {version} from './version.ts';

export type ClusterStatusOptions = CredentialsOptions & {
  /** Only what is in it; all namespaces otherwise. */
  readonly namespace?: string;
  readonly controllerNames: StaticConfig['controllerNames'];
};

export type ClusterReport = {
  /** URL of the API server. */
  readonly cluster: string;
  readonly statuses: readonly StatusDocument[];
  /** What is ours and not answered yet: without a status, or with one of an earlier version. */
  readonly pending: readonly string[];
  /** Kinds that may not be read. */
  readonly unread: readonly string[];
};

/** Throws CommandFailed, which says what is wrong with the credentials or the cluster. */
export async function clusterStatus(options: ClusterStatusOptions): Promise<ClusterReport> {
  const {kubeconfig, context, namespace, controllerNames} = options;
  try {
    const credentials = loadCredentials({
      ...(kubeconfig !== undefined && {kubeconfig}),
      ...(context !== undefined && {context}),
    });
    const client = createKubeClient(credentials, {version});
    try {
      const kinds = kubeKinds.filter(({status}) => status === 'written');
      const {objects, unread} = await listObjects(client, kinds, namespace);
      return {cluster: credentials.server, ...reportOn(objects, Object.values(controllerNames)), unread};
    } finally {
      client.close();
    }
  } catch (error) {
    const isTold = error instanceof CredentialsError || error instanceof ApiError || error instanceof ConnectionError;
    throw isTold ? new CommandFailed(error.message) : error;
  }
}

/** Of everything there is, what concerns controllers of these names. */
export function reportOn(
  objects: readonly ClusterObject[],
  controllerNames: readonly string[],
): Pick<ClusterReport, 'statuses' | 'pending'> {
  const ours = new Set<unknown>(controllerNames);
  const isClass = ({kind}: ClusterObject): boolean => kind === 'GatewayClass';
  const classes = objects.filter((object) => isClass(object) && ours.has(object.spec?.['controllerName']));
  const classNames = new Set<unknown>(classes.map(({metadata}) => metadata.name));
  const gateways = objects.filter(({kind, spec}) => kind === 'Gateway' && classNames.has(spec?.['gatewayClassName']));
  const gatewayKeys = new Set(gateways.map(keyOf));
  const entries = objects
    .filter((object) => !isClass(object) && object.kind !== 'Gateway')
    .flatMap((object) => {
      const status = withEntriesOf(ours, object.status ?? {});
      return status === undefined ? [] : [documentOf(object, status)];
    });
  const whole = [...classes, ...gateways].map((object) => documentOf(object, object.status ?? {}));
  const statuses = [...whole, ...entries].toSorted(byName);

  const told = new Map(statuses.map((document) => [`${document.kind} ${keyOf(document)}`, document]));
  const waiting = objects.filter(
    (object) => told.has(`${object.kind} ${keyOf(object)}`) || refersTo(object, gatewayKeys),
  );
  const pending = waiting.flatMap((object) => {
    const name = `${object.kind} ${keyOf(object)}`;
    const problem = pendingOf(object, told.get(name));
    return problem === undefined ? [] : [`${name}: ${problem}`];
  });
  return {statuses, pending: pending.sort()};
}

function pendingOf({metadata}: ClusterObject, document: StatusDocument | undefined): string | undefined {
  const generation = metadata.generation ?? 1;
  const observed = document === undefined ? 0 : observedIn(document.status);
  // What the API server says before anybody else does is of no generation.
  if (observed === 0) return 'no status yet';
  return observed < generation ? `its status is that of generation ${observed}, it is at ${generation}` : undefined;
}

/** Routes and ListenerSets by their parents. */
function refersTo({metadata, spec}: ClusterObject, gateways: ReadonlySet<string>): boolean {
  const {parentRefs, parentRef} = spec ?? {};
  const refs: readonly unknown[] = Array.isArray(parentRefs) ? parentRefs : parentRef === undefined ? [] : [parentRef];
  return refs.some((ref) => {
    if (!isRecord(ref) || (ref['kind'] ?? 'Gateway') !== 'Gateway') return false;
    const {namespace = metadata.namespace ?? '', name} = ref;
    return typeof namespace === 'string' && typeof name === 'string' && gateways.has(`${namespace}/${name}`);
  });
}

/** Without what other controllers say; undefined where ours say nothing. */
function withEntriesOf(ours: ReadonlySet<unknown>, status: Readonly<Record<string, unknown>>): Status | undefined {
  const own = (list: unknown): readonly unknown[] =>
    recordsIn(list).filter((entry) => ours.has(entry['controllerName']));
  const [parents, ancestors] = [own(status['parents']), own(status['ancestors'])];
  if (parents.length + ancestors.length === 0) return undefined;
  return {
    ...status,
    ...(parents.length > 0 && {parents: parents as NonNullable<Status['parents']>}), // as the schema of the CRD has it
    ...(ancestors.length > 0 && {ancestors}),
  };
}

const documentOf = (
  {apiVersion, kind, metadata}: ClusterObject,
  status: Readonly<Record<string, unknown>>,
): StatusDocument => ({
  apiVersion,
  kind,
  metadata: {name: metadata.name, ...(metadata.namespace !== undefined && {namespace: metadata.namespace})},
  status: withLists(status),
});

/** Where the schemas of CRDs leave conditions away, there are none. */
function withLists(status: Readonly<Record<string, unknown>>): Status {
  const lists = holderLists.flatMap((name) => {
    const holders = recordsIn(status[name]);
    return holders.length === 0 ? [] : [[name, holders.map((holder) => ({conditions: [], ...holder}))] as const];
  });
  return {...status, ...Object.fromEntries(lists)};
}

const holderLists = ['listeners', 'parents', 'ancestors'] as const;

/** The highest generation that it speaks of; 0 for none. */
function observedIn(status: Readonly<Record<string, unknown>>): number {
  const holders = [status, ...holderLists.flatMap((name) => recordsIn(status[name]))];
  const generations = holders
    .flatMap(({conditions}) => recordsIn(conditions))
    .map(({observedGeneration}) => (typeof observedGeneration === 'number' ? observedGeneration : 0));
  return Math.max(0, ...generations);
}

const recordsIn = (list: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(list) ? list.filter(isRecord) : [];

const keyOf = ({metadata: {namespace, name}}: Pick<ClusterObject, 'metadata'>): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

function byName(a: StatusDocument, b: StatusDocument): number {
  const [one, other] = [`${a.kind} ${keyOf(a)}`, `${b.kind} ${keyOf(b)}`];
  return one < other ? -1 : 1;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
