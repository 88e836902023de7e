/**
 * AgentgatewayParameters of agentgateway.dev/v1alpha1: what GatewayClasses and Gateways say of the agentgateway proxies that
 * are to run for them. Narrowed to what is used of it.
 */
import type {Json, JsonObject} from './json.ts';
import type {KubeObject} from './object.ts';

export const agentgatewayGroup = 'agentgateway.dev';

export type AgentgatewayParameters = KubeObject & {readonly spec: AgentgatewayParametersSpec};

/** Merged over the object rendered, by strategic merge. */
export type Overlay = {
  readonly metadata?: {
    readonly labels?: {readonly [name: string]: string};
    readonly annotations?: {readonly [name: string]: string};
  };
  readonly spec?: JsonObject;
};

export type ImageParameters = {
  readonly registry?: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly pullPolicy?: string;
};

export type EnvVar = {readonly name: string; readonly value?: string; readonly valueFrom?: JsonObject};

export type ResourceRequirements = {
  readonly limits?: {readonly [resource: string]: string | number};
  readonly requests?: {readonly [resource: string]: string | number};
  readonly claims?: readonly Json[];
};

export type AgentgatewayParametersSpec = {
  readonly workload?: {readonly kind?: 'Deployment' | 'DaemonSet'};
  readonly logging?: {readonly level?: string; readonly format?: 'json' | 'text'};
  /** Of the proxy's own configuration file. */
  readonly rawConfig?: JsonObject;
  readonly image?: ImageParameters;
  readonly env?: readonly EnvVar[];
  readonly resources?: ResourceRequirements;
  /** Seconds. */
  readonly shutdown?: {readonly min: number; readonly max: number};
  readonly istio?: {
    readonly enabled?: boolean;
    readonly caAddress?: string;
    readonly trustDomain?: string;
    readonly additionalTrustDomains?: readonly string[];
    readonly clusterId?: string;
    readonly network?: string;
  };
  readonly spiffe?: {
    readonly enabled?: boolean;
    readonly source?: {
      readonly csi?: {readonly driver?: string};
      readonly hostPath?: {readonly path: string};
      readonly mountPath?: string;
      readonly socketName?: string;
    };
  };
  readonly modelCatalog?: {
    readonly sources?: readonly {readonly configMap?: {readonly name: string; readonly key?: string}}[];
  };
  readonly deployment?: Overlay;
  readonly daemonSet?: Overlay;
  readonly service?: Overlay;
  readonly serviceAccount?: Overlay;
  readonly podDisruptionBudget?: Overlay;
  readonly horizontalPodAutoscaler?: Overlay;
};
