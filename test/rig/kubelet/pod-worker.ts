/** The life of one Pod: its network, its volumes, its containers, its end. */
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ApiClient} from '../api-client.ts';
import {createPod, podNamespace, removePod} from '../network.ts';
import type {Program} from '../supervisor-methods.ts';
import {containerLog} from './container-log.ts';
import type {RootOptions} from './container-root.ts';
import {runContainer, type ContainerRunner} from './container-runner.ts';
import {commandLine, environmentOf, type Environment, type PodPlace} from './environment.ts';
import {NotYet, type Container, type Pod} from './pod.ts';
import {podStatus, type ContainerView} from './pod-status.ts';
import {statusWriter} from './status-writer.ts';
import {filesOf, type VolumeSources} from './volume-files.ts';
import {writeVolume} from './volume-folder.ts';

export type PodWorker = {
  /** What its containers have printed. */
  readonly runners: ReadonlyMap<string, ContainerRunner>;
  /** The Pod itself has changed. */
  update(pod: Pod): void;
  /** Something has changed that its volumes or its environment may be made of. */
  refresh(): void;
  /** The object is gone already: nobody waits for a graceful end. */
  gone(): void;
  /** Resolves when nothing is left of it. */
  readonly done: Promise<void>;
};

export type PodWorkerOptions = {
  readonly client: ApiClient;
  readonly sources: VolumeSources;
  /** Of the rig; see network.ts. */
  readonly id: string;
  /** An address of its own, and the name of its link. */
  readonly network: {readonly address: string; readonly link: string};
  readonly hostIP: string;
  /** For what belongs to Pods, and for what they print. */
  readonly folder: string;
  readonly logFolder: string;
  /** Set in every container. */
  readonly environment: Environment;
  /** Lines of /etc/hosts for the Pods of a namespace. */
  readonly hosts: (namespace: string) => string;
  readonly program: (image: string) => Promise<Program | undefined>;
  readonly report: (line: string) => void;
};

/** A Pod that waits is tried again so often, even when nothing that it waits for has changed. */
const retryMs = 1_000;
const defaultGraceSeconds = 30;
/** Beside the volumes, whose names cannot begin with a dot. */
const hostsFile = '.hosts';

export function startPodWorker(first: Pod, options: PodWorkerOptions): PodWorker {
  const {client, sources, id, network, folder, report} = options;
  const {namespace, name, uid} = first.metadata;
  const place: PodPlace = {podIP: network.address, hostIP: options.hostIP};
  const podFolder = join(folder, uid);
  const volumeFolder = join(podFolder, 'volumes');
  const startTime = new Date().toISOString();
  const status = statusWriter(client, first);
  const runners = new Map<string, ContainerRunner>();
  const ending = new AbortController();
  let pod = first;
  let networked = false;
  let problem = {reason: 'ContainerCreating', message: ''};
  let starts = 0;

  // Everybody who waits is woken by replacing the promise they wait for.
  let wake = (): void => {};
  let woken = new Promise<void>((resolve) => (wake = resolve));
  const refreshed = (): void => {
    wake();
    woken = new Promise((resolve) => (wake = resolve));
  };
  const news = async (): Promise<void> => {
    const timer = new AbortController();
    await Promise.race([woken, sleep(retryMs, undefined, {signal: timer.signal}).catch(() => {})]);
    timer.abort();
  };

  const waiting = ({name: containerName, image}: Container): ContainerView => {
    const {reason, message} = problem;
    const state = {waiting: {reason, ...(message !== '' && {message})}};
    return {name: containerName, image, state, ready: false, restartCount: 0};
  };
  const writeStatus = (): void => {
    const views = pod.spec.containers.map((container) => runners.get(container.name)?.view ?? waiting(container));
    status.write(podStatus(pod, networked ? place : undefined, views, startTime, status.last));
  };

  let hosts = '';
  /** In place: it is mounted by itself. */
  const writeHosts = (): void => {
    const text = `127.0.0.1 localhost\n${network.address} ${name}\n${options.hosts(namespace)}`;
    if (text !== hosts) writeFileSync(join(volumeFolder, hostsFile), text);
    hosts = text;
  };
  let written: Promise<void> = Promise.resolve();
  /** One after the other, so that the newest comes last. */
  const writeVolumes = (): Promise<void> => {
    const turn = written.then(writeVolumesNow);
    written = turn.catch(() => {});
    return turn;
  };
  const writeVolumesNow = async (): Promise<void> => {
    writeHosts();
    for (const volume of pod.spec.volumes ?? []) {
      const files = await filesOf(pod, volume, place, sources);
      const target = join(volumeFolder, volume.name);
      if (files === undefined) mkdirSync(target, {recursive: true});
      else writeVolume(target, files);
    }
  };
  /** Tries until it works, or until the Pod is to end. */
  const until = async (attempt: () => Promise<void>): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await attempt();
        return;
      } catch (error) {
        const {reason, message} = error instanceof NotYet ? error : new NotYet('ContainerCreating', String(error));
        problem = {reason, message};
        writeStatus();
      }
      await news();
    }
  };

  const prepare = async (container: Container): Promise<RootOptions> => {
    const program = await options.program(container.image);
    if (program === undefined) {
      throw new NotYet('ErrImagePull', `the rig was given no program for image ${container.image}`);
    }
    const base = {...options.environment, HOSTNAME: name, ...program.env};
    const env = environmentOf(pod, container, place, sources, base);
    const root = join(podFolder, `root-${(starts += 1)}`);
    mkdirSync(root);
    const mounts = (container.volumeMounts ?? []).map(({name: volume, mountPath, subPath}) => ({
      source: subPath === undefined ? volume : join(volume, subPath),
      path: mountPath,
    }));
    return {
      folder: root,
      volumes: volumeFolder,
      mounts: [{source: hostsFile, path: '/etc/hosts'}, ...mounts],
      hostname: name,
      workingDir: container.workingDir ?? '/',
      env,
      command: commandLine(container, program, env),
    };
  };
  const startContainers = (): void => {
    for (const container of pod.spec.containers) {
      const log = containerLog(join(options.logFolder, `${namespace}_${name}_${container.name}.log`));
      const runner = runContainer({
        container,
        restartPolicy: pod.spec.restartPolicy ?? 'Always',
        namespace: podNamespace(id, network.address),
        podIP: network.address,
        log,
        prepare: () => prepare(container),
        news,
        changed: writeStatus,
      });
      runners.set(container.name, runner);
    }
  };
  const stopContainers = async (): Promise<void> => {
    const ended = Promise.all([...runners.values()].map(({done}) => done));
    for (const runner of runners.values()) runner.terminate();
    const {deletionGracePeriodSeconds, deletionTimestamp} = pod.metadata;
    const seconds = deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    const grace = new AbortController();
    const over = sleep(deletionTimestamp === undefined ? 0 : seconds * 1000, 'over', {signal: grace.signal});
    const how = await Promise.race([ended, over.catch(() => {})]);
    grace.abort();
    if (how === 'over') for (const runner of runners.values()) runner.kill();
    await ended;
  };
  /** The API server keeps a Pod that is bound to a node until the node says that it has ended. */
  const deleteObject = async (): Promise<void> => {
    await status.settled();
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const body = {kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: {uid}};
    for (;;) {
      try {
        const answer = await client.request('DELETE', path, body);
        // 404 and 409: it is gone, or another one has the name by now.
        if (answer.status < 300 || answer.status === 404 || answer.status === 409) return;
        report(`Pod ${namespace}/${name} cannot be deleted: ${answer.status}`);
      } catch {
        // The API server is away.
      }
      await sleep(retryMs);
    }
  };

  const run = async (): Promise<void> => {
    const {initContainers = [], hostNetwork = false} = pod.spec;
    writeStatus();
    await until(async () => {
      if (initContainers.length > 0 || hostNetwork) {
        throw new NotYet('Unsupported', 'the rig runs no init containers, and no Pod in the network of the node');
      }
      mkdirSync(volumeFolder, {recursive: true});
      if (!networked) await createPod(id, network.address, network.link);
      networked = true;
      await writeVolumes();
    });
    if (!ending.signal.aborted) startContainers();
    await new Promise<void>((resolve) => {
      if (ending.signal.aborted) resolve();
      else ending.signal.addEventListener('abort', () => resolve(), {once: true});
    });
    await stopContainers();
    await removePod(id, network.address);
    rmSync(podFolder, {recursive: true, force: true});
    await deleteObject();
  };

  const done = run().catch((error: unknown) => report(`Pod ${namespace}/${name}: ${String(error)}`));
  return {
    runners,
    update(changed) {
      pod = changed;
      if (pod.metadata.deletionTimestamp === undefined) return;
      ending.abort();
      refreshed();
    },
    refresh() {
      refreshed();
      // Those that started are kept up to date; what is missing now stays as it was, as kubelet does.
      if (runners.size > 0 && !ending.signal.aborted) void writeVolumes().catch(() => {});
    },
    gone() {
      ending.abort();
      for (const runner of runners.values()) runner.kill();
      refreshed();
    },
    done,
  };
}
