/** What a kube-apiserver was asked to change, and by whom: all of it, and not only what came of it. */
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

type Event = {
  readonly verb: string;
  readonly user: {readonly username: string};
  readonly objectRef?: {readonly resource: string; readonly subresource?: string};
  readonly responseStatus?: {readonly code: number};
};

export type AuditLog = {
  /** Arguments of kube-apiserver. */
  readonly args: readonly string[];
  /** Requests of a user since the last call: `patch httproutes/status 200`, with how often. */
  requestsOf(user: string): Readonly<Record<string, number>>;
};

const verbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];

/** `folder`: an empty one. */
export function auditLog(folder: string): AuditLog {
  const [policyFile, logFile] = [join(folder, 'policy.json'), join(folder, 'audit.log')];
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{level: 'Metadata', verbs}],
  };
  writeFileSync(policyFile, JSON.stringify(policy));
  let told = 0;
  return {
    args: [`--audit-policy-file=${policyFile}`, `--audit-log-path=${logFile}`, '--audit-log-mode=blocking'],
    requestsOf: (user) => {
      const lines = readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
      const counts: Record<string, number> = {};
      for (const line of lines.slice(told)) {
        const {verb, user: by, objectRef, responseStatus} = JSON.parse(line) as Event;
        if (by.username !== user) continue;
        const {resource = '', subresource} = objectRef ?? {};
        const what = subresource === undefined ? resource : `${resource}/${subresource}`;
        const key = `${verb} ${what} ${responseStatus?.code}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
      told = lines.length;
      return counts;
    },
  };
}
