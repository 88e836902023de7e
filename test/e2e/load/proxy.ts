/** The model of a proxy, connected to the product by real gRPC, reading real resources. */
import {typeUrls} from '../../../src/xds/type-urls.ts';
import {ModelClient, type Message, type Mode} from '../../xds/support/model-client.ts';
import type {Body} from '../../xds/support/resources.ts';
import {connectModel, type WireStream} from '../../xds/support/wire-client.ts';
import {cleanUpLater} from '../harness/clean-up.ts';
import {eventually} from '../harness/eventually.ts';
import {countingLink, type CountingLink} from './counting-link.ts';
import {readProductBody} from './product-body.ts';

export type ProxyOptions = {
  readonly mode: Mode;
  readonly xdsPort: number;
  /** In namespace `default`. */
  readonly gateway: string;
  /** Contents that it rejects, or takes with a warning. */
  readonly verdict?: (content: string) => Pick<Body, 'bad' | 'warn'>;
};

export type Proxy = {
  readonly model: ModelClient;
  readonly link: CountingLink;
  /** What it has of a type: name to protobuf JSON. */
  contents(type: string): Readonly<Record<string, string>>;
  /** The stream that is open, or was. */
  stream(): WireStream;
  /** Closes the stream. */
  disconnect(): void;
  /** A new stream, which claims what it has. */
  reconnect(): void;
  /** Resolves when nothing has come for a while. */
  quiet(ms?: number): Promise<void>;
  /** Messages, and all bytes, that `change` brings about; it has to wait for them. */
  during(change: () => Promise<void>): Promise<{readonly messages: readonly Message[]; readonly bytes: number}>;
};

export async function connectProxy({mode, xdsPort, gateway, verdict}: ProxyOptions): Promise<Proxy> {
  const link = await countingLink(xdsPort);
  const model = new ModelClient({
    mode,
    node: nodeOf(mode, gateway),
    // Whatever is referred to exists: nothing dangles in these tests.
    store: {version: () => 'some'},
    follows: mode === 'envoy',
    readBody: (type, bytes) => {
      const body = readProductBody(type, bytes);
      return {...body, ...verdict?.(body.content)};
    },
  });
  let stream = connectModel(model, link.port);
  cleanUpLater(() => stream.close());
  switch (mode) {
    case 'envoy':
      model.subscribe(typeUrls.cluster);
      model.subscribe(typeUrls.listener);
      break;
    case 'agentgateway':
      model.start();
  }
  const quiet = async (ms = 150): Promise<void> => {
    let [count, since] = [model.messages.length, performance.now()];
    await eventually(() => {
      if (model.messages.length !== count) [count, since] = [model.messages.length, performance.now()];
      if (performance.now() - since < ms) throw new Error('messages are coming');
    }, 20_000);
  };
  return {
    model,
    link,
    // Asking the model for a type would make it known to it.
    contents: (type) => (model.messages.some((message) => message.type === type) ? model.contents(type) : {}),
    stream: () => stream,
    disconnect: () => {
      model.disconnect();
      stream.close();
    },
    reconnect: () => {
      stream = connectModel(model, link.port);
    },
    quiet,
    async during(change) {
      await quiet();
      const [first, before] = [model.messages.length, link.received()];
      await change();
      await quiet();
      return {messages: model.messages.slice(first), bytes: link.received() - before};
    },
  };
}

/** As the real ones introduce themselves. */
function nodeOf(mode: Mode, gateway: string): Partial<ModelClient['node']> {
  switch (mode) {
    case 'envoy':
      return {id: `default/${gateway}`, cluster: `default/${gateway}`};
    case 'agentgateway':
      return {
        id: 'agentgateway~1.1.1.1~.default~default.svc.cluster.local',
        cluster: '',
        userAgent: '',
        metadata: {
          NAME: '',
          NAMESPACE: 'default',
          INSTANCE_IPS: '1.1.1.1',
          NODE_NAME: '',
          role: `default~${gateway}`,
          GATEWAY_NAME: gateway,
        },
      };
  }
}
