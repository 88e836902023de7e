/**
 * A literal model of the client side of delta xDS, independent of the server: a map of resources, what it subscribes
 * to, the nonces it owes an answer. It checks every message it is sent against the protocol, and against the resources
 * the test has put into the store.
 */
import {envoy} from '../../../src/gen/proto/discovery.js';
import type {ClientNode} from '../../../src/xds/api.ts';
import {refOf, splitRef} from '../../../src/xds/ref.ts';
import {typeUrls} from '../../../src/xds/type-urls.ts';
import type {DeltaRequest} from '../../../src/xds/wire.ts';
import type {Body} from './resources.ts';

const {DeltaDiscoveryResponse} = envoy.service.discovery.v3;

export type Mode = 'envoy' | 'agentgateway';
export type Message = {
  readonly type: string;
  readonly nonce: string;
  readonly resources: readonly {readonly name: string; readonly version: string; readonly body: Body}[];
  readonly removed: readonly string[];
  readonly bytes: number;
};

/** What the test's store holds now: version by `type|name`. */
export type StoreView = {version(ref: string): string | undefined};

type Held = {readonly version: string; readonly body: Body};

class ModelType {
  wildcard = false;
  legacy = false;
  readonly names = new Set<string>();
  readonly asked = new Set<string>();
  /** What the client has, and runs on. */
  readonly resources = new Map<string, Held>();
  /** What it would report on reconnect. */
  readonly versions = new Map<string, string>();
  /** Versions it rejected last, by name. */
  readonly rejected = new Map<string, string>();
  /** Names it was sent or has claimed on this stream: only these may be removed. */
  readonly sent = new Set<string>();
  /** Arrived, answer not sent. */
  readonly unanswered: Message[] = [];
  answers = 0;
  /** Applied, and acknowledged once these clusters have their endpoints: Envoy's way with Clusters. */
  warming: {readonly message: Message; readonly names: Set<string>} | undefined;

  covers(name: string): boolean {
    return this.wildcard || this.names.has(name);
  }
}

export type ModelOptions = {
  readonly mode: Mode;
  readonly store: StoreView;
  readonly node?: Partial<ClientNode>;
  /** Envoy: subscribe to what resources name, open VHDS, drop what is no longer named. */
  readonly follows?: boolean;
  readonly maxBytes?: number;
  /** False: order is not checked (what was put into the store on purpose cannot be ordered). */
  readonly checksOrder?: boolean;
  /** What the bytes of a resource say; those of resource() of this folder by default. */
  readonly readBody?: (type: string, bytes: Uint8Array) => Body;
};

/** SAFETY: the bytes were written by resource() of this folder. */
const readOwnBody = (_type: string, bytes: Uint8Array): Body => JSON.parse(Buffer.from(bytes).toString()) as Body;

const modeNodes: Record<Mode, ClientNode> = {
  envoy: {id: 'envoy-1', cluster: 'default/gw', metadata: {}, userAgent: 'envoy'},
  agentgateway: {
    id: 'agentgateway~1.1.1.1~.default~default.svc.cluster.local',
    cluster: '',
    metadata: {role: 'default~gw', NAMESPACE: 'default', GATEWAY_NAME: 'gw'},
    userAgent: '',
  },
};

export class ModelClient {
  readonly mode: Mode;
  readonly node: ClientNode;
  readonly messages: Message[] = [];
  readonly violations: string[] = [];
  readonly requests: DeltaRequest[] = [];
  checksOrder: boolean;
  /** agentgateway: both types have had a response without error. */
  ready = false;
  readonly #store: StoreView;
  readonly #follows: boolean;
  readonly #maxBytes: number;
  readonly #readBody: NonNullable<ModelOptions['readBody']>;
  readonly #types = new Map<string, ModelType>();
  readonly #untaken = new Set<string>([typeUrls.address, typeUrls.resource]);
  #send: ((request: DeltaRequest) => void) | undefined;
  /** Types that were asked for on this stream. */
  readonly #introduced = new Set<string>();
  /** This stream began without anything. */
  #emptyStart = true;
  #nonces = new Set<string>();

  constructor(options: ModelOptions) {
    this.mode = options.mode;
    this.node = {...modeNodes[options.mode], ...options.node};
    this.#store = options.store;
    this.#follows = options.follows ?? false;
    this.#maxBytes = options.maxBytes ?? 1024 * 1024;
    this.checksOrder = options.checksOrder ?? true;
    this.#readBody = options.readBody ?? readOwnBody;
  }

  /** A new stream; the requests of a client that had one before claim what it has. */
  connect(send: (request: DeltaRequest) => void): void {
    this.#send = send;
    this.#introduced.clear();
    this.#nonces = new Set();
    const known = [...this.#types];
    this.#emptyStart = known.every(([, {versions}]) => versions.size === 0);
    for (const [, state] of known) {
      state.unanswered.length = 0;
      state.warming = undefined;
      state.sent.clear();
      state.answers = 0;
      for (const name of state.versions.keys()) state.sent.add(name);
    }
    for (const [type, state] of known) {
      const initialVersions = Object.fromEntries(state.versions);
      const subscribe = state.wildcard && state.names.size === 0 && state.legacy ? [] : [...state.names];
      if (state.wildcard && !(state.legacy && state.names.size === 0)) subscribe.push('*');
      if (subscribe.length === 0 && !state.wildcard) {
        this.#types.delete(type);
        continue;
      }
      this.#request(type, {subscribe, initialVersions});
    }
  }

  disconnect(): void {
    this.#send = undefined;
  }

  type(type: string): ModelType {
    let state = this.#types.get(type);
    if (state === undefined) this.#types.set(type, (state = new ModelType()));
    return state;
  }

  /** The first two requests of an agentgateway proxy. */
  start(): void {
    this.subscribe(typeUrls.address);
    this.subscribe(typeUrls.resource);
  }

  /** The first request without names is a legacy wildcard. */
  subscribe(type: string, names: readonly string[] = [], nonce = ''): void {
    const isNew = !this.#types.has(type);
    const state = this.type(type);
    if (isNew && names.length === 0) {
      state.wildcard = true;
      state.legacy = true;
    }
    for (const name of names) {
      if (name === '*') state.wildcard = true;
      else {
        state.names.add(name);
        state.asked.add(name);
      }
    }
    if (names.length > 0) state.legacy = false;
    this.#request(type, {subscribe: names, nonce});
  }

  unsubscribe(type: string, names: readonly string[], nonce = ''): void {
    const state = this.type(type);
    for (const name of names) {
      if (name === '*') state.wildcard = false;
      else {
        if (state.names.delete(name)) state.asked.add(name);
        if (state.resources.has(name)) state.asked.add(name);
      }
    }
    for (const name of [...state.resources.keys(), ...state.versions.keys()]) {
      if (!state.covers(name)) this.#forget(type, name);
    }
    this.#request(type, {unsubscribe: names, nonce});
  }

  /** What it has of a type, name to content. */
  contents(type: string): Record<string, string> {
    const entries = [...this.type(type).resources].map(([name, {body}]) => [name, body.content] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A message has left the server: checks it against what the client has said so far. */
  arrive(bytes: Uint8Array): void {
    const decoded = DeltaDiscoveryResponse.decode(bytes);
    const message: Message = {
      type: decoded.typeUrl,
      nonce: decoded.nonce,
      removed: decoded.removedResources,
      bytes: bytes.length,
      resources: decoded.resources.map(({name, version, resource}) => {
        if (resource?.type_url !== decoded.typeUrl) this.#violation(`${name ?? ''}: type ${resource?.type_url ?? ''}`);
        const body = this.#readBody(decoded.typeUrl, resource?.value ?? new Uint8Array());
        return {name: name ?? '', version: version ?? '', body};
      }),
    };
    this.messages.push(message);
    this.#check(message);
    const state = this.type(message.type);
    for (const {name} of message.resources) state.sent.add(name);
    for (const name of message.removed) state.sent.delete(name);
    state.unanswered.push(message);
    state.answers += 1;
  }

  get owesAnswer(): boolean {
    return [...this.#types.values()].some(({unanswered}) => unanswered.length > 0);
  }

  /** Takes the oldest message of a type and answers it. False: there is none. */
  answer(type?: string): boolean {
    const states = type === undefined ? [...this.#types.values()] : [this.type(type)];
    const message = states.find(({unanswered}) => unanswered.length > 0)?.unanswered.shift();
    if (message === undefined) return false;
    const before = new Map(this.type(message.type).resources);
    const error = this.mode === 'envoy' ? this.#applyWhole(message) : this.#applyEach(message);
    if (this.#follows && message.type === typeUrls.cluster && error === undefined) this.#warm(message, before);
    else this.#request(message.type, {nonce: message.nonce, error});
    if (this.#follows) this.#follow();
    this.#endWarming((name) => this.#arrived(message, name));
    return true;
  }

  /** Envoy's patience with endpoints that do not come (15 s) is at an end. */
  stopWarming(): void {
    this.#endWarming(() => true);
  }

  /** New and changed clusters wait for endpoints, new ones too, and their ACK waits for that. */
  #warm(message: Message, before: ReadonlyMap<string, Held>): void {
    const changed = message.resources.filter(
      ({name, version, body}) => before.get(name)?.version !== version && (body.subscribes ?? []).length > 0,
    );
    this.type(message.type).warming = {message, names: new Set(changed.map(({name}) => name))};
  }

  #arrived(message: Message, name: string): boolean {
    const has = message.resources.some((resource) => resource.name === name) || message.removed.includes(name);
    const isRejected = message.resources.some(({body}) => body.bad === true);
    return message.type === typeUrls.endpoints && has && !isRejected;
  }

  #endWarming(isWarm: (name: string) => boolean): void {
    const state = this.#types.get(typeUrls.cluster);
    const {warming} = state ?? {};
    if (state === undefined || warming === undefined) return;
    for (const name of warming.names) if (isWarm(name) || !state.resources.has(name)) warming.names.delete(name);
    if (warming.names.size > 0) return;
    state.warming = undefined;
    this.#request(typeUrls.cluster, {nonce: warming.message.nonce});
  }

  #applyWhole(message: Message): DeltaRequest['error'] {
    const state = this.type(message.type);
    const bad = message.resources.filter(({body}) => body.bad === true);
    if (bad.length > 0) {
      for (const {name, version} of message.resources) state.rejected.set(name, version);
      return {code: 13, message: `Error adding/updating ${bad.map(({name}) => name).join(', ')}`};
    }
    this.#apply(message, () => true);
    return undefined;
  }

  #applyEach(message: Message): DeltaRequest['error'] {
    const bad = message.resources.filter(({body}) => body.bad === true);
    const warned = message.resources.filter(({body}) => body.warn === true);
    for (const {name, version} of bad) this.type(message.type).rejected.set(name, version);
    this.#apply(message, ({body}) => body.bad !== true);
    if (bad.length === 0) this.#untaken.delete(message.type);
    if (this.#untaken.size === 0) this.ready = true;
    if (bad.length + warned.length === 0) return undefined;
    const blame = [
      ...warned.map(({name}) => ({key: name, warn: 'degraded'})),
      ...bad.map(({name}) => ({key: name, error: 'invalid'})),
    ];
    return {code: 0, message: JSON.stringify(blame)};
  }

  #apply(message: Message, accepts: (resource: Message['resources'][number]) => boolean): void {
    const state = this.type(message.type);
    for (const resource of message.resources) {
      const {name, version, body} = resource;
      if (!accepts(resource) || !state.covers(name)) continue;
      state.versions.set(name, version);
      state.rejected.delete(name);
      // Envoy throws away VirtualHosts of a RouteConfiguration it does not have, and ACKs them.
      if (body.parent === undefined || this.#has(body.parent)) state.resources.set(name, {version, body});
    }
    for (const name of message.removed) this.#forget(message.type, name);
  }

  #forget(type: string, name: string): void {
    const state = this.type(type);
    state.resources.delete(name);
    state.versions.delete(name);
    state.rejected.delete(name);
    const ref = refOf(type, name);
    for (const other of this.#types.values()) {
      for (const [child, {body}] of other.resources) if (body.parent === ref) other.resources.delete(child);
    }
  }

  /** Subscribes to what its resources name, and to nothing else. */
  #follow(): void {
    const wanted = new Map<string, Set<string>>();
    for (const state of this.#types.values()) {
      for (const {body} of state.resources.values()) {
        for (const ref of body.subscribes ?? []) {
          const {type, name} = splitRef(ref);
          wanted.set(type, (wanted.get(type) ?? new Set()).add(name));
        }
      }
    }
    for (const type of [typeUrls.endpoints, typeUrls.secret, typeUrls.routeConfiguration]) {
      const now = wanted.get(type) ?? new Set<string>();
      const before = this.#types.get(type)?.names ?? new Set<string>();
      const gone = [...before].filter((name) => !now.has(name));
      const come = [...now].filter((name) => !before.has(name));
      if (gone.length > 0) this.unsubscribe(type, gone);
      if (come.length > 0) this.subscribe(type, come);
    }
    const hasRoutes = this.type(typeUrls.routeConfiguration).resources.size > 0;
    if (hasRoutes && !this.#types.has(typeUrls.virtualHost)) this.subscribe(typeUrls.virtualHost);
  }

  #request(type: string, request: Partial<DeltaRequest>): void {
    // Envoy says who it is in the first request of a stream, agentgateway in the first one of each type.
    const isIntroduced = this.mode === 'envoy' ? this.#introduced.size > 0 : this.#introduced.has(type);
    this.#introduced.add(type);
    const full: DeltaRequest = {
      node: isIntroduced ? undefined : this.node,
      type,
      subscribe: [],
      unsubscribe: [],
      initialVersions: {},
      nonce: '',
      error: undefined,
      ...request,
    };
    this.requests.push(full);
    this.#send?.(full);
  }

  #has(ref: string): boolean {
    const {type, name} = splitRef(ref);
    return this.#types.get(type)?.resources.has(name) ?? false;
  }

  #violation(text: string): void {
    this.violations.push(text);
  }

  #check(message: Message): void {
    const {type, resources, removed} = message;
    const where = `message ${this.messages.length} (${type.split('.').at(-1) ?? ''}):`;
    const state = this.#types.get(type);
    if (state === undefined) {
      this.#violation(`${where} never asked for`);
      return;
    }
    if (this.#nonces.has(message.nonce)) this.#violation(`${where} nonce used twice`);
    this.#nonces.add(message.nonce);
    if (state.unanswered.length > 0 || state.warming !== undefined)
      this.#violation(`${where} the previous one is not answered`);
    const names = resources.map(({name}) => name);
    const all = [...names, ...removed];
    if (new Set(all).size !== all.length) this.#violation(`${where} a name is there twice: ${all.join(' ')}`);
    for (const name of names) if (!state.covers(name)) this.#violation(`${where} ${name} is not subscribed to`);
    for (const name of removed) {
      if (!state.sent.has(name) && !state.asked.has(name)) this.#violation(`${where} removes ${name}, never sent`);
    }
    this.#checkSize(message, where);
    if (this.checksOrder) this.#checkOrder(message, where);
  }

  /** The second type of a proxy that has nothing comes in one response. */
  #isWhole(type: string): boolean {
    const isFirst = this.mode === 'agentgateway' && this.#emptyStart && this.type(type).answers === 0;
    return isFirst && [...this.#types.values()].some(({answers}) => answers > 0);
  }

  #checkSize({type, resources, removed, bytes}: Message, where: string): void {
    const size = resources.length + removed.length;
    if (this.mode === 'agentgateway') {
      if (this.#isWhole(type)) return;
      if (this.ready && !this.#emptyStart && size > 100)
        this.#violation(`${where} ${size} resources for a serving proxy`);
    }
    if (bytes > this.#maxBytes && size > 1) this.#violation(`${where} ${bytes} bytes`);
  }

  #checkOrder({type, resources, removed}: Message, where: string): void {
    const wholeType = this.#isWhole(type) ? type : undefined;
    for (const {name, body} of resources) {
      for (const ref of body.refs) {
        if (ref !== refOf(type, name) && splitRef(ref).type !== wholeType && this.#lacks(ref)) {
          this.#violation(`${where} ${name} refers to ${ref}, not acknowledged`);
        }
      }
      if (body.parent !== undefined && !this.#has(body.parent)) {
        this.#violation(`${where} ${name} comes before ${body.parent}`);
      }
    }
    for (const gone of removed) {
      if (!this.type(type).resources.has(gone)) continue;
      const ref = refOf(type, gone);
      for (const [otherType, state] of this.#types) {
        for (const [other, {body}] of state.resources) {
          if (body.refs.includes(ref) && !(otherType === type && removed.includes(other))) {
            this.#violation(`${where} removes ${gone}, which ${other} refers to`);
          }
        }
      }
    }
  }

  /** It is in the store, the client is going to have it, has not rejected it, and does not have it. */
  #lacks(ref: string): boolean {
    const {type, name} = splitRef(ref);
    const version = this.#store.version(ref);
    const state = this.#types.get(type);
    if (version === undefined || state?.covers(name) !== true || this.#has(ref)) return false;
    return state.rejected.get(name) !== version;
  }
}
