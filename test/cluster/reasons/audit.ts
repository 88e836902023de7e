/** What Sluice writes to statuses, as the audit log of the API server has it: every request, whatever came of it later. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {extensionKinds, gatewayKinds} from '../../../src/kube/kinds.ts';
import type {Status} from './status.ts';

export type StatusWrite = {
  readonly resource: string;
  /** `''` of objects without one. */
  readonly namespace: string;
  readonly name: string;
  /** What the server answered. */
  readonly code: number;
  /** Fields of the status that are sent. */
  readonly status: Status;
};

export type Audit = {
  readonly apiServerArgs: readonly string[];
  /** In order of the answers. */
  readonly writes: () => readonly StatusWrite[];
  readonly remove: () => void;
};

type Event = {
  readonly objectRef: {readonly resource: string; readonly namespace?: string; readonly name: string};
  readonly requestObject: {readonly status: Status};
  readonly responseStatus: {readonly code: number};
};

/** Of the kinds whose statuses Sluice writes. */
const groups = [...new Set([...gatewayKinds, ...extensionKinds].map(({group}) => group))];

/** `user`: whose writes. */
export function audit(user: string): Audit {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-audit-'));
  const [policy, log] = [join(folder, 'policy.yaml'), join(folder, 'log')];
  const resources = groups.map((group) => ({group, resources: ['*/status']}));
  const rules = [{level: 'Request', users: [user], verbs: ['patch', 'update'], resources}, {level: 'None'}];
  // JSON is YAML.
  writeFileSync(
    policy,
    JSON.stringify({apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules}),
  );
  writeFileSync(log, '');
  return {
    apiServerArgs: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`],
    writes: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => {
          const {objectRef, requestObject, responseStatus} = JSON.parse(line) as Event; // as the policy asks for it
          const {resource, namespace = '', name} = objectRef;
          return {resource, namespace, name, code: responseStatus.code, status: requestObject.status};
        }),
    remove: () => rmSync(folder, {recursive: true, force: true}),
  };
}
