/** What servers said to the real agentgateway proxy, and what it answered, through our schemas and back. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, test} from 'vitest';
import {agentgateway, istio} from '../../src/gen/proto/agentgateway.js';
import {envoy as discovery} from '../../src/gen/proto/discovery.js';
import discoverySchema from '../../src/gen/proto/discovery.descriptor.js';
import {createProtoJson} from '../../src/xds/protojson.ts';
import {fromProtoJson, toProtoJson, typeUrl} from './schemas.ts';

type Any = {readonly '@type': string; readonly [field: string]: unknown};
type Entry = {
  readonly dir: 'request' | 'response';
  readonly message: {
    readonly type_url?: string;
    readonly nonce?: string;
    readonly removed_resources?: readonly string[];
    readonly resources?: readonly {readonly name: string; readonly version: string; readonly resource?: Any}[];
  };
};

const folder = fileURLToPath(new URL('../../../shared/agentgateway/transcripts', import.meta.url));
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
const withoutResources = ['first-connect-empty.jsonl', 'stream-ended-with-ok.jsonl'];
const {DeltaDiscoveryRequest, DeltaDiscoveryResponse} = discovery.service.discovery.v3;
const requests = createProtoJson([discoverySchema]);
const requestType = typeUrl('envoy.service.discovery.v3.DeltaDiscoveryRequest');

function entries(file: string): Entry[] {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): Entry => JSON.parse(line));
}

/** Decodes and encodes again with the static module of the type. */
function throughStatic(type: string, bytes: Uint8Array): Uint8Array {
  const {Resource} = agentgateway.dev.resource;
  const {Address} = istio.workload;
  switch (type) {
    case typeUrl('agentgateway.dev.resource.Resource'):
      return Resource.encode(Resource.decode(bytes)).finish();
    case typeUrl('istio.workload.Address'):
      return Address.encode(Address.decode(bytes)).finish();
    default:
      throw new Error(`a transcript holds the type ${type}`);
  }
}

/** Names as in the transcripts; the keys of maps have other characters and stay. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  const rename = (key: string) =>
    /^[a-z][A-Za-z0-9]*$/.test(key) ? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [rename(key), snakeCase(entry)]));
}

describe.skipIf(files.length === 0)('transcripts (skipped where they are not at hand)', () => {
  test.each(files)('%s: responses', (file) => {
    let seen = 0;
    for (const {dir, message} of entries(file)) {
      if (dir !== 'response') continue;
      const resources = (message.resources ?? []).map(({name, version, resource}) => {
        if (resource === undefined) return {name, version};
        const packed = fromProtoJson(resource);
        expect(Buffer.from(throughStatic(packed.typeUrl, packed.bytes))).toEqual(Buffer.from(packed.bytes));
        expect(snakeCase(toProtoJson(packed.typeUrl, packed.bytes))).toEqual(resource);
        seen += 1;
        return {name, version, resource: {type_url: packed.typeUrl, value: packed.bytes}};
      });
      const response = {
        typeUrl: message.type_url ?? '',
        nonce: message.nonce ?? '',
        resources,
        removedResources: [...(message.removed_resources ?? [])],
      };
      const decoded = DeltaDiscoveryResponse.decode(DeltaDiscoveryResponse.encode(response).finish());
      expect(decoded.resources?.map(({name}) => name)).toEqual(resources.map(({name}) => name));
      expect(decoded.resources?.map(({resource}) => Buffer.from(resource?.value ?? []))).toEqual(
        resources.map(({resource}) => Buffer.from(resource?.value ?? [])),
      );
    }
    expect(seen > 0).toBe(!withoutResources.includes(file));
  });

  test.each(files)('%s: requests', (file) => {
    for (const {dir, message} of entries(file)) {
      if (dir !== 'request') continue;
      const {bytes} = requests.fromProtoJson({...message, '@type': requestType});
      const again = DeltaDiscoveryRequest.encode(DeltaDiscoveryRequest.decode(bytes)).finish();
      expect(requests.toProtoJson(requestType, again)).toEqual(requests.toProtoJson(requestType, bytes));
      expect(DeltaDiscoveryRequest.decode(bytes).typeUrl).toBe(message.type_url);
    }
  });
});
