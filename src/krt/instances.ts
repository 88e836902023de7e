import {CombineNode} from './combine-node.ts';
import type {AnyCollection, AnyIndex, MatchDefinition} from './definition.ts';
import {DeriveNode} from './derive-node.ts';
import type {GraphEdge} from './graph-api.ts';
import {GroupNode} from './group-node.ts';
import type {Grouping} from './grouping.ts';
import {InputNode} from './input-node.ts';
import {MatchNode} from './match-node.ts';
import {NestedNode} from './nested-node.ts';
import type {Host, Node} from './node.ts';
import {CycleError, type Ranks} from './ranks.ts';
import type {Store} from './store.ts';

/** The live nodes and stores of a graph. A definition comes alive, with all it is made from, when it is first asked for. */
export class Instances {
  readonly #host: Host;
  readonly #ranks: Ranks;
  readonly #stores = new Map<string, Store>();
  /** The same by identity, which is how they are nearly always asked for. */
  #known = new Map<AnyCollection, Store>();
  readonly #nodes = new Map<string, Node>();
  /** Nodes whose sources are being made, from the one that was asked for inwards. */
  readonly #building: string[] = [];

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
    const known = this.#known.get(collection);
    if (known !== undefined) return known;
    const store = this.#stores.get(collection.name);
    if (store === undefined) return undefined;
    if (store.collection.definition !== collection.definition) {
      throw new Error(`two collections are named ${collection.name}`);
    }
    this.#known.set(collection, store);
    return store;
  }

  storeOf(collection: AnyCollection): Store {
    const store = this.peek(collection);
    if (store !== undefined) return store;
    this.#build(collection);
    const built = this.peek(collection);
    if (built === undefined) throw new Error(`${collection.name} is not an output of ${collection.definition.name}`);
    return built;
  }

  inputNode(collection: AnyCollection): InputNode {
    const {node} = this.storeOf(collection);
    if (node instanceof InputNode) return node;
    throw new Error(`${collection.name} is not an input`);
  }

  groupingOf(index: AnyIndex): Grouping {
    if (index.match === undefined) return this.storeOf(index.of).table(index);
    const {definition, side} = index.match;
    const match = this.#matchOf(definition);
    return side === 'targets' ? match.targets : match.selectors;
  }

  #matchOf(definition: MatchDefinition): MatchNode {
    const known = this.#nodes.get(definition.name);
    if (known instanceof MatchNode && known.definition === definition) return known;
    const selectors = this.storeOf(definition.selectors);
    const targets = this.storeOf(definition.targets);
    this.#vacant(definition.name, []);
    const node = new MatchNode(this.#host, definition, selectors, targets);
    this.#register(node, [selectors.node, targets.node]);
    return node;
  }

  #build(collection: AnyCollection): void {
    const {definition} = collection;
    const at = this.#building.indexOf(definition.name);
    if (at >= 0) throw new CycleError([...this.#building.slice(at), definition.name]);
    this.#building.push(definition.name);
    try {
      this.#make(collection);
    } finally {
      this.#building.pop();
    }
  }

  #make(collection: AnyCollection): void {
    const {definition} = collection;
    switch (definition.kind) {
      case 'input': {
        this.#vacant(definition.name, [collection]);
        this.#register(new InputNode(this.#host, collection));
        return;
      }
      case 'derive': {
        const source = definition.from && this.storeOf(definition.from);
        const reads = definition.reads.map((read) => this.storeOf(read).node);
        this.#vacant(definition.name, [...definition.outputs.values()]);
        const node = new DeriveNode(this.#host, definition, source);
        this.#register(node, source && [source.node], reads);
        node.start();
        return;
      }
      case 'group':
      case 'distinct': {
        const source = this.storeOf(definition.index.of);
        const grouping = this.groupingOf(definition.index);
        this.#vacant(definition.name, [collection]);
        const node = new GroupNode(this.#host, collection, definition, grouping);
        this.#register(node, [source.node, grouping.node]);
        node.start();
        return;
      }
      case 'join':
      case 'merge': {
        const sources = definition.sources.map((source) => this.storeOf(source));
        this.#vacant(definition.name, [collection]);
        const node = new CombineNode(this.#host, collection, definition);
        this.#register(
          node,
          sources.map((source) => source.node),
        );
        node.start(sources);
        return;
      }
      case 'nested': {
        const from = this.storeOf(definition.from);
        this.#vacant(definition.name, [collection]);
        const node = new NestedNode(this.#host, collection, definition, from);
        this.#register(node, [from.node]);
        node.start();
        return;
      }
      case 'match':
        throw new Error(`${definition.name} is read through its two indexes`);
    }
  }

  /** Throws where a name is taken. Called before the node is made, since a node listens to its sources from the start. */
  #vacant(name: string, outputs: readonly AnyCollection[]): void {
    if (this.#nodes.has(name)) throw new Error(`two nodes are named ${name}`);
    const names = outputs.map((output) => output.name);
    names.forEach((output, i) => {
      if (this.#stores.has(output) || names.indexOf(output) < i) throw new Error(`two collections are named ${output}`);
    });
  }

  #register(node: Node, sources: readonly Node[] = [], reads: readonly Node[] = []): void {
    this.#nodes.set(node.name, node);
    for (const store of node.outputs) this.#stores.set(store.name, store);
    const connect = (nodes: readonly Node[], how: GraphEdge['how']) => {
      for (const source of nodes) this.#ranks.connect(source, node, how);
    };
    connect(sources, 'primary');
    connect(reads, 'fetch');
  }

  /** Detaches every node that none of these needs, and returns them: those that read others first. */
  sweep(wanted: Iterable<Node>): readonly Node[] {
    const needed = new Set<Node>();
    const mark = (node: Node): void => {
      if (needed.has(node)) return;
      needed.add(node);
      for (const source of this.#ranks.sourcesOf(node)) mark(source);
    };
    for (const node of wanted) mark(node);
    const swept = [...this.#nodes.values()].filter((node) => !needed.has(node)).sort((a, b) => b.rank - a.rank);
    for (const node of swept) {
      node.detach();
      this.#ranks.remove(node);
      this.#nodes.delete(node.name);
      for (const store of node.outputs) this.#stores.delete(store.name);
    }
    if (swept.length > 0) this.#known = new Map();
    for (const store of this.#stores.values()) store.prune();
    return swept;
  }
}
