/** A provider against a fault server, and what it delivered. */
import {expect} from 'vitest';
import type {Problem} from '../../src/api/problem.ts';
import {groupKind, type KubeObject, objectKey} from '../../src/api/object.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {createKubeProvider, type KubeProvider, type KubeProviderOptions} from '../../src/kube/kube-provider.ts';
import {collectionPath, kubeKinds} from '../../src/kube/kinds.ts';
import type {Batch} from '../../src/kube/outgoing.ts';
import {fastClock} from './fast-clock.ts';
import {FaultServer} from './fault-server.ts';
import {eventually} from './eventually.ts';

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Path of all objects of a kind, in the version that is wanted most or another one. */
export function pathOf(kind: string, version?: string): string {
  const found = kubeKinds.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no kind ${kind}`);
  return collectionPath(found, version ?? found.versions[0] ?? '');
}

export class ProviderRig {
  readonly server: FaultServer;
  readonly batches: Batch[] = [];
  readonly problems: Problem[] = [];
  readonly logged: string[] = [];
  /** `group/Kind key` -> object, as delivered. */
  readonly objects = new Map<string, KubeObject>();
  onBatch: (batch: Batch) => void = () => {};
  #close = async (): Promise<void> => {};

  private constructor(server: FaultServer) {
    this.server = server;
  }

  /** Serves the kinds that are named, in their best versions. */
  static async start(kinds: readonly string[] = ['Namespace', 'Service', 'HTTPRoute']): Promise<ProviderRig> {
    const server = await FaultServer.start();
    server.serve(DEFINITIONS, ...kinds.map((kind) => pathOf(kind)));
    return new ProviderRig(server);
  }

  provide(
    options: Partial<KubeProviderOptions> & {readonly speed?: number; readonly names?: readonly string[]} = {},
  ): KubeProvider {
    const {speed = 20, names = ['Namespace', 'Service', 'HTTPRoute'], ...rest} = options;
    const clock = fastClock(speed);
    const client = createKubeClient(this.server.credentials(), {version: '1', clock});
    const log =
      (level: string) =>
      (_fields: object, message: string): void =>
        void this.logged.push(`${level} ${message}`);
    const provider = createKubeProvider({
      client,
      clock,
      server: 'the server',
      kinds: kubeKinds.filter(({kind}) => names.includes(kind)),
      log: {debug: () => {}, info: log('info'), warn: log('warn'), error: log('error')},
      onProblems: (problems) => void this.problems.push(...problems),
      onChanges: (batch) => {
        this.batches.push(batch);
        for (const {groupKind: kind, key} of batch.removed) this.objects.delete(`${kind} ${key}`);
        for (const object of batch.set) this.objects.set(`${groupKind(object)} ${objectKey(object)}`, object);
        this.onBatch(batch);
      },
      ...rest,
    });
    this.#close = async () => {
      await provider.stop();
      client.close();
    };
    return provider;
  }

  /** Of a batch: `+Kind key` and `-Kind key`. */
  changes(): string[] {
    return this.batches
      .splice(0)
      .flatMap(({removed, set}) => [
        ...removed.map(({groupKind: kind, key}) => `-${kind.split('/')[1]} ${key}`),
        ...set.map((object) => `+${object.kind} ${objectKey(object)}`),
      ]);
  }

  /** Waits for changes that say so. */
  async says(...expected: readonly string[]): Promise<void> {
    const heard: string[] = [];
    await eventually(() => {
      heard.push(...this.changes());
      expect(heard).toEqual(expected);
    });
  }

  async stop(): Promise<void> {
    await this.#close();
    await this.server.close();
  }
}

/** The least that an object of each kind must have. */
export const service = {spec: {type: 'ClusterIP', clusterIP: '10.0.0.1', ports: [{port: 80}]}};
export const route = {spec: {rules: [{backendRefs: [{name: 'web', port: 80}]}]}, status: {parents: []}};
