/** Events of Gateways: what proxies refuse, and what could not be made for them. */
import {gateways, type NackRow, nacks, type ProvisionFailureRow, provisionFailures} from '../../collections/inputs.ts';
import type {Graph} from '../krt/index.ts';
import type {EventRecorder, Occurrence} from '../status/kube-event-recorder.ts';

/** Returns what ends it. */
export function recordGatewayEvents(graph: Graph, recorder: Pick<EventRecorder, 'record'>): () => void {
  /** Nothing where the Gateway is gone: nobody looks for its events then. */
  const record = (gateway: string, about: Pick<Occurrence, 'reason' | 'action' | 'note'>): void => {
    const live = graph.get(gateways, gateway);
    if (live === undefined) return;
    const {apiVersion, kind, metadata} = live;
    const {name, namespace, uid} = metadata;
    recorder.record({
      regarding: {apiVersion, kind, name, ...(namespace !== undefined && {namespace}), ...(uid !== undefined && {uid})},
      type: 'Warning',
      ...about,
    });
  };
  const ofNack = ({scope, type, name, message, warning}: NackRow): void => {
    const gateway = scope.slice(scope.indexOf('/') + 1);
    const what = `${type.slice(type.lastIndexOf('.') + 1)} ${name}`;
    const note = `a proxy ${warning ? 'took, with a warning,' : 'rejected'} ${what}: ${message}`;
    record(gateway, {reason: warning ? 'ConfigurationWarning' : 'ConfigurationRejected', action: 'Programming', note});
  };
  const ofFailure = ({key, message}: ProvisionFailureRow): void => {
    record(key, {reason: 'ProvisioningFailed', action: 'Provisioning', note: message});
  };
  const undo = [
    graph.subscribe(nacks, ({changes}) => changes.forEach(({new: row}) => row && ofNack(row))),
    graph.subscribe(provisionFailures, ({changes}) => changes.forEach(({new: row}) => row && ofFailure(row))),
  ];
  return () => undo.forEach((undoOne) => undoOne());
}
