import {mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeAll, describe, expect, it, vi} from 'vitest';
import type {KeyPair} from '../../src/trust/authority.ts';
import {createFileTrust, type FileTrustOptions} from '../../src/trust/file-trust.ts';
import type {ServedTrust, TrustSource} from '../../src/trust/trust-source.ts';
import {fastClock} from '../kube/fast-clock.ts';
import {type CollectedLog, collectedLog} from './support/collected-log.ts';
import {authority, hours, serverPair} from './support/pki.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let ca: KeyPair;
let otherCa: KeyPair;
let first: KeyPair;
let second: KeyPair;
let foreign: KeyPair;
beforeAll(async () => {
  [ca, otherCa] = [await authority(), await authority()];
  [first, second, foreign] = [await serverPair(ca), await serverPair(ca), await serverPair(otherCa)];
});

type Files = {readonly 'tls.crt': string; readonly 'tls.key': string; readonly 'ca.crt': string};
const filesOf = (pair: KeyPair, issuer = ca): Files => ({
  'tls.crt': pair.certificate,
  'tls.key': pair.key,
  'ca.crt': issuer.certificate,
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'file-trust-'));
  cleanups.push(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

/** As the kubelet does it: everything into a folder of its own, and then one link swapped. */
function mount(path: string): (files: Files) => void {
  let generation = 0;
  return (files) => {
    generation += 1;
    const name = `..generation_${generation}`;
    mkdirSync(join(path, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, name, file), text);
    symlinkSync(name, join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
    if (generation === 1) for (const file of Object.keys(files)) symlinkSync(join('..data', file), join(path, file));
    else rmSync(join(path, `..generation_${generation - 1}`), {recursive: true});
  };
}

type Watched = {readonly source: TrustSource; readonly served: ServedTrust[]; readonly log: CollectedLog};

function watched(path: string, options: Partial<FileTrustOptions> = {}): Watched {
  const served: ServedTrust[] = [];
  const log = collectedLog();
  const source = createFileTrust({
    certificateFile: join(path, 'tls.crt'),
    keyFile: join(path, 'tls.key'),
    caFile: join(path, 'ca.crt'),
    onTrust: (trust) => served.push(trust),
    log,
    debounceMs: 10,
    ...options,
  });
  cleanups.push(() => source.stop());
  return {source, served, log};
}

const certificates = ({served}: Watched): readonly string[] => served.map(({material}) => material.certificate);
const soon = {timeout: 5_000, interval: 5};

describe('a certificate in files', () => {
  it('is served as it is, and again when a mounted Secret is replaced', async () => {
    const path = folder();
    const put = mount(path);
    put(filesOf(first));
    const all = watched(path, {pollMs: 3_600_000});
    await all.source.start();
    expect(all.served).toEqual([{material: {certificate: first.certificate, key: first.key}, bundle: ca.certificate}]);
    put(filesOf(second));
    await vi.waitFor(() => expect(certificates(all)).toEqual([first.certificate, second.certificate]), soon);
    // Another authority, together with the old one, and then a certificate of the new one.
    put({...filesOf(second), 'ca.crt': `${otherCa.certificate.trim()}\n\n${ca.certificate}`});
    await vi.waitFor(() => expect(all.served.at(-1)?.bundle).toBe(otherCa.certificate + ca.certificate), soon);
    put(filesOf(foreign, otherCa));
    await vi.waitFor(() => expect(certificates(all).at(-1)).toBe(foreign.certificate), soon);
    expect(all.served).toHaveLength(4);
    expect(all.log.messages('error')).toEqual([]);
  });

  it('is not served again when it is written again as it was', async () => {
    const path = folder();
    const put = mount(path);
    put(filesOf(first));
    const all = watched(path, {pollMs: 20});
    await all.source.start();
    put(filesOf(first));
    await new Promise((done) => setTimeout(done, 200));
    expect(all.served).toHaveLength(1);
  });

  it('is seen without an event too', async () => {
    const [path, elsewhere] = [folder(), folder()];
    mount(elsewhere)(filesOf(first));
    // Behind a link to a file: nothing happens in the folder that is watched.
    for (const file of Object.keys(filesOf(first))) symlinkSync(join(elsewhere, '..data', file), join(path, file));
    const all = watched(path, {pollMs: 50});
    await all.source.start();
    mkdirSync(join(elsewhere, 'next'));
    for (const [file, text] of Object.entries(filesOf(second))) writeFileSync(join(elsewhere, 'next', file), text);
    symlinkSync('next', join(elsewhere, 'swap'));
    renameSync(join(elsewhere, 'swap'), join(elsewhere, '..data'));
    await vi.waitFor(() => expect(certificates(all)).toEqual([first.certificate, second.certificate]), soon);
  });

  // Story: the certificate is written before its key, and in between they do not fit.
  it('is never served with the key of another', async () => {
    const path = folder();
    for (const [file, text] of Object.entries(filesOf(first))) writeFileSync(join(path, file), text);
    const all = watched(path);
    await all.source.start();
    writeFileSync(join(path, 'tls.crt'), second.certificate);
    await new Promise((done) => setTimeout(done, 150));
    expect(all.served).toHaveLength(1);
    expect(all.log.messages('error')).toEqual([]);
    writeFileSync(join(path, 'tls.key'), second.key);
    await vi.waitFor(
      () => expect(all.served.at(-1)?.material).toEqual({certificate: second.certificate, key: second.key}),
      soon,
    );
    expect(all.served).toHaveLength(2);
  });

  it('stays in use where the new one cannot be, which is said once and by the name of the file', async () => {
    const path = folder();
    const put = mount(path);
    put(filesOf(first));
    // Story: reading them more often than every second put the second look off for ever, and with it the complaint.
    const all = watched(path, {pollMs: 100});
    await all.source.start();
    put({...filesOf(first), 'tls.key': second.key});
    await vi.waitFor(() => expect(all.log.lines.filter(({level}) => level === 'error')).toHaveLength(1), soon);
    await new Promise((done) => setTimeout(done, 1500));
    expect(all.log.lines.filter(({level}) => level === 'error')).toEqual([
      {
        level: 'error',
        fields: {
          problem: `${join(path, 'tls.crt')}, ${join(path, 'tls.key')}: the private key does not fit the certificate`,
        },
        message: 'the certificate of the xDS server stays as it is',
      },
    ]);
    put(filesOf(second));
    await vi.waitFor(() => expect(certificates(all)).toEqual([first.certificate, second.certificate]), soon);
  });

  it.each<[string, () => Readonly<Record<string, string | undefined>>, string]>([
    ['an absent file', () => ({'ca.crt': undefined}), 'ca.crt: no such file or directory'],
    ['no certificate', () => ({'tls.crt': 'x'}), 'tls.key: tls.crt: there is no PEM block in it'],
    ['an authority without one', () => ({'ca.crt': 'x'}), 'ca.crt: there is no certificate in it'],
    [
      'a broken authority',
      () => ({'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'}),
      'ca.crt: it holds a malformed certificate',
    ],
    ['another authority', () => ({'ca.crt': otherCa.certificate}), 'so proxies would refuse it'],
  ])('does not start with %s', async (_what, change, problem) => {
    const path = folder();
    for (const [file, text] of Object.entries({...filesOf(first), ...change()})) {
      if (text !== undefined) writeFileSync(join(path, file), text);
    }
    const all = watched(path, {clock: fastClock(20)});
    await expect(all.source.start()).rejects.toThrow(problem);
    expect(all.served).toEqual([]);
  });

  it('comes with what certificates of proxies are checked with, where that is wanted', async () => {
    const path = folder();
    for (const [file, text] of Object.entries(filesOf(first))) writeFileSync(join(path, file), text);
    const clientCaFile = join(path, 'clients.crt');
    writeFileSync(clientCaFile, otherCa.certificate);
    const all = watched(path, {clientCaFile});
    await all.source.start();
    expect(all.served[0]?.material.clientCa).toBe(otherCa.certificate);
    writeFileSync(clientCaFile, 'nonsense');
    await vi.waitFor(
      () => expect(JSON.stringify(all.log.lines)).toContain(`${clientCaFile}: there is no certificate in it`),
      soon,
    );
    expect(all.served).toHaveLength(1);
  });

  it('that has expired, or is one of an authority, is served with a word about it', async () => {
    const path = folder();
    const expired = await serverPair(ca, hours(-1, -0.5));
    for (const [file, text] of Object.entries(filesOf(expired))) writeFileSync(join(path, file), text);
    const all = watched(path);
    await all.source.start();
    expect(all.log.messages('error')).toEqual(['the certificate of the xDS server has expired']);
    for (const [file, text] of Object.entries(filesOf(ca))) writeFileSync(join(path, file), text);
    await vi.waitFor(
      () =>
        expect(all.log.messages('warn')).toEqual([
          'the certificate of the xDS server is one of an authority; some proxies refuse that',
        ]),
      soon,
    );
  });

  it('is no longer looked at after the end', async () => {
    const path = folder();
    const put = mount(path);
    put(filesOf(first));
    const all = watched(path, {pollMs: 20});
    await all.source.start();
    await all.source.stop();
    put(filesOf(second));
    await new Promise((done) => setTimeout(done, 200));
    expect(all.served).toHaveLength(1);
  });
});
