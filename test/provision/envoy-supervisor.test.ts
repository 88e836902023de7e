import {spawn} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {EnvoyGateway} from '../../src/provision/envoy-process.ts';
import {createEnvoySupervisor, type EnvoySupervisor} from '../../src/provision/envoy-supervisor.ts';
import {freePort} from '../../src/provision/port-check.ts';
import {startTimeOf} from '../../src/provision/process-identity.ts';
import {eventually, recordingLog} from './recording-log.ts';

const binary = resolve(import.meta.dirname, 'fake-envoy.mjs');
const backOff = {first: 50, most: 400, forgiveAfter: 60_000};

/** A supervisor over the stand-in for Envoy, in a folder of its own. */
function setUp(folder: string, extra: Readonly<Record<string, unknown>> = {}) {
  const log = recordingLog();
  const envoyLog = recordingLog();
  const supervisor = createEnvoySupervisor({
    binary,
    args: [],
    level: 'warning',
    folder,
    log,
    envoyLog,
    backOff,
    retryMs: 100,
    drainMs: 2_000,
    graceMs: 1_000,
    bootstrap: (gateway, adminPort) =>
      JSON.stringify({adminPort, listen: gateway.ports.map((port) => `127.0.0.1:${port}`), ...extra}),
  });
  return {supervisor, log, envoyLog};
}

const gateway = (name: string, ...ports: readonly number[]): EnvoyGateway => ({
  key: `default/${name}`,
  namespace: 'default',
  name,
  scope: `envoy/default/${name}`,
  ports,
  addresses: ['127.0.0.1'],
});
const viewOf = (supervisor: EnvoySupervisor, name: string) =>
  supervisor.views().find((view) => view.gateway === `default/${name}`);
const serving = (supervisor: EnvoySupervisor, name: string) => () => viewOf(supervisor, name)?.state === 'serving';
const ask = async (port: number, path = '/'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).text();

let folder: string;
const stops: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-supervisor-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(folder, {recursive: true, force: true});
});
const started = (...args: Parameters<typeof setUp>) => {
  const made = setUp(...args);
  stops.push(() => made.supervisor.stop());
  return made;
};

describe('Envoy supervisor', () => {
  it('runs an Envoy per Gateway, forwards its log, and leaves nothing behind', async () => {
    const {supervisor, envoyLog} = started(folder);
    const [a, b] = [await freePort(), await freePort()];
    supervisor.apply([gateway('a', a), gateway('b', b), gateway('portless')]);
    await eventually('both serve', () => serving(supervisor, 'a')() && serving(supervisor, 'b')());
    const pids = [viewOf(supervisor, 'a')?.pid ?? 0, viewOf(supervisor, 'b')?.pid ?? 0];
    expect(await ask(a)).toBe(String(pids[0]));
    expect(await ask(b)).toBe(String(pids[1]));
    expect(viewOf(supervisor, 'portless')).toBeUndefined();

    await supervisor.stop();
    expect(pids.map(startTimeOf)).toEqual([undefined, undefined]);
    expect(envoyLog.lines).toContainEqual({
      level: 'info',
      fields: {gateway: 'default/a', logger: 'main'},
      message: `fake envoy ${pids[0]} starts`,
    });
    expect(readdirSync(join(folder, 'default_a'))).not.toContain('process.json');
  });

  it('starts an Envoy that dies again, after growing pauses', async () => {
    const {supervisor, log} = started(folder, {dieAfterMs: 30});
    supervisor.apply([gateway('a', await freePort())]);
    await eventually('four deaths', () => log.messages('warn').length >= 4, 20_000);
    await supervisor.stop();
    const deaths = log.lines.filter(({level}) => level === 'warn').slice(0, 4);
    expect(deaths.map(({fields}) => fields['ended'])).toEqual(Array(4).fill('exit code 7'));
    expect(deaths.map(({fields}) => fields['retryInMs'])).toEqual([50, 100, 200, 400]);
  });

  it('starts a killed Envoy again', async () => {
    const {supervisor} = started(folder);
    const port = await freePort();
    supervisor.apply([gateway('a', port)]);
    await eventually('serves', serving(supervisor, 'a'));
    const first = viewOf(supervisor, 'a')?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await eventually('another pid', () => ![undefined, first].includes(viewOf(supervisor, 'a')?.pid));
    await eventually('serves again', serving(supervisor, 'a'));
    expect(await ask(port)).toBe(String(viewOf(supervisor, 'a')?.pid));
    expect(viewOf(supervisor, 'a')?.restarts).toBe(1);
  });

  it('says which port of which Gateway is busy, once, and starts when it is free', async () => {
    const {supervisor, log} = started(folder);
    const squatter = await listening(await freePort());
    const port = portOf(squatter);
    supervisor.apply([gateway('a', port)]);
    const message = `Envoy of Gateway default/a cannot be started: port ${port} on 127.0.0.1 is in use by another process`;
    await eventually('the error', () => log.messages('error').includes(message));
    await new Promise((done) => setTimeout(done, 350));
    expect(log.messages('error')).toEqual([message]);
    expect(viewOf(supervisor, 'a')).toMatchObject({state: 'waiting', problem: expect.stringContaining(String(port))});
    await new Promise((done) => squatter.close(done));
    await eventually('serves', serving(supervisor, 'a'));
  });

  it('gives a port to the first Gateway that wants it', async () => {
    const {supervisor, log} = started(folder);
    const port = await freePort();
    supervisor.apply([gateway('a', port), gateway('b', port)]);
    await eventually('a serves', serving(supervisor, 'a'));
    await eventually('b waits', () => viewOf(supervisor, 'b')?.state === 'waiting');
    expect(log.messages('error')).toEqual([
      `Envoy of Gateway default/b cannot be started: port ${port} is taken by Gateway default/a`,
    ]);
    supervisor.apply([gateway('b', port)]);
    await eventually('b serves', serving(supervisor, 'b'));
  });

  it('says so when a running Envoy cannot open a new port, and starts it anew once the port is free', async () => {
    const listenFile = join(folder, 'listen.json');
    const [own, other] = [await freePort(), await freePort()];
    const bind = (...ports: readonly number[]) =>
      writeFileSync(listenFile, JSON.stringify(ports.map((port) => `127.0.0.1:${port}`)));
    bind(own);
    const {supervisor, log} = started(folder, {listen: [], listenFile});
    supervisor.apply([gateway('a', own)]);
    await eventually('serves', serving(supervisor, 'a'));
    const first = viewOf(supervisor, 'a')?.pid;

    const squatter = await listening(other);
    bind(own, other);
    supervisor.apply([gateway('a', own, other)]);
    const message = `port ${other} of Gateway default/a is in use by another process on 127.0.0.1`;
    await eventually('the error', () => log.messages('error').includes(message));
    expect(viewOf(supervisor, 'a')).toMatchObject({pid: first, problem: expect.stringContaining(String(other))});
    expect(await ask(own)).toBe(String(first));

    await new Promise((done) => squatter.close(done));
    await eventually('another pid', () => ![undefined, first].includes(viewOf(supervisor, 'a')?.pid));
    await eventually('serves both', async () => (await ask(other).catch(() => '')) !== '');
    expect(log.messages('error')).toEqual([message]);
    expect(log.messages('warn')).toEqual([]);
  });

  it('drains the Envoy of a deleted Gateway: answers under way are finished', async () => {
    const {supervisor, envoyLog} = started(folder);
    const port = await freePort();
    supervisor.apply([gateway('a', port)]);
    await eventually('serves', serving(supervisor, 'a'));
    const pid = viewOf(supervisor, 'a')?.pid ?? 0;
    const slow = ask(port, '/700');
    await new Promise((done) => setTimeout(done, 100));
    supervisor.apply([]);
    expect(await slow).toBe(String(pid));
    await eventually('it is gone', () => startTimeOf(pid) === undefined);
    expect(envoyLog.messages()).toContain('drains');
  });

  it('kills an Envoy that does not heed SIGTERM', async () => {
    const {supervisor} = started(folder, {stubborn: true});
    supervisor.apply([gateway('a', await freePort())]);
    await eventually('serves', serving(supervisor, 'a'));
    const pid = viewOf(supervisor, 'a')?.pid ?? 0;
    await supervisor.stop();
    expect(startTimeOf(pid)).toBeUndefined();
  });

  it('takes over the Envoys of a control plane that was killed, and ends those nobody wants any more', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const killed = spawn(
      process.execPath,
      ['--import', 'tsx', resolve(import.meta.dirname, 'supervisor-child.ts'), folder, String(a), String(b)],
      {stdio: ['ignore', 'pipe', 'inherit']},
    );
    const pids = await new Promise<readonly number[]>((done) => {
      killed.stdout.on('data', (text: Buffer) => done(JSON.parse(text.toString())));
    });
    killed.kill('SIGKILL');
    await new Promise((done) => killed.once('close', done));
    expect(await ask(a)).toBe(String(pids[0]));

    const {supervisor, log, envoyLog} = started(folder);
    supervisor.apply([gateway('a', a)]);
    await eventually('serves', serving(supervisor, 'a'));
    expect(viewOf(supervisor, 'a')).toMatchObject({pid: pids[0], adopted: true, restarts: 0});
    await eventually('b is gone', () => startTimeOf(pids[1] ?? 0) === undefined);
    expect(log.messages()).toContain('Envoy of Gateway default/a still runs and is taken over');
    expect(log.messages()).toContain('Envoy of Gateway default/b, which is gone, is drained and ended');
    // An adopted one is looked after like any other.
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await eventually(
      'another one serves',
      () => serving(supervisor, 'a')() && viewOf(supervisor, 'a')?.pid !== pids[0],
    );
    await supervisor.stop();
    expect(envoyLog.messages()).toContain('got SIGTERM');
  });

  it('replaces an Envoy of an earlier run that was started with another configuration', async () => {
    const port = await freePort();
    const earlier = setUp(folder, {note: 'old'});
    earlier.supervisor.apply([gateway('a', port)]);
    await eventually('serves', serving(earlier.supervisor, 'a'));
    const first = viewOf(earlier.supervisor, 'a')?.pid;
    const {supervisor} = started(folder, {note: 'new'});
    supervisor.apply([gateway('a', port)]);
    // The earlier supervisor would start its own again; it is told to stop first.
    await earlier.supervisor.stop();
    await eventually('serves', serving(supervisor, 'a'));
    expect(viewOf(supervisor, 'a')?.pid).not.toBe(first);
  });
});

async function listening(port: number): Promise<Server> {
  const server = createServer((_req, res) => res.end('squatter'));
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return server;
}
function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
