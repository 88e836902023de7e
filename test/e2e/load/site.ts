import {echoBackend, type Backend} from '../harness/backends.ts';
import {prefix, ref, route, service, type Manifest} from '../harness/manifests.ts';
import type {Sluice} from '../harness/sluice.ts';
import {editHeader, Expectation} from './expectation.ts';

type Fields = Readonly<Record<string, unknown>>;

export const hostOf = (name: string): string => `${name}.test`;

/** A host under load, whose route and Services are in one manifest file, and what its requests are to be answered. */
export class Site {
  readonly name: string;
  readonly host: string;
  readonly expected: Expectation;
  /** Those that the present edit names. */
  backends: readonly Backend[];
  services: readonly Manifest[];
  /** The backendRefs of its rule. */
  refs: readonly Fields[];
  #made: number;

  private constructor(name: string, backends: readonly Backend[]) {
    this.name = name;
    this.host = hostOf(name);
    this.backends = backends;
    this.expected = new Expectation(backends.map((backend) => backend.name));
    this.services = service(
      name,
      backends.map(({port}) => port),
    );
    this.refs = [ref(name)];
    this.#made = backends.length;
  }

  /** With a Service of its name, and `count` backends behind it. */
  static async open(name: string, count: number): Promise<Site> {
    const backends = Array.from({length: count}, (_, number) => echoBackend(`${name}-backend-${number}`));
    return new Site(name, await Promise.all(backends));
  }

  newBackend(): Promise<Backend> {
    return echoBackend(`${this.name}-backend-${this.#made++}`);
  }

  /** The next edit, which these backends may answer; to be written then. */
  edit(backends: readonly Backend[] = this.backends): void {
    this.backends = backends;
    this.expected.edit(backends.map(({name}) => name));
  }

  /** The whole file. The rule says in a header which edit it is of. */
  manifests(more: {route?: string; rules?: readonly Fields[]; filters?: readonly Fields[]} = {}): readonly Manifest[] {
    const mark = {set: [{name: editHeader, value: String(this.expected.number)}]};
    const filters = [{type: 'RequestHeaderModifier', requestHeaderModifier: mark}, ...(more.filters ?? [])];
    const rule = {matches: [prefix('/')], backendRefs: this.refs, filters};
    const made = route(more.route ?? this.name, [rule, ...(more.rules ?? [])], {hostnames: [this.host]});
    return [...this.services, made];
  }

  get file(): string {
    return `${this.name}.yaml`;
  }

  write(sluice: Pick<Sluice, 'write'>, more?: Parameters<Site['manifests']>[0]): void {
    sluice.write(this.file, this.manifests(more));
  }
}
