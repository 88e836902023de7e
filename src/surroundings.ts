/**
 * Where objects come from, and where what the graph makes of them goes besides xDS: files and processes of this host, or a
 * cluster. The rest of the application is the same for both.
 */
import type {Outputs} from '../collections/extension.ts';
import type {OutputSources} from './admin/output-metrics.ts';
import type {Metric} from './admin/metric.ts';
import type {Problem} from './api/problem.ts';
import type {HostPort} from './config/load-config.ts';
import type {Logs} from './config/logging.ts';
import type {Batch, Inputs} from './inputs.ts';
import type {Graph} from './krt/index.ts';
import type {EnvoyView} from './provision/envoy-supervisor.ts';
import type {StatusDocument} from './status/status-document.ts';
import type {XdsServer} from './xds/api.ts';

export type Surroundings = {
  readonly inputs: Inputs;
  /** Reads. `take` gets all there is first, then what changes. Resolves when that first batch is handed over, or when stopped. */
  read(take: (batch: Batch) => void): Promise<void>;
  /** The graph is at rest with all objects in it: its outputs go out from here on. `xds`: where it is served. */
  connect(xds: HostPort): void;
  view(): SurroundingsView;
  /** Further metrics, and figures of what is written. */
  metrics(): readonly Metric[];
  readonly figures: OutputSources;
  /** Resolves when every proxy that is run here serves or says why it does not, or after `limitMs`. */
  settled(limitMs: number): Promise<void>;
  /** Reads nothing more. */
  stopReading(): Promise<void>;
  /** Finishes what is under way, drains and ends what it runs. */
  stop(): Promise<void>;
};

export type SurroundingsOptions = {
  readonly graph: Graph;
  readonly outputs: Pick<Outputs, 'statuses' | 'infra'>;
  readonly xds: Pick<XdsServer, 'retryRejected'>;
  readonly logs: Logs;
};

/** For `sluice status` and the admin endpoint /status. */
export type SurroundingsView = {
  /** What is read: files and folders, or nothing. */
  readonly paths: readonly string[];
  /** The API server that is read. */
  readonly cluster?: string;
  readonly problems: readonly Problem[];
  readonly statuses: readonly StatusDocument[];
  readonly proxies: readonly EnvoyView[];
  /** Why no Envoy is run, where one should be. */
  readonly hint?: string;
};
