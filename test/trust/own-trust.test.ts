import {X509Certificate} from 'node:crypto';
import {afterEach, describe, expect, it} from 'vitest';
import {makeAuthority} from '../../src/trust/authority.ts';
import {readCertificates} from '../../src/trust/certificates.ts';
import type {ServedTrust} from '../../src/trust/trust-source.ts';
import type {Fault} from '../kube/memory-api.ts';
import {secretPath, trustRig, type TrustRig} from './support/secrets-api.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let rig: TrustRig;
const begin = (): TrustRig => (rig = trustRig());
afterEach(() => rig.stop());

const leafOf = ({material}: ServedTrust): X509Certificate => new X509Certificate(material.certificate);
const subjects = ({bundle}: ServedTrust): readonly string[] => readCertificates(bundle).map(({subject}) => subject);
const writes = ({api}: TrustRig): readonly string[] =>
  api.exchanges
    .filter(({method}) => method !== 'GET')
    .map(({client, method, status}) => `${client} ${method} ${status}`);
const last = <T>(items: readonly T[]): T => {
  const item = items.at(-1);
  if (item === undefined) throw new Error('there is none');
  return item;
};
/** Nine days for ten years: a third of them is three days. */
const quick = {authority: 9 * DAY, certificate: 2 * DAY, renewal: DAY, settling: 12 * HOUR, poll: 3 * HOUR};
const STEP = quick.poll;

describe('an authority of our own', () => {
  it('is made where there is none, for ten years, and signs for a day', async () => {
    const {api} = begin();
    const {served, trust, log} = await rig.started({hosts: ['sluice.sluice-system.svc', '10.0.0.1']});
    expect(served).toHaveLength(1);
    const [state] = served;
    if (state === undefined) throw new Error('nothing is served');
    const [ca, ...more] = readCertificates(state.bundle);
    const leaf = leafOf(state);
    expect(more).toEqual([]);
    expect(ca?.subject).toMatch(/^CN=Sluice xDS authority [0-9a-f]{8}$/);
    expect(ca !== undefined && leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.subjectAltName).toBe('DNS:sluice.sluice-system.svc, IP Address:10.0.0.1');
    const days = (date: string): number => Math.round((Date.parse(date) - rig.now().getTime()) / DAY);
    expect([days(ca?.validTo ?? ''), days(leaf.validTo)]).toEqual([3652, 1]);
    expect(trust.view()?.certificateEnds).toEqual(new Date(leaf.validTo));
    expect(api.get(secretPath)).toMatchObject({
      kind: 'Secret',
      type: 'Opaque',
      metadata: {labels: {'app.kubernetes.io/managed-by': 'sluice'}},
    });
    expect(log.messages('error')).toEqual([]);
  });

  it('is one, though two replicas start at the same moment', async () => {
    begin();
    const [a, b] = [rig.replica({}, {name: 'a'}), rig.replica({}, {name: 'b'})];
    await rig.until(Promise.all([a.trust.start(), b.trust.start()]));
    expect([...writes(rig)].sort()).toEqual([
      expect.stringMatching(/^a POST (201|409)$/),
      expect.stringMatching(/^b POST (201|409)$/),
    ]);
    expect(writes(rig).filter((write) => write.endsWith('201'))).toHaveLength(1);
    expect(last(a.served).bundle).toBe(last(b.served).bundle);
    // To lose is nothing to complain of.
    expect([...a.log.messages('error'), ...b.log.messages('error')]).toEqual([]);
    // Each has a certificate of its own: no key travels but that of the authority.
    expect(last(a.served).material.key).not.toBe(last(b.served).material.key);
  });

  it('is found again by who was not told that it had been made', async () => {
    begin();
    let isLost = false;
    const fault = ({method}: {readonly method: string}): Fault | undefined => {
      if (method !== 'POST' || isLost) return undefined;
      isLost = true;
      return {kind: 'lose'};
    };
    const {served, log} = await rig.started({}, {fault});
    expect(isLost).toBe(true);
    expect(writes(rig)).toEqual(['client POST 201']);
    expect(served).toHaveLength(1);
    expect(log.messages('error')).toEqual(['the authority for xDS cannot be read or made; trying again']);
  });

  it('is waited for as long as the API server cannot be asked, with one complaint', async () => {
    begin();
    let isDown = true;
    const fault = (): Fault | undefined => (isDown ? {kind: 'refuse'} : undefined);
    const replica = rig.replica({}, {fault});
    const starting = replica.trust.start();
    await rig.pass(MINUTE, 2_000);
    expect(replica.served).toEqual([]);
    expect(replica.log.messages('error')).toHaveLength(1);
    isDown = false;
    await rig.until(starting);
    expect(replica.served).toHaveLength(1);
  });

  it('gives its certificate anew twelve hours before it ends, with the API server or without', async () => {
    begin();
    let isDown = false;
    const fault = (): Fault | undefined => (isDown ? {kind: 'refuse'} : undefined);
    const {served} = await rig.started({times: {poll: HOUR}}, {fault});
    await rig.pass(11 * HOUR, HOUR);
    expect(served).toHaveLength(1);
    isDown = true;
    await rig.pass(2 * HOUR, HOUR);
    expect(served).toHaveLength(2);
    expect(last(served).bundle).toBe(served[0]?.bundle);
    expect(leafOf(last(served)).serialNumber).not.toBe(served[0] && leafOf(served[0]).serialNumber);
    await rig.pass(3 * DAY, HOUR);
    expect(Date.parse(leafOf(last(served)).validTo)).toBeGreaterThan(rig.now().getTime());
    expect(writes(rig)).toEqual(['client POST 201']);
  });

  it('is stopped before there is one', async () => {
    begin();
    const {trust} = rig.replica({}, {fault: () => ({kind: 'refuse'})});
    const starting = trust.start();
    await Promise.all([
      expect(starting).rejects.toThrow('it was stopped before there was a certificate'),
      rig.until(trust.stop()),
    ]);
    expect(rig.time.timers()).toBe(0);
  });
});

describe('the replacement of an authority', () => {
  it('comes with a third of its life left, is trusted a day before it signs, and outlives the old one', async () => {
    begin();
    const {served} = await rig.started({times: quick});
    const [oldName] = subjects(last(served));
    await rig.pass(6 * DAY - STEP, STEP);
    expect(new Set(served.flatMap(subjects))).toEqual(new Set([oldName]));

    await rig.pass(2 * STEP, STEP);
    const [newName, second] = subjects(last(served));
    expect(second).toBe(oldName);
    expect(newName).not.toBe(oldName);
    expect(leafOf(last(served)).issuer).toBe(oldName);
    await rig.pass(6 * HOUR, STEP);
    expect(leafOf(last(served)).issuer).toBe(oldName);
    await rig.pass(6 * HOUR, STEP);
    expect(leafOf(last(served)).issuer).toBe(newName);
    expect(subjects(last(served))).toEqual([newName, oldName]);

    await rig.pass(2 * DAY, STEP);
    expect(subjects(last(served))).toEqual([newName, oldName]);
    await rig.pass(DAY, STEP);
    expect(subjects(last(served))).toEqual([newName]);
    expect(writes(rig)).toEqual(['client POST 201', 'client PUT 200']);

    // At no time was anything served that what it was served with does not vouch for.
    for (const state of served) {
      const leaf = leafOf(state);
      const isVouched = readCertificates(state.bundle).some(({publicKey}) => leaf.verify(publicKey));
      expect(isVouched).toBe(true);
    }
  });

  it('is done once, though two replicas find it due at the same moment', async () => {
    begin();
    const [a, b] = [await rig.started({times: quick}, {name: 'a'}), await rig.started({times: quick}, {name: 'b'})];
    await rig.pass(6 * DAY - STEP, STEP);
    await rig.time.advance(2 * STEP);
    await rig.until(Promise.all([a.trust.refresh(), b.trust.refresh()]));
    const puts = writes(rig).filter((write) => write.includes('PUT'));
    expect(puts.filter((put) => put.endsWith('200'))).toHaveLength(1);
    expect(puts.length).toBeLessThanOrEqual(2);
    expect([...a.log.messages('error'), ...b.log.messages('error')]).toEqual([]);
    await rig.pass(STEP, STEP);
    expect(last(a.served).bundle).toBe(last(b.served).bundle);
    expect(subjects(last(a.served))).toHaveLength(2);
  });

  it('that is forbidden leaves the old one in use, and is complained of', async () => {
    begin();
    const fault = ({method}: {readonly method: string}): Fault | undefined =>
      method === 'PUT' ? {kind: 'answer', status: 403, reason: 'Forbidden'} : undefined;
    const {served, log} = await rig.started({times: quick}, {fault});
    await rig.pass(7 * DAY, STEP);
    expect(subjects(last(served))).toHaveLength(1);
    expect(Date.parse(leafOf(last(served)).validTo)).toBeGreaterThan(rig.now().getTime());
    expect(log.lines).toContainEqual(
      expect.objectContaining({fields: expect.objectContaining({problem: 'told to say 403'})}),
    );
  });

  it('comes too late, and is in use at once', async () => {
    begin();
    const first = await rig.started({times: quick});
    await rig.until(first.trust.stop());
    // Nobody ran for longer than the authority lived.
    await rig.time.advance(10 * DAY);
    const second = await rig.started({times: quick});
    const [name, ...more] = subjects(last(second.served));
    expect(more).toEqual([]);
    expect(name).not.toBe(subjects(last(first.served))[0]);
    expect(leafOf(last(second.served)).issuer).toBe(name);
  });
});

describe('the Secret of an authority', () => {
  const foreign = async (): Promise<{readonly certificate: string; readonly key: string}> =>
    makeAuthority({
      notBefore: new Date(rig.now().getTime() - HOUR),
      notAfter: new Date(rig.now().getTime() + 9 * DAY),
    });
  const put = (data: Readonly<Record<string, string>>): void =>
    void rig.api.apply(secretPath, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {},
      data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    });

  it('that somebody else has made is used and never written', async () => {
    begin();
    const theirs = await foreign();
    put({'tls.crt': theirs.certificate, 'tls.key': theirs.key});
    const {served} = await rig.started({times: quick});
    expect(last(served).bundle.trim()).toBe(theirs.certificate.trim());
    await rig.pass(8 * DAY, STEP);
    expect(writes(rig)).toEqual([]);
    const next = await foreign();
    put({'tls.crt': next.certificate, 'tls.key': next.key});
    await rig.pass(STEP, STEP);
    expect(last(served).bundle.trim()).toBe(next.certificate.trim());
    expect(leafOf(last(served)).verify(new X509Certificate(next.certificate).publicKey)).toBe(true);
  });

  it('with nonsense in it is left alone, named, and taken when it is put right', async () => {
    begin();
    put({'ca.crt': 'nonsense', 'ca.key': 'very secret'});
    const replica = rig.replica();
    const starting = replica.trust.start();
    await rig.pass(10_000, 1_000);
    expect(replica.served).toEqual([]);
    expect(JSON.stringify(replica.log.lines)).toContain(
      'Secret sluice-system/sluice-xds-ca: ca.crt, ca.key: the certificate is not an X.509 certificate in PEM',
    );
    expect(JSON.stringify(replica.log.lines)).not.toContain('very secret');
    expect(writes(rig)).toEqual([]);
    const theirs = await foreign();
    put({'ca.crt': theirs.certificate, 'ca.key': theirs.key});
    await rig.until(starting);
    expect(last(replica.served).bundle.trim()).toBe(theirs.certificate.trim());
  });

  it('that turns into nonsense leaves what is in use', async () => {
    begin();
    const {served, log} = await rig.started({times: {poll: HOUR}});
    const data = {'ca.crt': 'nonsense', 'ca.key': 'nonsense'};
    rig.api.apply(secretPath, {apiVersion: 'v1', kind: 'Secret', metadata: {}, data});
    await rig.pass(40 * HOUR, HOUR);
    expect(new Set(served.map(({bundle}) => bundle)).size).toBe(1);
    expect(Date.parse(leafOf(last(served)).validTo)).toBeGreaterThan(rig.now().getTime());
    expect(log.messages('error')).toHaveLength(1);
  });

  it('that is deleted is the wish for another authority, which is in use at once', async () => {
    begin();
    const [a, b] = [await rig.started({}, {name: 'a'}), await rig.started({}, {name: 'b'})];
    const before = last(a.served).bundle;
    rig.api.delete(secretPath);
    await rig.pass(2 * MINUTE);
    expect(last(a.served).bundle).not.toBe(before);
    expect(last(b.served).bundle).toBe(last(a.served).bundle);
    expect(subjects(last(a.served))).toEqual([leafOf(last(a.served)).issuer]);
  });

  it('never shows in a log line', async () => {
    begin();
    const {log, served} = await rig.started({times: quick});
    await rig.pass(7 * DAY, STEP);
    expect(log.lines.length).toBeGreaterThan(3);
    const text = JSON.stringify(log.lines);
    const data = Object.values(rig.api.get(secretPath) ?? {}).flatMap((field) =>
      typeof field === 'object' && field !== null && 'ca.key' in field ? Object.values(field) : [],
    );
    expect(data).toHaveLength(4);
    for (const secret of [...data, ...served.map(({material}) => material.key)]) {
      for (const line of Buffer.from(String(secret))
        .toString()
        .split('\n')
        .filter((part) => part.length > 30)) {
        expect(text).not.toContain(line);
      }
    }
    expect(text).not.toContain('PRIVATE');
  });
});
