import type {StatusReport} from '../app.ts';
import {formatProblem} from '../api/problem.ts';
import {loadConfigOrDefault} from '../config/load-config.ts';
import type {Condition, StatusDocument} from '../status/status-document.ts';
import {shortcomings} from './check.ts';
import {type ClusterReport, clusterStatus} from './cluster-status.ts';
import {count} from './count.ts';
import {CommandFailed} from './failure.ts';
import {askInstance, type InstanceOptions, NoInstance} from './instance.ts';
import {type OfflineOptions, readOffline, statusDocuments} from './offline.ts';
import {parentText} from './parent-ref.ts';
import {toYaml} from './print.ts';

export type StatusOptions = InstanceOptions & {
  readonly file?: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly output: string;
};
type Report = Pick<StatusReport, 'statuses'> & Partial<StatusReport> & Partial<ClusterReport>;

/**
 * Of manifests, of the running instance, or of a cluster: that which is named, otherwise an instance on this machine, and
 * where there is none the cluster that kubectl would speak to.
 */
export async function status(options: StatusOptions): Promise<void> {
  const report = await reportFor(options);
  switch (options.output) {
    case 'json':
      process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
      return;
    case 'yaml':
      process.stdout.write(toYaml(report));
      return;
    default:
      process.stdout.write(formatReport(report));
  }
}

async function reportFor(options: StatusOptions): Promise<Report> {
  const {file, admin, kubeconfig, context, namespace} = options;
  if (file !== undefined) return offline({...options, file});
  if ((kubeconfig ?? context ?? namespace) !== undefined) return ofCluster(options);
  try {
    const report: Report = JSON.parse(await askInstance('/status', options));
    return report;
  } catch (error) {
    if (!(error instanceof NoInstance) || admin !== undefined) throw error;
    try {
      return await ofCluster(options);
    } catch (second) {
      if (!(second instanceof CommandFailed)) throw second;
      throw new CommandFailed(`${error.message}, or a cluster with --kubeconfig (${second.message})`);
    }
  }
}

/** By the names that the configuration gives to controllers, and its kubeconfig where the command line has none. */
function ofCluster({config, kubeconfig, context, namespace}: StatusOptions): Promise<ClusterReport> {
  const {provider, controllerNames} = loadConfigOrDefault(config, process.cwd());
  const named = {
    kubeconfig: kubeconfig ?? provider.kubernetes.kubeconfig,
    context: context ?? provider.kubernetes.context,
  };
  return clusterStatus({
    controllerNames,
    ...(named.kubeconfig !== undefined && {kubeconfig: named.kubeconfig}),
    ...(named.context !== undefined && {context: named.context}),
    ...(namespace !== undefined && {namespace}),
  });
}

async function offline(options: OfflineOptions): Promise<Report> {
  const read = await readOffline(options);
  return {statuses: statusDocuments(read), problems: read.problems};
}

export function formatReport(report: Report): string {
  const {
    statuses,
    problems = [],
    proxies = [],
    clients,
    errors = [],
    hint,
    cluster,
    pending = [],
    unread = [],
  } = report;
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ''];
  return [
    ...(cluster === undefined ? [] : [`Cluster ${cluster}`, '']),
    ...section('GatewayClasses', aligned(rows(statuses, 'GatewayClass', classRow))),
    ...section('Gateways', aligned(rows(statuses, 'Gateway', gatewayRows))),
    ...section('Routes', aligned(rows(statuses, undefined, routeRows))),
    ...section('Not as wanted', statuses.flatMap(shortcomings)),
    ...section('Not answered yet', pending),
    ...section('Not read', unread),
    ...section(
      'Proxies',
      aligned(
        proxies.map(({gateway, state, pid, restarts, problem}) => [
          `Envoy of ${gateway}`,
          state,
          pid === undefined ? '' : `pid ${pid}`,
          count(restarts, 'restart'),
          problem ?? '',
        ]),
      ),
    ),
    ...section('No proxy is run', hint === undefined ? [] : [hint]),
    ...section('Connected', clients === undefined ? [] : [count(clients.length, 'xDS client')]),
    ...section(
      'Errors inside sluice',
      errors.map(({collection, input, message}) => `${collection} ${input}: ${message}`),
    ),
    ...section('Problems in manifests', problems.map(formatProblem)),
  ].join('\n');
}

type Rows = readonly (readonly string[])[];

function rows(
  statuses: readonly StatusDocument[],
  kind: string | undefined,
  row: (status: StatusDocument) => Rows,
): Rows {
  return statuses
    .filter((document) => (kind === undefined ? document.status.parents !== undefined : document.kind === kind))
    .flatMap(row);
}

const objectName = ({metadata: {namespace, name}}: StatusDocument): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

const summary = (conditions: readonly Condition[] = []): string =>
  conditions.map(({type, status: value}) => `${type}=${value}`).join(' ');

const classRow = (document: StatusDocument): Rows => [[objectName(document), summary(document.status.conditions)]];

function gatewayRows(document: StatusDocument): Rows {
  const {conditions, listeners = []} = document.status;
  return [
    [objectName(document), '', summary(conditions)],
    ...listeners.map((listener) => [
      `  ${listener.name}`,
      count(Number(listener['attachedRoutes']), 'route'),
      summary(listener.conditions),
    ]),
  ];
}

const routeRows = (document: StatusDocument): Rows =>
  (document.status.parents ?? []).map(({parentRef, conditions}) => [
    `${document.kind} ${objectName(document)}`,
    `at ${parentText(parentRef)}`,
    summary(conditions),
  ]);

/** Columns as wide as their widest cell. */
function aligned(table: Rows): readonly string[] {
  const widths: number[] = [];
  for (const row of table) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return table.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
