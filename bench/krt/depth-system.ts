import type {AppService, Cluster, Endpoint, Namespace, Settings} from './depth-rows.ts';
import type {Pod} from './workload.ts';

/** A write to one of the inputs. */
export type Write =
  | {readonly kind: 'pod'; readonly row: Pod}
  | {readonly kind: 'service'; readonly row: AppService}
  | {readonly kind: 'namespace'; readonly row: Namespace}
  | {readonly kind: 'settings'; readonly row: Settings}
  | {readonly kind: 'fixed'; readonly row: Endpoint}
  | {readonly kind: `${'pod' | 'service' | 'namespace' | 'fixed'} gone`; readonly key: string};

/** A keeper of clusters. Every call is a commit of its own, after which listeners have been told. */
export type DepthSystem = {
  setPod(pod: Pod): void;
  /** Many at once; no pod twice. */
  setPods(pods: readonly Pod[]): void;
  apply(write: Write): void;
  clusters(): readonly Cluster[];
};
