/**
 * Checks a set of Envoy resources as Envoy would find them, and a few things it would only notice by traffic: that
 * references resolve, that matches and domains are unique, that nothing is empty that may not be, that weights add up.
 */
import type {ResourceRow} from '../../collections/resource.ts';
import {compileRegex} from '../../src/api/regex.ts';
import {plainResource} from './envoy-messages.ts';

type Json = {readonly [field: string]: any}; // oxlint-disable-line typescript/no-explicit-any -- decoded messages of any shape are walked by name

/** One line per problem; scopes are independent of each other. */
export function lintEnvoy(rows: readonly ResourceRow[]): readonly string[] {
  const scopes = new Set(rows.map(({scope}) => scope));
  return [...scopes].flatMap((scope) => {
    const problems: string[] = [];
    new Linter(
      rows.filter((row) => row.scope === scope),
      (problem) => problems.push(`${scope}: ${problem}`),
    ).run();
    return problems;
  });
}

const shortType = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

class Linter {
  readonly #rows: readonly ResourceRow[];
  readonly #report: (problem: string) => void;
  readonly #byName = new Map<string, {readonly row: ResourceRow; readonly message: Json}>();
  readonly #used = new Set<string>();

  constructor(rows: readonly ResourceRow[], report: (problem: string) => void) {
    this.#rows = rows;
    this.#report = report;
  }

  run(): void {
    for (const row of this.#rows) this.#resource(row);
    for (const [name, message] of this.#all('Listener')) this.#listener(name, message);
    this.#addresses();
    for (const [name, message] of this.#all('RouteConfiguration')) this.#routeConfiguration(name, message);
    for (const [name, message] of this.#all('VirtualHost')) this.#virtualHost(name, message);
    for (const [name, message] of this.#all('Cluster')) this.#cluster(name, message);
    this.#unused();
  }

  #all(type: string): readonly (readonly [string, Json])[] {
    return [...this.#byName.values()]
      .filter(({row}) => shortType(row.type) === type)
      .map(({row, message}) => [row.name, message]);
  }

  #resource(row: ResourceRow): void {
    const name = `${shortType(row.type)} ${row.name}`;
    if (this.#byName.has(name)) this.#report(`${name} exists twice`);
    const message = plainResource(row);
    this.#byName.set(name, {row, message});
    const own = message['name'] ?? message['clusterName'];
    if (own !== row.name) this.#report(`${name} calls itself ${String(own)}`);
    for (const ref of [...row.refs, ...(row.parent === undefined ? [] : [row.parent])]) {
      const [type = '', target = ''] = ref.split('|');
      const exists = this.#rows.some((other) => other.type === type && other.name === target);
      const byDns = type.endsWith('.ClusterLoadAssignment');
      if (!exists && !byDns) this.#report(`${name} refers to ${shortType(type)} ${target}, which does not exist`);
    }
  }

  #need(user: string, type: string, name: string): void {
    this.#used.add(`${type} ${name}`);
    if (!this.#byName.has(`${type} ${name}`)) this.#report(`${user} needs ${type} ${name}, which does not exist`);
  }

  #listener(name: string, {address, filterChains = [], listenerFilters = []}: Json): void {
    if (address === undefined) this.#report(`Listener ${name} has no address`);
    if (filterChains.length === 0) this.#report(`Listener ${name} has no filter chain`);
    this.#unique(
      `Listener ${name}: chain match`,
      filterChains.map((chain: Json) => JSON.stringify(chain['filterChainMatch'] ?? {})),
    );
    this.#unique(
      `Listener ${name}: chain name`,
      filterChains.map((chain: Json) => chain['name']),
    );
    const bySni = filterChains.some((chain: Json) => chain['filterChainMatch']?.serverNames?.length > 0);
    const inspects = listenerFilters.some((filter: Json) => filter['name'] === 'envoy.filters.listener.tls_inspector');
    if (bySni && !inspects) this.#report(`Listener ${name} matches SNI without tls_inspector`);
    for (const chain of filterChains) this.#chain(`Listener ${name}, chain ${chain.name}`, chain);
  }

  #chain(name: string, {filters = [], transportSocket}: Json): void {
    if (filters.length === 0) this.#report(`${name} has no filter`);
    for (const {typedConfig} of filters) {
      if (typedConfig.rds !== undefined) this.#need(name, 'RouteConfiguration', typedConfig.rds.routeConfigName);
      const isStream = String(typedConfig['@type']).endsWith('.TcpProxy');
      if (!isStream && typedConfig.httpFilters?.at(-1)?.name !== 'envoy.filters.http.router')
        this.#report(`${name} does not end in the router`);
    }
    if (transportSocket === undefined) return;
    const secrets = transportSocket.typedConfig.commonTlsContext?.tlsCertificateSdsSecretConfigs ?? [];
    if (secrets.length === 0) this.#report(`${name} has no certificate`);
    for (const secret of secrets) this.#need(name, 'Secret', secret.name);
  }

  #addresses(): void {
    const bound = this.#all('Listener').flatMap(([, {address, additionalAddresses = []}]) =>
      [address, ...additionalAddresses.map((more: Json) => more['address'])].map((each) => JSON.stringify(each)),
    );
    this.#unique('address', bound);
  }

  #routeConfiguration(name: string, {vhds, virtualHosts = []}: Json): void {
    const own = this.#rows.filter(({parent}) => parent?.endsWith(`.RouteConfiguration|${name}`));
    if (vhds !== undefined && virtualHosts.length > 0)
      this.#report(`RouteConfiguration ${name} is both whole and by VHDS`);
    const hosts: Json[] =
      vhds === undefined ? virtualHosts : own.map((row) => this.#byName.get(`VirtualHost ${row.name}`)?.message ?? {});
    if (vhds === undefined) {
      for (const host of hosts) this.#virtualHost(host['name'], host);
    }
    for (const {name: resource} of vhds === undefined ? [] : own) {
      if (resource.slice(0, resource.lastIndexOf('/')) !== name)
        this.#report(`VirtualHost ${resource} is not found by ${name}`);
    }
    const domains = hosts.flatMap((host) => host['domains'] ?? []);
    if (!domains.includes('*')) this.#report(`RouteConfiguration ${name} has no host for *`);
    this.#unique(`RouteConfiguration ${name}: domain`, domains);
  }

  #virtualHost(name: string, {domains = [], routes = []}: Json): void {
    if (domains.length === 0) this.#report(`VirtualHost ${name} has no domain`);
    const used = new Set<string>();
    for (const [position, route] of routes.entries())
      this.#route(`VirtualHost ${name}, route ${position}`, route, used);
    const parent =
      this.#byName.get(`VirtualHost ${name}`) ??
      this.#byName.get(`RouteConfiguration ${name.slice(0, name.lastIndexOf('/'))}`);
    for (const cluster of used) {
      if (!parent?.row.refs.some((ref) => ref.endsWith(`.Cluster|${cluster}`)))
        this.#report(`${name} uses ${cluster} without a ref`);
    }
  }

  #route(name: string, {match, ...route}: Json, used: Set<string>): void {
    const paths = ['prefix', 'path', 'pathSeparatedPrefix', 'safeRegex'].filter(
      (field) => match?.[field] !== undefined,
    );
    if (paths.length !== 1) this.#report(`${name} has ${paths.length} path matches`);
    const prefix: string | undefined = match?.pathSeparatedPrefix;
    if (prefix !== undefined && !/^[^?#]+[^?#/]$/.test(prefix)) this.#report(`${name}: bad prefix ${prefix}`);
    for (const regex of regexesOf([match, route])) {
      const problem = compileRegex(regex);
      if (problem !== undefined) this.#report(`${name}: ${problem}`);
    }
    const actions = ['route', 'redirect', 'directResponse'].filter((field) => route[field] !== undefined);
    if (actions.length !== 1) this.#report(`${name} has ${actions.length} actions`);
    if (route['route'] !== undefined) this.#action(name, route['route'], used);
  }

  #action(name: string, action: Json, used: Set<string>): void {
    const {cluster, weightedClusters, requestMirrorPolicies = []} = action;
    const weights: number[] = (weightedClusters?.clusters ?? []).map(({weight}: Json) => weight?.value ?? 0);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (weightedClusters !== undefined && (total < 1 || total > 0xffff_ffff))
      this.#report(`${name}: weights add up to ${total}`);
    if ((cluster === undefined) === (weightedClusters === undefined))
      this.#report(`${name}: neither one cluster nor several`);
    const names: string[] = [cluster, ...(weightedClusters?.clusters ?? []).map((each: Json) => each['name'])].filter(
      Boolean,
    );
    for (const target of [...names, ...requestMirrorPolicies.map((each: Json) => each['cluster'])]) {
      if (target === 'invalid-backend') {
        // Routes of GRPCRoutes have the 503 that is the default; they are known by their clusters.
        const isGrpc = names.some((each) => each.endsWith('/grpc'));
        if (!isGrpc && action['clusterNotFoundResponseCode'] !== 'INTERNAL_SERVER_ERROR')
          this.#report(`${name}: invalid without 500`);
        continue;
      }
      used.add(target);
      this.#need(name, 'Cluster', target);
    }
  }

  #cluster(name: string, {type, loadAssignment}: Json): void {
    if (type === 'EDS') this.#need(`Cluster ${name}`, 'ClusterLoadAssignment', name);
    else if (loadAssignment === undefined) this.#report(`Cluster ${name} has no endpoints`);
  }

  /** Clusters may be there without a route: weight 0 keeps one at hand. */
  #unused(): void {
    for (const [name] of this.#byName) {
      const kept = /^(Listener|VirtualHost|Cluster) /.test(name);
      if (!kept && !this.#used.has(name)) this.#report(`${name} is used by nothing`);
    }
  }

  #unique(what: string, values: readonly unknown[]): void {
    for (const value of new Set(values.filter((each, position) => values.indexOf(each) !== position))) {
      this.#report(`${what} ${String(value)} occurs twice`);
    }
  }
}

function regexesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'regex' && typeof inner === 'string' ? [inner] : regexesOf(inner),
  );
}
