import type {Clock} from '../kube/clock.ts';
import type {KubeClient} from '../kube/client.ts';
import type {LiveFeed} from './kube-live-feed.ts';

export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ProvisionReport = {
  /** Key of the Gateway. */
  readonly gateway: string;
  /** What could not be made for it; absent when everything is as it is to be. */
  readonly message?: string;
};

export type KubeApplierOptions = {
  readonly client: KubeClient;
  /** Follows the live objects that are labelled with a Gateway, for as long as this process leads. */
  readonly feed: LiveFeed;
  readonly log: Log;
  /** Called when it changes what is to be said of a Gateway. */
  readonly onReport: (report: ProvisionReport) => void;
  /** Who objects are said to be applied by; `sluice` by default. */
  readonly fieldManager?: string;
  readonly clock?: Clock;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Gateways worked on at the same time; 8 by default. */
  readonly concurrency?: number;
  /** The longest that a request may take, in milliseconds; 10 s by default. */
  readonly requestMs?: number;
};
