/** Pods and what they refer to: the fields that this kubelet reads. */
import type {KubeObject, ObjectMeta} from '../objects.ts';

export type Pod = KubeObject & {
  readonly metadata: ObjectMeta & {
    readonly namespace: string;
    readonly uid: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: PodSpec;
  readonly status?: {readonly phase?: string};
};

export type PodSpec = {
  readonly nodeName?: string;
  readonly serviceAccountName?: string;
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly hostNetwork?: boolean;
};

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly {
    readonly prefix?: string;
    readonly configMapRef?: ObjectReference;
    readonly secretRef?: ObjectReference;
  }[];
  readonly ports?: readonly {readonly name?: string; readonly containerPort: number}[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly readinessProbe?: Probe;
};

export type EnvVar = {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: {readonly fieldPath: string};
    readonly secretKeyRef?: KeyReference;
    readonly configMapKeyRef?: KeyReference;
    readonly resourceFieldRef?: object;
  };
};

export type ObjectReference = {readonly name: string; readonly optional?: boolean};
export type KeyReference = ObjectReference & {readonly key: string};

export type VolumeMount = {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
};

export type Volume = {
  readonly name: string;
  readonly secret?: {readonly secretName: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean};
  readonly configMap?: ConfigMapSource;
  readonly emptyDir?: object;
  readonly downwardAPI?: DownwardSource;
  readonly projected?: {readonly sources?: readonly ProjectedSource[]};
};

export type KeyToPath = {readonly key: string; readonly path: string};
export type ConfigMapSource = ObjectReference & {readonly items?: readonly KeyToPath[]};
export type DownwardSource = {
  readonly items?: readonly {readonly path: string; readonly fieldRef?: {readonly fieldPath: string}}[];
};
export type TokenSource = {readonly path: string; readonly audience?: string; readonly expirationSeconds?: number};

export type ProjectedSource = {
  readonly secret?: ConfigMapSource;
  readonly configMap?: ConfigMapSource;
  readonly downwardAPI?: DownwardSource;
  readonly serviceAccountToken?: TokenSource;
};

export type Probe = {
  readonly httpGet?: {
    readonly path?: string;
    /** A number, or the name of a port of the container. */
    readonly port: number | string;
    readonly scheme?: 'HTTP' | 'HTTPS';
    readonly httpHeaders?: readonly {readonly name: string; readonly value: string}[];
  };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
};

export type ConfigMap = KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
};

/** Values in base64. */
export type Secret = KubeObject & {readonly data?: Readonly<Record<string, string>>};

export const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** What a Pod needs is not there, or not as it should be; it waits, and is tried again. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  /** As kubelet calls it in a container's state: `CreateContainerConfigError`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
