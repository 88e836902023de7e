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
        const store = new Store(collection);
        this.#register(new InputNode(this.#host, definition, store));
        return;
      }
      case 'derive': {
        const source = definition.from && this.storeOf(definition.from);
        const reads = definition.reads.map((read) => this.storeOf(read));
        const stores = new Map<string, Store>();
        for (const [output, name] of definition.outputs) {
          const own: Definition = {...definition, output};
          stores.set(output, new Store({...collection, name, definition: own}));
        }
        const node = new DeriveNode(this.#host, definition, source, stores);
        this.#register(node, source && [source], reads);
        node.start();
        return;
      }
      case 'group':
      case 'distinct': {
        const source = this.storeOf(definition.index.of);
        const node = new GroupNode(this.#host, definition, source, new Store(collection));
        this.#register(node, [source]);
        node.start();
        return;
      }
      case 'join': {
        const sources = definition.sources.map((source) => this.storeOf(source));
        const node = new JoinNode(this.#host, definition, sources, new Store(collection));
        this.#register(node, sources);
        node.start();
      }
    }
  }

  #register(node: Node, sources: readonly Store[] = [], reads: readonly Store[] = []): void {
    if (this.#nodes.has(node.name)) throw new Error(`two nodes are named ${node.name}`);
    this.#nodes.set(node.name, node);
    for (const store of node.outputs) {
      if (this.#stores.has(store.name)) throw new Error(`two collections are named ${store.name}`);
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
