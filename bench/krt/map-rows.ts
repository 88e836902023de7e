import type {Row} from '../../src/krt/index.ts';
import type {Pod} from './workload.ts';

/** What the one level makes of a pod. */
export type Address = Row & {
  readonly namespace: string;
  readonly ip: string;
  readonly app: string | undefined;
  readonly ready: boolean;
};

export const addressOf = ({key, namespace, ip, labels, phase}: Pod): Address => ({
  key,
  namespace,
  ip,
  app: labels['app'],
  ready: phase === 'Running',
});

/** A keeper of addresses. Every call is a commit of its own, after which listeners have been told. */
export type MapSystem = {
  set(pod: Pod): void;
  /** Many at once; no pod twice. */
  setAll(pods: readonly Pod[]): void;
  delete(key: string): void;
  rows(): readonly Address[];
};
