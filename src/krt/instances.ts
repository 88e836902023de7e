import type {AnyCollection, Definition} from './definition.ts';
import {DeriveNode} from './derive-node.ts';
import type {GraphEdge} from './graph-api.ts';
import {GroupNode} from './group-node.ts';
import {InputNode} from './input-node.ts';
import {JoinNode} from './join-node.ts';
import type {Host, Node} from './node.ts';
import type {Ranks} from './ranks.ts';
import {Store} from './store.ts';

/** The live nodes and stores of a graph. A definition comes alive, with all it is made from, when it is first asked for. */
export class Instances {
  readonly #host: Host;
  readonly #ranks: Ranks;
  readonly #stores = new Map<string, Store>();
  readonly #nodeOf = new Map<Store, Node>();
  readonly #nodes = new Map<string, Node>();

  constructor(host: Host, ranks: Ranks) {
    this.#host = host;
    this.#ranks = ranks;
  }

  get nodes(): ReadonlyMap<string, Node> {
    return this.#nodes;
  }

  get stores(): ReadonlyMap<string, Store> {
    return this.#stores;
  }

  /** The live store, if any; throws where another definition has taken its name. */
  peek(collection: AnyCollection): Store | undefined {
    const store = this.#stores.get(collection.name);
    if (store !== undefined && store.collection.definition !== collection.definition) {
      if (!sameNode(store.collection.definition, collection.definition)) {
        throw new Error(`two collections are named ${collection.name}`);
      }
    }
    return store;
  }

  storeOf(collection: AnyCollection): Store {
    const store = this.peek(collection);
    if (store !== undefined) return store;
    this.#build(collection.definition, collection);
    const built = this.peek(collection);
    if (built === undefined) throw new Error(`${collection.name} is not an output of ${collection.definition.name}`);
    return built;
  }

  nodeOf(store: Store): Node {
    const node = this.#nodeOf.get(store);
    if (node === undefined) throw new Error(`${store.name} belongs to another graph`);
    return node;
  }

  inputNode(collection: AnyCollection): InputNode {
    const node = this.nodeOf(this.storeOf(collection));
    if (node instanceof InputNode) return node;
    throw new Error(`${collection.name} is not an input`);
  }

  #build(definition: Definition, collection: AnyCollection): void {
    switch (definition.kind) {
      case 'input': {
        this.#vacant(definition.name, [collection.name]);
        this.#register(new InputNode(this.#host, definition, this.#newStore(collection)));
        return;
      }
      case 'derive': {
        const source = definition.from && this.storeOf(definition.from);
        const reads = definition.reads.map((read) => this.storeOf(read));
        this.#vacant(definition.name, [...definition.outputs.values()]);
        const stores = new Map<string, Store>();
        for (const [output, name] of definition.outputs) {
          const own: Definition = {...definition, output};
          stores.set(output, this.#newStore({...collection, name, definition: own}));
        }
        const node = new DeriveNode(this.#host, definition, source, stores);
        this.#register(node, source && [source], reads);
        node.start();
        return;
      }
      case 'group':
      case 'distinct': {
        const source = this.storeOf(definition.index.of);
        this.#vacant(definition.name, [collection.name]);
        const node = new GroupNode(this.#host, definition, source, this.#newStore(collection));
        this.#register(node, [source]);
        node.start();
        return;
      }
      case 'join': {
        const sources = definition.sources.map((source) => this.storeOf(source));
        this.#vacant(definition.name, [collection.name]);
        const node = new JoinNode(this.#host, definition, sources, this.#newStore(collection));
        this.#register(node, sources);
        node.start();
      }
    }
  }

  #newStore(collection: AnyCollection): Store {
    return new Store(collection, (message) => this.#host.diagnose(collection.name, message));
  }

  /** Throws where a name is taken. Called before the node is made, since a node listens to its sources from the start. */
  #vacant(name: string, outputs: readonly string[]): void {
    if (this.#nodes.has(name)) throw new Error(`two nodes are named ${name}`);
    outputs.forEach((output, i) => {
      if (this.#stores.has(output) || outputs.indexOf(output) < i) {
        throw new Error(`two collections are named ${output}`);
      }
    });
  }

  #register(node: Node, sources: readonly Store[] = [], reads: readonly Store[] = []): void {
    this.#nodes.set(node.name, node);
    for (const store of node.outputs) {
      this.#stores.set(store.name, store);
      this.#nodeOf.set(store, node);
    }
    const connect = (stores: readonly Store[], how: GraphEdge['how']) => {
      for (const store of stores) this.#ranks.connect(this.nodeOf(store), node, how);
    };
    connect(sources, 'primary');
    connect(reads, 'fetch');
  }
}

/** The collections of one deriveOutputs have definitions of their own that share the transform. */
function sameNode(a: Definition, b: Definition): boolean {
  return a.kind === 'derive' && b.kind === 'derive' && a.run === b.run && a.output === b.output;
}
