/** Core kinds, narrowed to the fields that Sluice uses. Field names and meaning: the Kubernetes API reference, v1. */
import type {KubeObject} from './object.ts';

export type Namespace = KubeObject;

export type ServicePort = {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
};

export type Service = KubeObject & {
  readonly spec: {
    readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly externalName?: string;
    readonly ports?: readonly ServicePort[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly publishNotReadyAddresses?: boolean;
  };
};

export type Endpoint = {
  readonly addresses: readonly string[];
  readonly conditions?: {readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean};
  readonly zone?: string;
  readonly nodeName?: string;
  readonly targetRef?: {readonly kind?: string; readonly name?: string; readonly namespace?: string};
};

/** Belongs to the Service named by its label `kubernetes.io/service-name`, in its own namespace. */
export type EndpointSlice = KubeObject & {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly Endpoint[];
  readonly ports?: readonly {
    readonly name?: string;
    readonly port?: number;
    readonly protocol?: string;
    readonly appProtocol?: string;
  }[];
};

/** `data` is base64, as in the API; the file provider folds `stringData` into it. */
export type Secret = KubeObject & {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
};
