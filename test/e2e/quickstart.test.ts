/** `npm start`, as its documentation tells it: deploy/quickstart with its backends and its Envoy, on other ports. */
import {spawn, type ChildProcess} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {Agent as HttpsAgent, request as httpsRequest} from 'node:https';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {describeWithEnvoy, envoyBinary} from './harness/envoy.ts';
import {freePort} from './harness/free-port.ts';

const root = resolve(import.meta.dirname, '../..');

describeWithEnvoy('quickstart', () => {
  let folder: string;
  let sluice: ChildProcess;
  let printed = '';
  let logged = '';
  /** Ports of the documentation, and those used here. */
  const ports = new Map<number, number>();
  const http = () => `http://127.0.0.1:${ports.get(8080)}`;

  beforeAll(async () => {
    for (const port of [8080, 8443, 9001, 9002, 18_000, 19_000]) ports.set(port, await freePort());
    folder = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
    cpSync(join(root, 'deploy/quickstart'), folder, {
      recursive: true,
      filter: (source) => !source.includes('.sluice'),
    });
    for (const file of readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) =>
      name.endsWith('.yaml'),
    )) {
      edit(join(folder, file), (text) => {
        let changed = text;
        for (const [from, to] of ports) changed = changed.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), String(to));
        return changed;
      });
    }
    // Its certificate is made with a package of the checkout.
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    edit(join(folder, 'sluice.yaml'), (text) => text.replace('envoy:\n', `envoy:\n  binary: ${envoyBinary()}\n`));
    start();
    await eventually('the announcement', () => printed.includes('Try:'));
  });

  afterAll(async () => {
    if (sluice?.exitCode === null) {
      sluice.kill('SIGTERM');
      await new Promise((done) => sluice.once('exit', done));
    }
    rmSync(folder, {recursive: true, force: true});
  });

  function start(): void {
    sluice = spawn(process.execPath, ['dist/sluice.js', 'run', '--config', join(folder, 'sluice.yaml')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    sluice.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
    sluice.stderr?.on('data', (text: Buffer) => (logged += text.toString()));
  }

  /** Waits until it holds; says what was logged otherwise. */
  async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const until = Date.now() + 30_000;
    while (!(await condition())) {
      if (Date.now() > until || sluice.exitCode !== null) throw new Error(`not so: ${what}\n${printed}\n${logged}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  const firstLine = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
    const text = await (await fetch(`${http()}${path}`, {headers})).text();
    return text.split('\n')[0] ?? '';
  };

  it('prints where it listens, what is programmed, and a request to try', () => {
    expect(printed).toContain(`xDS        127.0.0.1:${ports.get(18_000)}\n`);
    expect(printed).toContain(`admin      http://127.0.0.1:${ports.get(19_000)}/\n`);
    expect(printed).toContain('Gateway default/quickstart (envoy): serving\n');
    expect(printed).toMatch(new RegExp(`http +HTTP +127\\.0\\.0\\.1:${ports.get(8080)} +3 routes\n`));
    expect(printed).toMatch(new RegExp(`https +HTTPS +127\\.0\\.0\\.1:${ports.get(8443)} +3 routes\n`));
    expect(printed).toContain(`Try:  curl ${http()}/\n`);
  });

  it('answers the requests that its routes tell of', async () => {
    expect(await firstLine('/')).toBe('Hello from the backend "hello".');
    expect(await firstLine('/', {'x-team': 'world'})).toBe('Hello from the backend "world".');
    expect(await (await fetch(`${http()}/api/v1/users`)).text()).toMatch(
      /"world"[^]*GET \/users\n[^]*x-api-version: v1/,
    );
    const redirected = await fetch(`${http()}/old`, {redirect: 'manual'});
    expect([redirected.status, redirected.headers.get('location')]).toEqual([301, `${http()}/`]);
    const split = await Promise.all(Array.from({length: 200}, () => firstLine('/split')));
    const world = split.filter((line) => line.includes('world')).length;
    // One of ten, give or take four deviations.
    expect(world).toBeGreaterThan(3);
    expect(world).toBeLessThan(38);
  });

  it('answers by HTTPS, with a certificate made at the first start', async () => {
    const secret = readFileSync(join(folder, '.sluice/generated/localhost-tls.yaml'), 'utf8');
    const ca = Buffer.from(/tls\.crt: (\S+)/.exec(secret)?.[1] ?? '', 'base64').toString();
    const agent = new HttpsAgent({ca});
    const text = await new Promise<string>((done, failed) => {
      const asked = httpsRequest({host: 'localhost', family: 4, port: ports.get(8443), agent}, (response) => {
        let body = '';
        response.on('data', (part: Buffer) => (body += part.toString()));
        response.on('end', () => done(body));
      });
      asked.on('error', failed);
      asked.end();
    });
    expect(text).toMatch(/^Hello from the backend "hello"\.\n/);
  });

  it('answers by what a manifest says after an edit', async () => {
    const file = join(folder, 'manifests/routes.yaml');
    edit(file, (text) =>
      text.replace('- backendRefs:\n        - name: hello', '- backendRefs:\n        - name: world'),
    );
    await eventually('the other backend', async () => (await firstLine('/')).includes('world'));
    edit(file, (text) =>
      text.replace('- backendRefs:\n        - name: world', '- backendRefs:\n        - name: hello'),
    );
    await eventually('the first backend', async () => (await firstLine('/')).includes('hello'));
    expect(logged).not.toContain('"level":"error"');
  });

  it('leaves no process behind', async () => {
    const state = join(folder, '.sluice');
    const pids = readdirSync(state, {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('process.json'))
      .map((name): number => JSON.parse(readFileSync(join(state, name), 'utf8')).pid);
    expect(pids).toHaveLength(3);
    expect(pids.every(lives)).toBe(true);
    // Ctrl-C under npm comes twice, once from the terminal and once from npm; the second must not cut the end short.
    sluice.kill('SIGINT');
    setTimeout(() => sluice.kill('SIGINT'), 20);
    const code = await new Promise((done) => sluice.once('exit', done));
    expect(code).toBe(0);
    expect(pids.filter(lives)).toEqual([]);
    await expect(fetch(`${http()}/`)).rejects.toThrow('fetch failed');
  });

  it('starts again over what it has left', async () => {
    printed = '';
    start();
    await eventually('the announcement', () => printed.includes('Try:'));
    expect(await firstLine('/')).toBe('Hello from the backend "hello".');
    // As if the terminal were closed: nobody reads what it prints any more.
    sluice.stdout?.destroy();
    sluice.stderr?.destroy();
    sluice.kill('SIGHUP');
    expect(await new Promise((done) => sluice.once('exit', done))).toBe(0);
    await expect(fetch(`${http()}/`)).rejects.toThrow('fetch failed');
  });
});

function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  if (changed !== text) writeFileSync(file, changed);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
