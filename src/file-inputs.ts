/**
 * From batches of the file provider to writes of the graph's inputs, with what an API server and its controllers would
 * have added: a Namespace for every object's namespace, and a GatewayClass for each kind of proxy.
 */
import {gatewayClasses, inputsByGroupKind, namespaces, settings} from '../collections/inputs.ts';
import type {Settings} from '../collections/settings.ts';
import type {Namespace} from './api/core.ts';
import type {Dialect} from './api/dialect.ts';
import {groupKind, objectKey, type KubeObject} from './api/object.ts';
import {gatewayGroup} from './api/refs.ts';
import type {StaticConfig} from './config/static-config.ts';
import type {GatewayClass} from './gen/gateway-api.ts';
import {createInputs, type Inputs} from './inputs.ts';
import type {Transaction} from './krt/index.ts';

const namespaceKind = '/Namespace';
const classKind = `${gatewayGroup}/GatewayClass`;

export function settingsOf(config: StaticConfig): Settings {
  const {controllerNames, clusterDomain, serviceHost, envoy} = config;
  return {
    key: 'settings',
    provider: 'file',
    controllerNames,
    clusterDomain,
    serviceHost,
    envoy: {virtualHosts: envoy.virtualHosts},
  };
}

export function createFileInputs(config: StaticConfig): Inputs {
  const defaults = new Map<string, GatewayClass>(
    (['envoy', 'agentgateway'] as const).map((dialect) => [dialect, defaultClass(dialect, config)] as const),
  );
  /** How many objects there are in a namespace, and which namespaces have an object of their own. */
  const members = new Map<string, number>();
  const declared = new Set<string>();
  /** `groupKind key` of every object there is. */
  const present = new Set<string>();

  const imply = (tx: Transaction, name: string): void => {
    if (declared.has(name)) return;
    if ((members.get(name) ?? 0) > 0) tx.set(namespaces, impliedNamespace(name));
    else tx.delete(namespaces, name);
  };

  const count = (tx: Transaction, key: string, by: 1 | -1): void => {
    const slash = key.indexOf('/');
    if (slash < 0) return;
    const name = key.slice(0, slash);
    const before = members.get(name) ?? 0;
    if (before + by === 0) members.delete(name);
    else members.set(name, before + by);
    if (before === 0 || before + by === 0) imply(tx, name);
  };

  const set = (tx: Transaction, object: KubeObject): void => {
    const kind = groupKind(object);
    const input = inputsByGroupKind.get(kind);
    if (input === undefined) return;
    const key = objectKey(object);
    if (kind === namespaceKind) declared.add(key);
    tx.set(input, object);
    const id = `${kind} ${key}`;
    if (!present.has(id)) count(tx, key, 1);
    present.add(id);
  };

  const remove = (tx: Transaction, kind: string, key: string): void => {
    const input = inputsByGroupKind.get(kind);
    if (input === undefined || !present.delete(`${kind} ${key}`)) return;
    tx.delete(input, key);
    count(tx, key, -1);
    if (kind === namespaceKind) {
      declared.delete(key);
      imply(tx, key);
    }
    const fallback = kind === classKind ? defaults.get(key) : undefined;
    if (fallback !== undefined) tx.set(gatewayClasses, fallback);
  };

  const begin = (tx: Transaction): void => {
    tx.set(settings, settingsOf(config));
    for (const gatewayClass of defaults.values()) tx.set(gatewayClasses, gatewayClass);
  };
  return createInputs(begin, {set, remove});
}

function impliedNamespace(name: string): Namespace {
  return {apiVersion: 'v1', kind: 'Namespace', metadata: {name, generation: 1}};
}

/** The class of one kind of proxy, as it is where nobody says otherwise. */
export function defaultClass(dialect: Dialect, {controllerNames}: StaticConfig): GatewayClass {
  return {
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'GatewayClass',
    metadata: {name: dialect, generation: 1},
    spec: {controllerName: controllerNames[dialect]},
  };
}
