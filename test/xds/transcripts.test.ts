import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {describe, expect, it} from 'vitest';
import {envoy} from '../../src/gen/proto/discovery.js';
import type {ClientNode, Resource} from '../../src/xds/api.ts';
import {createNodeAuthenticator} from '../../src/xds/scope.ts';
import {Session} from '../../src/xds/session.ts';
import {ResourceStore} from '../../src/xds/store.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {decodeRequest} from '../../src/xds/wire.ts';
import {FakeClock} from './support/fake-clock.ts';
import {encodeRequest} from './support/wire-client.ts';

/**
 * What a real agentgateway proxy said, said again to this server, with the store as the recording server had it. The
 * answers must keep the rules of the wire contract; they need not be those of the recording.
 */
const folder = join(resolve(import.meta.dirname, '../..'), '..', 'shared/agentgateway/transcripts');
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.jsonl')) : [];
const types = [typeUrls.address, typeUrls.resource];

type RecordedResource = {
  readonly name: string;
  readonly version: string;
  readonly resource: {readonly '@type': string};
};
type Message = {
  readonly node?: {readonly id: string; readonly metadata: Record<string, string>};
  readonly type_url: string;
  readonly initial_resource_versions?: Record<string, string>;
  readonly response_nonce?: string;
  readonly error_detail?: {readonly message: string};
  readonly nonce?: string;
  readonly resources?: readonly RecordedResource[];
  readonly removed_resources?: readonly string[];
};
type Line = {readonly stream: number; readonly dir: 'request' | 'response'; readonly message: Message};

type Blame = {readonly key: string; readonly error?: string; readonly warn?: string};
type Answer = {readonly type: string; readonly sent: Map<string, string>; readonly removed: readonly string[]};

class Replay {
  readonly scope = 'agentgateway/default/gw';
  readonly store = new ResourceStore();
  readonly clock = new FakeClock();
  /** What the store holds: name to version, by type. */
  readonly content = new Map<string, Map<string, Resource>>(types.map((type) => [type, new Map()]));
  readonly #blames = new Map<string, Blame>();
  #leave: (() => void) | undefined;
  #session: Session | undefined;
  #waiting: {
    readonly type: string;
    readonly nonce: string;
    readonly blames: readonly Blame[];
    readonly done: () => void;
  }[] = [];
  answers: Answer[] = [];
  /** Names of responses in which one stood twice. */
  readonly twice: string[] = [];

  constructor(lines: readonly Line[]) {
    const sent = new Map<string, readonly RecordedResource[]>();
    for (const {message} of lines) {
      if (message.nonce !== undefined) sent.set(message.nonce, message.resources ?? []);
      if (message.error_detail === undefined) continue;
      // SAFETY: written by the proxy, as wire.md section 1.6 says.
      for (const blame of JSON.parse(message.error_detail.message) as Blame[]) {
        for (const {name, version} of sent.get(message.response_nonce ?? '') ?? []) {
          if (name === blame.key) this.#blames.set(`${name}|${version}`, blame);
        }
      }
    }
  }

  /** The store becomes what the recording server sent; a name in both lists is gone. */
  commit({type_url: type, resources = [], removed_resources: removed = []}: Message): void {
    const table = this.content.get(type) ?? new Map<string, Resource>();
    for (const recorded of resources) {
      if (removed.includes(recorded.name)) continue;
      const {name, version, resource} = recorded;
      const row = {scope: this.scope, type, name, version, bytes: Buffer.from(JSON.stringify(resource)), refs: []};
      const old = table.get(name);
      table.set(name, row);
      this.store.apply([old === undefined ? {new: row} : {old, new: row}]);
    }
    for (const name of removed) {
      const old = table.get(name);
      table.delete(name);
      if (old !== undefined) this.store.apply([{old}]);
    }
  }

  connect(opening: readonly Message[]): void {
    this.#leave?.();
    this.#session?.close();
    this.#waiting = [];
    this.answers = [];
    for (const message of opening) {
      const request = decodeRequest(
        encodeRequest({
          node: {id: message.node?.id ?? '', cluster: '', metadata: message.node?.metadata ?? {}, userAgent: ''},
          type: message.type_url,
          subscribe: [],
          unsubscribe: [],
          initialVersions: message.initial_resource_versions ?? {},
          nonce: '',
          error: undefined,
        }),
      );
      if (request.node !== undefined && message === opening[0]) this.#open(request.node);
      this.#session?.receive(request);
    }
    this.settle();
  }

  settle(): void {
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      const {type, nonce, blames, done} = message;
      done();
      const error = blames.length === 0 ? undefined : {code: 0, message: JSON.stringify(blames)};
      const bytes = encodeRequest({
        node: undefined,
        type,
        subscribe: [],
        unsubscribe: [],
        initialVersions: {},
        nonce,
        error,
      });
      this.#session?.receive(decodeRequest(bytes));
    }
  }

  #open(node: ClientNode): void {
    const {listener, leave} = this.store.follow(this.scope, (scope) => {
      const log = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}};
      const made: Session = new Session({
        client: 1,
        node,
        scope,
        scopeName: this.scope,
        profile: 'agentgateway',
        clock: this.clock,
        log,
        emit: () => {},
        count: () => {},
        isSynced: () => true,
        maxMessageBytes: 1024 * 1024,
        gateTimeoutMs: 5000,
        send: (bytes, done) => this.#arrive(bytes, done),
      });
      return made;
    });
    this.#session = listener;
    this.#leave = leave;
  }

  #arrive(bytes: Buffer, done: () => void): void {
    const message = envoy.service.discovery.v3.DeltaDiscoveryResponse.decode(bytes);
    const sent = new Map(message.resources.map(({name, version}) => [name ?? '', version ?? '']));
    const names = [...message.resources.map(({name}) => name ?? ''), ...message.removedResources];
    if (new Set(names).size !== names.length) this.twice.push(...names);
    const blames = [...sent].flatMap(([name, version]) => this.#blames.get(`${name}|${version}`) ?? []);
    this.answers.push({type: message.typeUrl, sent, removed: message.removedResources});
    this.#waiting.push({type: message.typeUrl, nonce: message.nonce, blames, done});
  }
}

const linesOf = (file: string): Line[] =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    // SAFETY: the format is told in the README of that folder.
    .map((text) => JSON.parse(text) as Line);

const versionsSent = (answers: readonly Answer[], type: string): Record<string, string> =>
  Object.fromEntries(answers.filter((answer) => answer.type === type).flatMap(({sent}) => [...sent]));
const namesRemoved = (answers: readonly Answer[], type: string): string[] =>
  answers.filter((answer) => answer.type === type).flatMap(({removed}) => removed);

describe('what a real proxy said', () => {
  it.skipIf(files.length === 0).each(files.length === 0 ? ['the transcripts are no part of this repository'] : files)(
    '%s',
    async (file) => {
      const lines = linesOf(file);
      const replay = new Replay(lines);
      const streams = [...new Set(lines.map(({stream}) => stream))];
      for (const stream of streams) {
        const own = lines.filter((line) => line.stream === stream);
        const opening = own.filter(({message}) => message.node !== undefined).map(({message}) => message);
        expect(opening.map(({type_url: type}) => type)).toEqual(types);
        const {id = '', metadata = {}} = opening[0]?.node ?? {};
        const node = {id, metadata, cluster: '', userAgent: ''};
        const identity = await createNodeAuthenticator()({node, metadata: new Map(), peer: ''});
        expect(identity).toEqual({scope: replay.scope, profile: 'agentgateway'});
        const responses = own.filter(({dir}) => dir === 'response').map(({message}) => message);
        // The first answer of each type shows what the recording server had when the stream began.
        const first = types
          .map((type) => responses.find((message) => message.type_url === type))
          .filter((message) => message !== undefined);
        for (const message of first) replay.commit(message);

        replay.connect(opening);
        for (const [index, type] of types.entries()) {
          const claims = opening[index]?.initial_resource_versions ?? {};
          const content = replay.content.get(type) ?? new Map<string, Resource>();
          const expected = [...content].filter(([name, {version}]) => claims[name] !== version);
          expect(
            replay.answers.some((answer) => answer.type === type),
            `${type} is answered`,
          ).toBe(true);
          expect(versionsSent(replay.answers, type)).toEqual(
            Object.fromEntries(expected.map(([name, {version}]) => [name, version])),
          );
          expect(namesRemoved(replay.answers, type).sort()).toEqual(
            Object.keys(claims)
              .filter((name) => !content.has(name))
              .sort(),
          );
        }

        for (const message of responses.filter((response) => !first.includes(response))) {
          replay.answers = [];
          const before = new Map(replay.content.get(message.type_url));
          replay.commit(message);
          replay.settle();
          const after = replay.content.get(message.type_url) ?? new Map<string, Resource>();
          const changed = [...after].filter(([name, {version}]) => before.get(name)?.version !== version);
          expect(versionsSent(replay.answers, message.type_url)).toEqual(
            Object.fromEntries(changed.map(([name, {version}]) => [name, version])),
          );
          expect(namesRemoved(replay.answers, message.type_url)).toEqual(
            [...before.keys()].filter((name) => !after.has(name)),
          );
        }
      }
      expect(replay.twice).toEqual([]);
    },
  );
});
