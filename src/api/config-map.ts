import type {KubeObject} from './object.ts';

/** Read for CA certificates. `binaryData` is base64. */
export type ConfigMap = KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
};
