/** Namespaces in which everything is as it should be, for tests of what is written when something changes. */
import {setTimeout as sleep} from 'node:timers/promises';
import {expect} from 'vitest';
import {eventually} from '../../e2e/harness/eventually.ts';
import type {Cluster} from '../../rig/cluster.ts';
import type {KubeObject} from '../../rig/objects.ts';
import type {Audit} from './audit.ts';
import {gateway, object, route, service} from './case.ts';
import {outcomeOf, type Condition, type Status} from './status.ts';

export type Live = KubeObject & {readonly status?: Status};

/** A Gateway, a Service and two routes to it, whose statuses are written. */
export type Scene = {
  readonly namespace: string;
  readonly gw: KubeObject;
  readonly one: KubeObject;
  readonly two: KubeObject;
  readonly app: KubeObject;
  /** The object in the namespace of the scene, under another name where one is given. */
  readonly place: (object: KubeObject, name?: string) => KubeObject;
};

export type Scenes = {
  readonly scene: () => Promise<Scene>;
  readonly read: (about: KubeObject) => Promise<Live>;
  /** Resolves when the condition is so, of the newest generation: `Accepted=True/Accepted`. */
  readonly becomes: (about: KubeObject, outcome: string) => Promise<Condition>;
  /** Changes a status as somebody does who reads and writes the whole of it. */
  readonly edit: (about: KubeObject, change: (status: Status) => Status) => Promise<void>;
  /** What Sluice writes because of a change, in one namespace or everywhere, sorted: `httproutes one`. */
  readonly writesOf: (change: () => Promise<unknown>, within?: string) => Promise<readonly string[]>;
};

/** Longer than a status that changes again waits to be written. */
const QUIET_MS = 1_000;
const WITHIN_MS = 30_000;

export function scenes(cluster: Cluster, log: Audit): Scenes {
  let made = 0;

  const read = async (about: KubeObject): Promise<Live> =>
    (await cluster.request<Live>('GET', await cluster.pathOf(about))).body;

  const becomes = (about: KubeObject, outcome: string): Promise<Condition> =>
    eventually(async () => {
      const {metadata, status = {}} = await read(about);
      const parent = status.parents?.find(({controllerName}) => controllerName.startsWith('sluice.dev/'));
      const conditions = status.conditions ?? parent?.conditions ?? [];
      const found = conditions.find(({type}) => outcome.startsWith(`${type}=`));
      if (found === undefined) throw new Error(`there is no condition for ${outcome}`);
      expect(outcomeOf(found)).toBe(outcome);
      expect(found.observedGeneration).toBe(metadata.generation);
      return found;
    }, WITHIN_MS);

  return {
    read,
    becomes,
    async scene() {
      const namespace = `scene-${++made}`;
      const place = ({metadata, ...rest}: KubeObject, name = metadata.name): KubeObject => ({
        ...rest,
        metadata: {...metadata, name, namespace},
      });
      const [gw, app, one, two] = [place(gateway()), place(service()), place(route(), 'one'), place(route(), 'two')];
      await cluster.apply([object('v1', 'Namespace', namespace, {}), app, gw, one, two]);
      await eventually(async () => {
        expect((await read(gw)).status?.listeners?.[0]?.attachedRoutes).toBe(2);
      }, WITHIN_MS);
      for (const each of [one, two]) await becomes(each, 'ResolvedRefs=True/ResolvedRefs');
      await sleep(QUIET_MS);
      return {namespace, gw, app, one, two, place};
    },
    async edit(about, change) {
      const path = `${await cluster.pathOf(about)}/status`;
      await eventually(async () => {
        const live = await read(about);
        const answer = await cluster.request('PUT', path, {...live, status: change(live.status ?? {})});
        expect(answer.status).toBe(200);
      }, WITHIN_MS);
    },
    async writesOf(change, within) {
      const before = log.writes().length;
      await change();
      await sleep(QUIET_MS);
      const written = log
        .writes()
        .slice(before)
        .filter(({namespace}) => within === undefined || namespace === within);
      return written.map(({resource, name, code}) => `${resource} ${name}${code === 200 ? '' : ` (${code})`}`).sort();
    },
  };
}
