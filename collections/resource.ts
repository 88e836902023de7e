/**
 * What a dialect produces: an encoded xDS resource for the proxies of one scope. The xDS server knows nothing else
 * of what it serves.
 */
import {sha1} from '@noble/hashes/legacy.js';
import {bytesToHex} from '@noble/hashes/utils.js';

export type ResourceRow = {
  /** `scope|type|name`. */
  readonly key: string;
  /** Which proxies it is for: `<dialect>/<namespace>/<gateway>`. */
  readonly scope: string;
  /** Full type URL, `type.googleapis.com/…`. */
  readonly type: string;
  readonly name: string;
  /** Truncated sha1 of `bytes`, 16 hex digits: equal content has equal versions on every replica. */
  readonly version: string;
  /** The encoded message (the value of the Any), made once and shared by every client. */
  readonly bytes: Uint8Array;
  /**
   * Resources of the same scope that a client must have acknowledged before it may be sent this one, and that may be
   * taken from it only after this one is gone: `type|name` (see resourceRef). Absent ones do not hold anything back.
   */
  readonly refs: readonly string[];
  /**
   * A resource in whose lifetime on the client this one lives (`type|name`): when the client is sent the parent
   * anew, it needs this one again after it (VirtualHosts of a RouteConfiguration).
   */
  readonly parent?: string;
  /** Order of additions inside a type, ascending; removals run the other way. Default 0. */
  readonly order?: number;
};

export const resourceRef = (type: string, name: string): string => `${type}|${name}`;

export const gatewayScope = (dialect: string, gateway: string): string => `${dialect}/${gateway}`;

/** Completes a resource row: key and version follow from the rest. */
export function resourceRow(row: Omit<ResourceRow, 'key' | 'version'>): ResourceRow {
  return {
    ...row,
    key: `${row.scope}|${row.type}|${row.name}`,
    version: bytesToHex(sha1(row.bytes)).slice(0, 16),
  };
}
