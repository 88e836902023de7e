import {Client, credentials, type ClientDuplexStream} from '@grpc/grpc-js';
import {envoy} from '../src/gen/proto/discovery.js';

const {DeltaDiscoveryRequest, DeltaDiscoveryResponse} = envoy.service.discovery.v3;
const method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

export type Arrival = {
  readonly type: string;
  readonly names: readonly string[];
  readonly bytes: number;
  readonly at: number;
};

/**
 * A connected proxy without a data plane: subscribes, acknowledges everything at once, and says when what arrived.
 * It stamps before it decodes.
 */
export class DeltaClient {
  readonly arrivals: Arrival[] = [];
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Uint8Array, Buffer>;
  readonly #subscribed = new Set<string>();
  readonly #onType: (type: string, names: readonly string[], client: DeltaClient) => void;
  #waiting: {readonly name: string; readonly resolve: (arrival: Arrival) => void} | undefined;

  constructor(
    address: string,
    node: envoy.config.core.v3.INode,
    onType: (type: string, names: readonly string[], client: DeltaClient) => void = () => {},
  ) {
    this.#onType = onType;
    this.#client = new Client(address, credentials.createInsecure(), {'grpc.max_receive_message_length': -1});
    this.#stream = this.#client.makeBidiStreamRequest(
      method,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => bytes,
    );
    this.#stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#stream.on('error', () => {});
    this.#node = node;
  }

  readonly #node: envoy.config.core.v3.INode;

  /** The first subscription of a type; without names a wildcard. */
  subscribe(typeUrl: string, names: readonly string[] = []): void {
    if (this.#subscribed.has(typeUrl) && names.length === 0) return;
    this.#subscribed.add(typeUrl);
    this.#request({typeUrl, resourceNamesSubscribe: [...names], node: this.#node});
  }

  /** The next response that carries that resource. */
  next(name: string): Promise<Arrival> {
    return new Promise((resolve) => {
      this.#waiting = {name, resolve};
    });
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #receive(bytes: Buffer): void {
    const at = performance.now();
    const {typeUrl, nonce, resources} = DeltaDiscoveryResponse.decode(bytes);
    const type = typeUrl ?? '';
    const names = (resources ?? []).map(({name}) => name ?? '');
    this.#request({typeUrl: type, responseNonce: nonce ?? ''});
    const arrival = {type, names, bytes: bytes.length, at};
    this.arrivals.push(arrival);
    this.#onType(type, names, this);
    if (this.#waiting !== undefined && names.includes(this.#waiting.name)) this.#waiting.resolve(arrival);
  }

  #request(request: envoy.service.discovery.v3.IDeltaDiscoveryRequest): void {
    this.#stream.write(DeltaDiscoveryRequest.encode(request).finish());
  }
}
