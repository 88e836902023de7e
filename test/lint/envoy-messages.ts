/** Envoy resources as plain data, for tests: enums by name, Any messages opened, fields that are not set absent. */
import type {ResourceRow} from '../../collections/resource.ts';
import {envoy} from '../../src/gen/proto/envoy.js';

/** What the generated code has for every message. */
type MessageType = {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): Record<string, unknown>;
};

export type Plain = {readonly [field: string]: unknown};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function messageType(typeUrl: string): MessageType {
  const path = typeUrl.replace('type.googleapis.com/envoy.', '').split('.');
  const found = path.reduce<unknown>(
    (place, name) =>
      (typeof place === 'object' || typeof place === 'function') && place !== null
        ? Reflect.get(place, name)
        : undefined,
    envoy,
  );
  if (typeof found !== 'function' || !('decode' in found) || !('toObject' in found))
    throw new Error(`unknown type ${typeUrl}`);
  return found as unknown as MessageType; // the generated classes all have the two functions
}

/** A message of that type with every Any in it opened: `{'@type': url, ...fields}`. */
export function plainMessage(typeUrl: string, bytes: Uint8Array): Plain {
  const type = messageType(typeUrl);
  const opened = open(type.toObject(type.decode(bytes), {enums: String, longs: Number}));
  return isRecord(opened) ? opened : {};
}

function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (!isRecord(value) || value instanceof Uint8Array) return value;
  const {type_url: url, value: bytes} = value;
  if (typeof url === 'string') {
    return {'@type': url, ...plainMessage(url, bytes instanceof Uint8Array ? bytes : new Uint8Array(0))};
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, open(inner)]));
}

export const plainResource = (row: Pick<ResourceRow, 'type' | 'bytes'>): Plain => plainMessage(row.type, row.bytes);
