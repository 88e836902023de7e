/**
 * An authority of our own, kept in a Secret that all replicas share, and a certificate of the xDS server that it signs.
 * Whoever comes first makes the Secret; who loses takes what the other has made. No leader is needed.
 */
import {ApiError, type KubeClient} from '../kube/client.ts';
import {systemClock} from '../kube/clock.ts';
import {
  type Authority,
  authorityOf,
  type AuthorityRecord,
  authoritySecret,
  bundleOf,
  isDue,
  readAuthorities,
  type SecretName,
  signerOf,
} from './authority-secret.ts';
import {issueCertificate, type KeyPair, makeAuthority} from './authority.ts';
import {reasonOf, silentLog, TrustError, type TrustSource, type TrustSourceOptions} from './trust-source.ts';

export type OwnTrustOptions = TrustSourceOptions & {
  readonly client: KubeClient;
  readonly secret: SecretName;
  /** Names and addresses by which proxies reach the server. */
  readonly hosts: readonly string[];
  readonly times?: Partial<OwnTrustTimes>;
};

/** All in milliseconds. */
export type OwnTrustTimes = {
  /** Life of an authority; 10 years by default. */
  readonly authority: number;
  /** Life of a certificate of the server; 24 h by default. */
  readonly certificate: number;
  /** It is replaced that long before it ends; 12 h by default. */
  readonly renewal: number;
  /**
   * How long a new authority is only trusted and signs nothing, where there is another: proxies have to be told of it, and
   * the kubelet has to write it into their files. 24 h by default.
   */
  readonly settling: number;
  /** The Secret is read that often; a minute by default. */
  readonly poll: number;
};

export type OwnTrust = TrustSource & {
  /** Reads the Secret now, such as when a watch tells that it has changed. */
  refresh(): Promise<void>;
  /** When what is in use ends; undefined before there is anything. */
  view(): {readonly authorityEnds: Date; readonly certificateEnds: Date} | undefined;
};

const HOUR = 3_600_000;
const YEAR = 365.25 * 24 * HOUR;
const defaults: OwnTrustTimes = {
  authority: 10 * YEAR,
  certificate: 24 * HOUR,
  renewal: 12 * HOUR,
  settling: 24 * HOUR,
  poll: 60_000,
};
/** Certificates are valid a little earlier than now, for clocks that are behind. */
const EARLIER_MS = 5 * 60_000;
/** Without a first certificate it is tried more often. */
const FIRST_RETRY_MS = 2_000;

/** `start` resolves when there is a certificate, however long the API server takes; it rejects when stopped before. */
export function createOwnTrust(options: OwnTrustOptions): OwnTrust {
  return new Keeper(options);
}

type Leaf = KeyPair & {readonly signer: Authority; readonly notAfter: Date};

class Keeper implements OwnTrust {
  readonly #options: OwnTrustOptions;
  readonly #times: OwnTrustTimes;
  readonly #collection: string;
  #record: AuthorityRecord | undefined;
  #leaf: Leaf | undefined;
  #bundle = '';
  #lastProblem: string | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;
  #cancelPoll = (): void => {};
  #first: {readonly resolve: () => void; readonly reject: (error: Error) => void} | undefined;

  constructor(options: OwnTrustOptions) {
    this.#options = options;
    this.#times = {...defaults, ...options.times};
    this.#collection = `/api/v1/namespaces/${options.secret.namespace}/secrets`;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = {resolve, reject};
      void this.#poll();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelPoll();
    this.#first?.reject(new TrustError('it was stopped before there was a certificate'));
    await this.#running;
  }

  refresh(): Promise<void> {
    // One after the other: two at once would each make an authority.
    this.#running = this.#running.then(() => (this.#isStopped ? undefined : this.#refresh()));
    return this.#running;
  }

  view(): ReturnType<OwnTrust['view']> {
    const leaf = this.#leaf;
    return leaf && {authorityEnds: leaf.signer.notAfter, certificateEnds: leaf.notAfter};
  }

  async #poll(): Promise<void> {
    await this.refresh();
    if (this.#isStopped) return;
    const wait = this.#leaf === undefined ? Math.min(FIRST_RETRY_MS, this.#times.poll) : this.#times.poll;
    this.#cancelPoll = this.#clock.after(wait, () => void this.#poll());
  }

  /** Never rejects: what is known stays in use, and is renewed, whatever becomes of the API server. */
  async #refresh(): Promise<void> {
    try {
      this.#take(await this.#readOrMake());
      this.#lastProblem = undefined;
    } catch (error) {
      this.#complain(error);
    }
    try {
      await this.#serve();
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    const problem = reasonOf(error);
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    const {secret} = this.#options;
    this.#log.error({...secret, problem}, 'the authority for xDS cannot be read or made; trying again');
  }

  async #readOrMake(): Promise<AuthorityRecord> {
    const found = await this.#read();
    if (found === undefined) return this.#create();
    return found.isOurs && isDue(found, this.#now()) ? this.#replace(found) : found;
  }

  async #read(): Promise<AuthorityRecord | undefined> {
    const {client, secret} = this.#options;
    try {
      const {body} = await client.request({method: 'GET', path: `${this.#collection}/${secret.name}`});
      return readAuthorities(body, secret);
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #create(): Promise<AuthorityRecord> {
    const {client, secret} = this.#options;
    const record = {newest: await this.#newAuthority(), isOurs: true};
    try {
      await client.request({method: 'POST', path: this.#collection, body: authoritySecret(secret, record)});
      this.#log.info({...secret, until: record.newest.notAfter.toISOString()}, 'authority for xDS made');
    } catch (error) {
      // Another replica was faster.
      if (!hasStatus(error, 409)) throw error;
    }
    return this.#mustRead();
  }

  async #replace(old: AuthorityRecord): Promise<AuthorityRecord> {
    const {client, secret} = this.#options;
    const {resourceVersion} = old;
    const record = {
      newest: await this.#newAuthority(),
      previous: old.newest,
      isOurs: true,
      ...(resourceVersion !== undefined && {resourceVersion}),
    };
    try {
      const path = `${this.#collection}/${secret.name}`;
      await client.request({method: 'PUT', path, body: authoritySecret(secret, record)});
      this.#log.info({...secret, until: record.newest.notAfter.toISOString()}, 'authority for xDS made anew');
    } catch (error) {
      if (hasStatus(error, 409)) return this.#mustRead();
      // What there is can be used for as long as it lives.
      this.#complain(error);
      return old;
    }
    return this.#mustRead();
  }

  /** What is stored is the truth, and not what was sent. */
  async #mustRead(): Promise<AuthorityRecord> {
    const record = await this.#read();
    if (record === undefined) throw new Error('the Secret was deleted right after it had been made');
    return record;
  }

  async #newAuthority(): Promise<Authority> {
    const notBefore = new Date(this.#now().getTime() - EARLIER_MS);
    const notAfter = new Date(this.#now().getTime() + this.#times.authority);
    return authorityOf(await makeAuthority({notBefore, notAfter}));
  }

  #take(record: AuthorityRecord): void {
    this.#record = record;
    if (!record.isOurs && isDue(record, this.#now())) {
      const {secret} = this.#options;
      const until = record.newest.notAfter.toISOString();
      this.#log.debug({...secret, until}, 'the authority for xDS is not ours to replace; it ends in a while');
    }
  }

  /** Signs what is due, and tells of what has changed. */
  async #serve(): Promise<void> {
    const record = this.#record;
    if (record === undefined) return;
    const now = this.#now();
    const signer = signerOf(record, now, this.#times.settling);
    const before = this.#leaf;
    const isFresh =
      before !== undefined &&
      before.signer.certificate === signer.certificate &&
      before.notAfter.getTime() - now.getTime() > this.#times.renewal;
    const leaf = isFresh ? before : await this.#issue(signer, now);
    const bundle = bundleOf(record, now);
    if (leaf === before && bundle === this.#bundle) return;
    this.#leaf = leaf;
    this.#bundle = bundle;
    this.#options.onTrust({material: {certificate: leaf.certificate, key: leaf.key}, bundle});
    if (leaf !== before) this.#log.info({until: leaf.notAfter.toISOString()}, 'certificate of the xDS server signed');
    this.#first?.resolve();
  }

  async #issue(signer: Authority, now: Date): Promise<Leaf> {
    const ends = Math.min(now.getTime() + this.#times.certificate, signer.notAfter.getTime());
    // Certificates know whole seconds.
    const notAfter = new Date(Math.floor(ends / 1000) * 1000);
    const notBefore = new Date(Math.max(now.getTime() - EARLIER_MS, signer.notBefore.getTime()));
    const {hosts} = this.#options;
    return {...(await issueCertificate(signer, {hosts, notBefore, notAfter})), signer, notAfter};
  }

  get #clock() {
    return this.#options.clock ?? systemClock;
  }

  get #log() {
    return this.#options.log ?? silentLog;
  }

  #now(): Date {
    return this.#clock.date();
  }
}

const hasStatus = (error: unknown, status: number): boolean => error instanceof ApiError && error.status === status;
