import type {Clock} from '../kube/clock.ts';
import type {KubeClient} from '../kube/client.ts';
import type {LiveObjects} from '../kube/live-objects.ts';
import type {ObjectName} from '../kube/object-path.ts';
import type {WriteReport} from './kube-status-counters.ts';

export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** Milliseconds. */
export type Pacing = {
  /** An object that changes again and again is written when it has been left alone for so long, … */
  readonly quietMs: number;
  /** … or when so long has passed since it was written last, whichever comes first. */
  readonly spacingMs: number;
};

/**
 * A change of an object that has been left alone goes out at once. While routes are attached one by one, their Gateway is
 * written once a second, and a tenth of a second after the last of them.
 */
export const defaultPacing: Pacing = {quietMs: 100, spacingMs: 1_000};

export type KubeStatusWriterOptions = {
  readonly client: KubeClient;
  readonly live: LiveObjects;
  readonly log: Log;
  /** Entries of `parents` and `ancestors` with one of these names are ours. */
  readonly controllerNames: readonly string[];
  /** Path of an object of an API server, without `/status`; undefined where the kind is not known. `objectPath` by default. */
  readonly pathOf?: (object: ObjectName) => string | undefined;
  readonly clock?: Clock;
  /** 0 up to but not including 1. */
  readonly random?: () => number;
  /** Requests under way at the same time; 64 by default. */
  readonly concurrency?: number;
  /** `sluice` by default. */
  readonly fieldManager?: string;
  readonly pacing?: Pacing;
  /** How long a newer row is waited for when an object is ahead of its row, in milliseconds; 1 s by default. */
  readonly graceMs?: number;
  /** The longest that a request may take, in milliseconds; 10 s by default. */
  readonly requestMs?: number;
  /** How long `stop` waits for what is under way, in milliseconds; 5 s by default. */
  readonly stopMs?: number;
  /** Told of everything that is counted; for histograms. */
  readonly observe?: (report: WriteReport) => void;
};
