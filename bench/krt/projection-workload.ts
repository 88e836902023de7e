import type {LiveService} from './projection-rows.ts';
import {type Pod, pods as podsOf} from './workload.ts';

/** Pods of one namespace, all behind one service. */
export const frontedNamespace = (count: number): Pod[] => podsOf({pods: count, services: 10, namespaces: 1});

export const firstService: LiveService = {
  key: 'ns-0/front',
  namespace: 'ns-0',
  name: 'front',
  selector: {},
  clusterIp: '10.96.0.1',
  ports: [
    {name: 'http', number: 8_080},
    {name: 'grpc', number: 9_090},
  ],
  resourceVersion: '1',
  status: {conditions: [{type: 'Ready', lastTransitionTime: '2026-11-01T00:00:00Z'}]},
};

const rewritten = (service: LiveService): LiveService => ({
  ...service,
  ports: service.ports.map((port) => ({...port})),
  resourceVersion: String(Number(service.resourceVersion) + 1),
});

/** The service as an API server sends it after a write to its status: all parts new, nothing of use different. */
export function statusWritten(service: LiveService): LiveService {
  const written = rewritten(service);
  const lastTransitionTime = `2026-11-01T00:00:00.${written.resourceVersion}Z`;
  return {...written, status: {conditions: [{type: 'Ready', lastTransitionTime}]}};
}

/** The service with its first port on another number, which all pods must see. */
export function portChanged(service: LiveService): LiveService {
  const written = rewritten(service);
  const ports = written.ports.map((port, at) => (at === 0 ? {...port, number: port.number + 1} : port));
  return {...written, ports};
}
