/** Streams to a running server: a model client behind a socket, or requests by hand. */
import {
  type ChannelCredentials,
  Client,
  credentials,
  type ClientDuplexStream,
  Metadata,
  type StatusObject,
} from '@grpc/grpc-js';
import {envoy} from '../../../src/gen/proto/discovery.js';
import type {DeltaRequest} from '../../../src/xds/wire.ts';
import type {ModelClient} from './model-client.ts';

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const {DeltaDiscoveryRequest} = envoy.service.discovery.v3;

export function encodeRequest(request: DeltaRequest): Buffer {
  const {node, error} = request;
  const bytes = DeltaDiscoveryRequest.encode({
    ...(node === undefined
      ? {}
      : {
          node: {
            id: node.id,
            cluster: node.cluster,
            userAgentName: node.userAgent,
            metadata: {
              fields: Object.fromEntries(
                Object.entries(node.metadata).map(([key, stringValue]) => [key, {stringValue}]),
              ),
            },
          },
        }),
    typeUrl: request.type,
    resourceNamesSubscribe: [...request.subscribe],
    resourceNamesUnsubscribe: [...request.unsubscribe],
    initialResourceVersions: {...request.initialVersions},
    responseNonce: request.nonce,
    ...(error === undefined ? {} : {errorDetail: error}),
  }).finish();
  return Buffer.from(bytes);
}

export type WireStream = {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  readonly messages: Buffer[];
  readonly status: Promise<StatusObject>;
  close(): void;
};

export type StreamOptions = {
  readonly headers?: Record<string, string>;
  readonly onMessage?: (message: Buffer) => void;
  /** Cleartext by default. */
  readonly channel?: ChannelCredentials;
};

export function openStream(port: number, options: StreamOptions = {}): WireStream {
  const client = new Client(`127.0.0.1:${port}`, options.channel ?? credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    // No connection is shared between the clients of a test.
    'grpc.use_local_subchannel_pool': 1,
    ...(options.channel !== undefined && {'grpc.ssl_target_name_override': 'localhost'}),
  });
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.headers ?? {})) metadata.set(key, value);
  const same = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(path, same, same, metadata);
  const messages: Buffer[] = [];
  call.on('data', (message: Buffer) => {
    messages.push(message);
    options.onMessage?.(message);
  });
  // Every end comes as a status too.
  call.on('error', () => {});
  const status = new Promise<StatusObject>((resolve) => call.on('status', resolve));
  return {
    call,
    messages,
    status,
    close: () => {
      call.cancel();
      client.close();
    },
  };
}

/** Lets a model client speak over a socket; it answers whatever it is sent. */
export function connectModel(
  model: ModelClient,
  port: number,
  options: Omit<StreamOptions, 'onMessage'> = {},
): WireStream {
  const stream = openStream(port, {
    ...options,
    onMessage: (message) => {
      model.arrive(message);
      model.answer();
    },
  });
  model.connect((request) => void stream.call.write(encodeRequest(request)));
  return stream;
}

export async function until(condition: () => boolean, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
