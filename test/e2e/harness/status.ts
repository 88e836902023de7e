/** What `sluice status` says of a running instance, in the words that tests compare. */
import type {StatusReport} from '../../../src/app.ts';
import type {Condition, StatusDocument} from '../../../src/status/status-document.ts';
import type {Sluice} from './sluice.ts';

/** Asks by the command line, as a user does. */
export async function statusOf(sluice: Sluice): Promise<StatusReport> {
  const report: StatusReport = JSON.parse(await sluice.command('status', '--output', 'json'));
  return report;
}

/** `{Accepted: 'True Accepted', ...}`: status and reason by type. */
export type Conditions = Readonly<Record<string, string>>;

const summary = (conditions: readonly Condition[] = []): Conditions =>
  Object.fromEntries(conditions.map(({type, status, reason}) => [type, `${status} ${reason}`]));

function find({statuses}: StatusReport, kind: string, name: string): StatusDocument | undefined {
  return statuses.find((document) => document.kind === kind && document.metadata.name === name);
}

/** Conditions of an object as a whole; undefined where there is no status of it. */
export function conditionOf(report: StatusReport, kind: string, name: string): Conditions | undefined {
  const found = find(report, kind, name);
  return found && summary(found.status.conditions);
}

/** Conditions of a listener, and `attachedRoutes`. */
export function listenerStatus(
  report: StatusReport,
  gateway: string,
  listener: string,
): Readonly<Record<string, unknown>> | undefined {
  const found = find(report, 'Gateway', gateway)?.status.listeners?.find(({name}) => name === listener);
  return found && {...summary(found.conditions), attachedRoutes: found['attachedRoutes']};
}

/** Conditions at the first parent of an HTTPRoute. */
export function routeStatus(report: StatusReport, name: string): Conditions | undefined {
  const [parent] = find(report, 'HTTPRoute', name)?.status.parents ?? [];
  return parent && summary(parent.conditions);
}
