/**
 * The two messages of delta xDS (envoy/service/discovery/v3/discovery.proto). Requests are decoded by generated code;
 * responses are put together from parts that were encoded once, which is why their field numbers stand here.
 */
import protobuf from 'protobufjs/minimal.js';
import {envoy} from '../gen/proto/discovery.js';
import type {ClientNode, Resource} from './api.ts';

export type DeltaRequest = {
  readonly node: ClientNode | undefined;
  readonly type: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name to version. */
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly nonce: string;
  /** Present: a NACK, whatever its code (agentgateway sends code 0). */
  readonly error: {readonly code: number; readonly message: string} | undefined;
};

type NodeMessage = envoy.config.core.v3.Node.$Properties;

function readNode(node: NodeMessage): ClientNode {
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(node.metadata?.fields ?? {})) {
    if (typeof value.stringValue === 'string') metadata[key] = value.stringValue;
  }
  return {
    id: node.id ?? '',
    cluster: node.cluster ?? '',
    metadata,
    userAgent: [node.userAgentName, node.userAgentVersion].filter((part) => (part ?? '') !== '').join(' '),
  };
}

/** Throws where the bytes are no DeltaDiscoveryRequest. */
export function decodeRequest(bytes: Uint8Array): DeltaRequest {
  const message = envoy.service.discovery.v3.DeltaDiscoveryRequest.decode(bytes);
  const {node, errorDetail} = message;
  return {
    node: node === null || node === undefined ? undefined : readNode(node),
    type: message.typeUrl,
    subscribe: message.resourceNamesSubscribe,
    unsubscribe: message.resourceNamesUnsubscribe,
    initialVersions: message.initialResourceVersions,
    nonce: message.responseNonce,
    error:
      errorDetail === null || errorDetail === undefined
        ? undefined
        : {code: errorDetail.code ?? 0, message: errorDetail.message ?? ''},
  };
}

/** Tag of a length-delimited field. */
const tag = (field: number): number => (field << 3) | 2;

const response = {resources: tag(2), typeUrl: tag(4), nonce: tag(5), removedResources: tag(6)};
const entry = {version: tag(1), resource: tag(2), name: tag(3)};
const any = {typeUrl: tag(1), value: tag(2)};

/** One entry of `DeltaDiscoveryResponse.resources`, with its tag: the part all clients share. */
export function encodeEntry(resource: Resource): Uint8Array {
  return protobuf.Writer.create()
    .uint32(response.resources)
    .fork()
    .uint32(entry.version)
    .string(resource.version)
    .uint32(entry.resource)
    .fork()
    .uint32(any.typeUrl)
    .string(resource.type)
    .uint32(any.value)
    .bytes(resource.bytes)
    .ldelim()
    .uint32(entry.name)
    .string(resource.name)
    .ldelim()
    .finish();
}

/** Bytes a name takes in `removed_resources`: at most, for any name a message can hold. */
export const removedNameBytes = (name: string): number => Buffer.byteLength(name) + 6;

/** A DeltaDiscoveryResponse of encoded entries. */
export function encodeResponse(message: {
  readonly type: string;
  readonly nonce: string;
  readonly entries: readonly Uint8Array[];
  readonly removed: readonly string[];
}): Buffer {
  const rest = protobuf.Writer.create().uint32(response.typeUrl).string(message.type);
  rest.uint32(response.nonce).string(message.nonce);
  for (const name of message.removed) rest.uint32(response.removedResources).string(name);
  return Buffer.concat([...message.entries, rest.finish()]);
}
