/** What the owner of a cluster and its supervisor ask of each other. */
import type {ControlPlaneBinaries} from './binaries.ts';
import type {Forward} from './forwarder.ts';
import type {ServerName} from './servers.ts';

export type StartOptions = {
  readonly mode: 'loopback' | 'pods';
  readonly binaries: ControlPlaneBinaries;
  readonly apiServerArgs: readonly string[];
};

/** A cluster that is up. */
export type Started = {
  readonly id: string;
  /** Everything it writes, on `stop` deleted as a whole. */
  readonly folder: string;
  /** Of kube-apiserver for who runs where tests run. */
  readonly url: string;
  /** The same for who runs on the node. */
  readonly nodeUrl: string;
  /** The same for Pods; none in loopback mode. */
  readonly podUrl?: string;
  readonly etcdUrl: string;
  readonly caFile: string;
  readonly adminToken: string;
};

export type SupervisorMethods = {
  readonly start: (options: StartOptions) => Promise<Started>;
  /** SIGTERM and a grace period, or SIGKILL. */
  readonly endServer: (params: {readonly name: ServerName; readonly graceful: boolean}) => Promise<void>;
  /** Resolves when it is ready. */
  readonly startServer: (params: {readonly name: ServerName}) => Promise<void>;
  readonly signalServer: (params: {readonly name: ServerName; readonly signal: NodeJS.Signals}) => Promise<void>;
  /** A port of 127.0.0.1 here that leads to one in the network of the node. Not on loopback. */
  readonly forward: (target: Forward) => Promise<number>;
  /** Of everything that runs, the supervisor included. */
  readonly pids: () => Promise<readonly number[]>;
  /** Ends and deletes everything; the supervisor itself ends after its answer. */
  readonly stop: () => Promise<void>;
};

/** What runs for an image on this machine. */
export type Program = {
  readonly command: readonly string[];
  /** As the image would set them; those of the container go first. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export type OwnerMethods = {
  readonly program: (params: {readonly image: string}) => Promise<Program | null>;
};

/** What the kubelet has to know. */
export type KubeletOptions = {
  readonly id: string;
  readonly folder: string;
  /** Of kube-apiserver, as the node reaches it. */
  readonly url: string;
  readonly apiPort: number;
  readonly caFile: string;
  readonly adminToken: string;
  readonly kubeletServing: {readonly certificate: string; readonly key: string};
};

export type KubeletMethods = {
  /** Resolves when the Node is registered and Pods are watched. */
  readonly start: (options: KubeletOptions) => Promise<void>;
};
