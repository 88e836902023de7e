/**
 * GatewayParameters of gateway.kgateway.dev/v1alpha1: what GatewayClasses and Gateways say of the Envoys that are to run for
 * them. Narrowed to what is used of it: containers beside Envoy (`istio`, `sdsContainer`) are not made.
 */
import type {EnvVar, ImageParameters, Overlay, ResourceRequirements} from './agentgateway-parameters.ts';
import type {JsonObject} from './json.ts';
import type {KubeObject} from './object.ts';

export const kgatewayGroup = 'gateway.kgateway.dev';

export type GatewayParameters = KubeObject & {readonly spec: GatewayParametersSpec};

export type GatewayParametersSpec = {
  readonly kube?: EnvoyParameters;
  /** Whoever uses it runs the proxies; nothing is made for the Gateway. */
  readonly selfManaged?: JsonObject;
};

type Texts = {readonly [name: string]: string};

/** Exactly one of the first five is set. */
export type StatsMatcher = {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly safeRegex?: string;
  readonly ignoreCase?: boolean;
};

export type EnvoyParameters = {
  readonly deployment?: {readonly replicas?: number; readonly strategy?: JsonObject};
  readonly envoyContainer?: {
    readonly bootstrap?: {
      readonly logLevel?: string;
      readonly componentLogLevels?: Texts;
      readonly logFormat?: {readonly json?: JsonObject; readonly text?: string};
      readonly dnsResolver?: {readonly udpMaxQueries?: number};
      readonly enableReadinessProbeProxyProtocol?: boolean;
    };
    readonly image?: ImageParameters;
    readonly env?: readonly EnvVar[];
    readonly extraArgs?: readonly string[];
    readonly extraVolumeMounts?: readonly JsonObject[];
    readonly resources?: ResourceRequirements;
    readonly securityContext?: JsonObject;
  };
  readonly podTemplate?: {
    readonly extraLabels?: Texts;
    readonly extraAnnotations?: Texts;
    readonly extraVolumes?: readonly JsonObject[];
    readonly imagePullSecrets?: readonly JsonObject[];
    readonly nodeSelector?: Texts;
    readonly affinity?: JsonObject;
    readonly tolerations?: readonly JsonObject[];
    readonly topologySpreadConstraints?: readonly JsonObject[];
    readonly priorityClassName?: string;
    readonly securityContext?: JsonObject;
    readonly livenessProbe?: JsonObject;
    readonly readinessProbe?: JsonObject;
    readonly startupProbe?: JsonObject;
    /** A pause before Envoy is told to end, in which it goes on serving. */
    readonly gracefulShutdown?: {readonly enabled?: boolean; readonly sleepTimeSeconds?: number};
    readonly terminationGracePeriodSeconds?: number;
  };
  readonly service?: {
    readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    readonly clusterIP?: string;
    readonly loadBalancerClass?: string;
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly externalTrafficPolicy?: string;
    readonly extraLabels?: Texts;
    readonly extraAnnotations?: Texts;
    /** Node ports by Service port. */
    readonly ports?: readonly {readonly port: number; readonly nodePort?: number}[];
  };
  readonly serviceAccount?: {readonly extraLabels?: Texts; readonly extraAnnotations?: Texts};
  readonly stats?: {
    readonly enabled?: boolean;
    /** Path that `/metrics` becomes; `/stats/prometheus?usedonly` by default. */
    readonly routePrefixRewrite?: string;
    readonly enableStatsRoute?: boolean;
    /** Path that `/stats` becomes; `/stats` by default. */
    readonly statsRoutePrefixRewrite?: string;
    readonly matcher?: {
      readonly inclusionList?: readonly StatsMatcher[];
      readonly exclusionList?: readonly StatsMatcher[];
    };
  };
  readonly omitDefaultSecurityContext?: boolean;
  readonly deploymentOverlay?: Overlay;
  readonly serviceOverlay?: Overlay;
  readonly serviceAccountOverlay?: Overlay;
  readonly podDisruptionBudget?: Overlay;
  readonly horizontalPodAutoscaler?: Overlay;
  readonly verticalPodAutoscaler?: Overlay;
};
