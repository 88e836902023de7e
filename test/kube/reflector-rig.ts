/** A reflector against a fault server, and what it made of it. */
import {expect} from 'vitest';
import type {KubeClient} from '../../src/kube/client.ts';
import type {Clock} from '../../src/kube/clock.ts';
import {createKubeClient, type KubeClientOptions} from '../../src/kube/kube-client.ts';
import type {ReflectorSink, ReflectorState} from '../../src/kube/reflector-types.ts';
import {type Reflector, startReflector} from '../../src/kube/reflector.ts';
import {Turns} from '../../src/kube/turns.ts';
import type {RawObject} from '../../src/kube/watch-event.ts';
import {fastClock} from './fast-clock.ts';
import {FaultServer, type FaultServerOptions} from './fault-server.ts';
import type {StoredObject} from './object-store.ts';
import {eventually} from './eventually.ts';

export const THINGS = '/apis/example.com/v1/things';
/** A second of the client's time is 40 ms. */
export const SPEED = 25;

const metadataOf = (object: RawObject): StoredObject['metadata'] => {
  const metadata = object['metadata'];
  // What the fault server sends.
  return metadata as StoredObject['metadata'];
};

export type RigOptions = FaultServerOptions & {
  readonly client?: Partial<KubeClientOptions>;
  /** What the client connects to; the server itself by default. */
  readonly port?: (server: FaultServer) => Promise<number>;
  readonly speed?: number;
  readonly random?: () => number;
};

export class ReflectorRig {
  readonly server: FaultServer;
  readonly client: KubeClient;
  /** Name -> uid and version, as the sink was told. */
  readonly seen = new Map<string, string>();
  readonly states: ReflectorState[] = [];
  readonly began: string[] = [];
  /** Calls of the sink, in order. */
  readonly calls: string[] = [];
  relists = 0;
  onSet: (name: string) => void = () => {};
  readonly watchLists = {areServed: true};
  #reflector: Reflector | undefined;

  readonly #clock: Clock;
  readonly #random: () => number;

  private constructor(server: FaultServer, options: RigOptions, port: number | undefined) {
    const {client = {}, speed = SPEED, random = Math.random} = options;
    this.server = server;
    this.#random = random;
    this.#clock = fastClock(speed);
    this.client = createKubeClient(server.credentials(port), {version: '1', clock: this.#clock, ...client});
  }

  static async start(options: RigOptions = {}): Promise<ReflectorRig> {
    const server = await FaultServer.start(options);
    server.serve(THINGS);
    return new ReflectorRig(server, options, await options.port?.(server));
  }

  reflect(query: Readonly<Record<string, string>> = {}): Reflector {
    const reflector = startReflector({
      client: this.client,
      clock: this.#clock,
      random: this.#random,
      source: {path: THINGS, query},
      sink: this.#sink(),
      meter: {event: () => {}, bytes: () => {}, began: (what, reason) => void this.began.push(`${what} ${reason}`)},
      turns: new Turns(),
      watchLists: this.watchLists,
      onState: (state) => void this.states.push(state),
    });
    this.#reflector = reflector;
    return reflector;
  }

  put(name: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.server.store.put(THINGS, {name, fields});
  }

  remove(name: string): void {
    this.server.store.remove(THINGS, name);
  }

  /** What a list of the server would say now. */
  stored(): ReadonlyMap<string, string> {
    const objects = this.server.store.list(THINGS);
    return new Map(objects.map(({metadata: {name, uid, resourceVersion}}) => [name, `${uid} ${resourceVersion}`]));
  }

  /** Waits until the sink has what the server has. */
  async agrees(timeout = 20_000): Promise<void> {
    await eventually(() => {
      expect(this.seen).toEqual(this.stored());
      expect(this.states.at(-1)?.is).toBe('following');
    }, timeout);
  }

  async stop(): Promise<void> {
    this.#reflector?.stop();
    this.client.close();
    await this.server.close();
  }

  #sink(): ReflectorSink {
    const id = (object: RawObject): string => `${metadataOf(object).uid} ${metadataOf(object).resourceVersion}`;
    return {
      set: (object) => {
        const {name} = metadataOf(object);
        this.onSet(name);
        this.calls.push(`set ${name}`);
        this.seen.set(name, id(object));
      },
      removed: (object) => {
        this.calls.push(`removed ${metadataOf(object).name}`);
        this.seen.delete(metadataOf(object).name);
      },
      relist: () => {
        const taken = new Map<string, string>();
        return {
          take: (object) => void taken.set(metadataOf(object).name, id(object)),
          removed: (object) => void taken.delete(metadataOf(object).name),
          done: () => {
            this.relists++;
            this.calls.push('relist');
            this.seen.clear();
            for (const [name, version] of taken) this.seen.set(name, version);
          },
        };
      },
    };
  }
}
