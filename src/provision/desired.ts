/** What is to exist in the cluster: rows of the graph, as whoever writes it sees them. */
import type {JsonObject} from '../api/json.ts';

export type DesiredObject = {
  /** `Kind/namespace/name`. */
  readonly key: string;
  /** Key of the Gateway that it is made for, `namespace/name`. */
  readonly gateway: string;
  /** All of it but the status. */
  readonly object: JsonObject & {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: JsonObject & {readonly name: string; readonly namespace: string};
  };
  /** One that exists stays as it is, if it has all keys of `data`. */
  readonly keepExisting: boolean;
};

export type DesiredGateway = {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** Only of a managed one are objects written and deleted. */
  readonly mode: 'managed' | 'self-managed' | 'withheld';
};

export type Change<T> = {readonly key: string; readonly new?: T};
