/** The environment and the command line of a container, as kubelet makes them. */
import type {Program} from '../supervisor-methods.ts';
import {
  NotYet,
  type ConfigMap,
  type Container,
  type EnvVar,
  type ObjectReference,
  type Pod,
  type Secret,
} from './pod.ts';

export type Sources = {
  readonly configMap: (namespace: string, name: string) => ConfigMap | undefined;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
};

/** What of a Pod is known only here. */
export type PodPlace = {readonly podIP: string; readonly hostIP: string};

export type Environment = Readonly<Record<string, string>>;

/** `base`: what is set for every container. Throws NotYet when something referred to is missing. */
export function environmentOf(
  pod: Pod,
  container: Container,
  place: PodPlace,
  sources: Sources,
  base: Environment,
): Environment {
  const env: Record<string, string> = {...base};
  for (const {prefix = '', configMapRef, secretRef} of container.envFrom ?? []) {
    if (configMapRef !== undefined) {
      const {data = {}} = found('ConfigMap', pod, configMapRef, sources.configMap) ?? {};
      for (const [key, value] of Object.entries(data)) env[prefix + key] = value;
    }
    if (secretRef !== undefined) {
      const {data = {}} = found('Secret', pod, secretRef, sources.secret) ?? {};
      for (const [key, value] of Object.entries(data)) env[prefix + key] = decode(value);
    }
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(variable, pod, place, sources);
    // A variable sees those before it.
    if (value !== undefined) env[variable.name] = expand(value, env);
  }
  return env;
}

/**
 * The host's program stands for the one that the image holds, wherever the image has it: it replaces the first word of the
 * container's `command`, and is the whole command where there is none.
 */
export function commandLine(container: Container, program: Program, env: Environment): readonly string[] {
  const [, ...words] = container.command ?? [];
  const args = container.args ?? (container.command === undefined ? (program.args ?? []) : []);
  return [...program.command, ...[...words, ...args].map((word) => expand(word, env))];
}

/** `$(NAME)`, where NAME is set; `$$(NAME)` stands for `$(NAME)`. */
export const expand = (text: string, env: Environment): string =>
  text.replaceAll(/\$(?:\$|\(([^()]+)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  );

/** A field as the downward API has it. */
export function fieldOf(pod: Pod, place: PodPlace | undefined, path: string): string {
  const {metadata, spec} = pod;
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (key !== undefined) return metadata[map === 'labels' ? 'labels' : 'annotations']?.[key] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': listOf(metadata.labels),
    'metadata.annotations': listOf(metadata.annotations),
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': place?.podIP,
    'status.podIPs': place?.podIP,
    'status.hostIP': place?.hostIP,
    'status.hostIPs': place?.hostIP,
  };
  const value = fields[path];
  if (value === undefined)
    throw new NotYet('CreateContainerConfigError', `fieldRef ${path} is not supported by the rig`);
  return value;
}

/** The object, undefined where it may be missing. Throws NotYet where it may not. */
export function found<T>(
  kind: string,
  pod: Pod,
  reference: ObjectReference,
  get: (namespace: string, name: string) => T | undefined,
): T | undefined {
  const object = get(pod.metadata.namespace, reference.name);
  if (object === undefined && reference.optional !== true) {
    throw new NotYet('CreateContainerConfigError', `${kind.toLowerCase()} "${reference.name}" not found`);
  }
  return object;
}

function valueOf({name, value, valueFrom}: EnvVar, pod: Pod, place: PodPlace, sources: Sources): string | undefined {
  if (valueFrom === undefined) return value ?? '';
  const {fieldRef, secretKeyRef, configMapKeyRef} = valueFrom;
  if (fieldRef !== undefined) return fieldOf(pod, place, fieldRef.fieldPath);
  const reference = secretKeyRef ?? configMapKeyRef;
  if (reference === undefined) {
    const kinds = Object.keys(valueFrom).join(', ');
    throw new NotYet('CreateContainerConfigError', `env ${name}: ${kinds} is not supported by the rig`);
  }
  const encoded =
    secretKeyRef === undefined ? undefined : found('Secret', pod, reference, sources.secret)?.data?.[reference.key];
  const plain =
    secretKeyRef === undefined
      ? found('ConfigMap', pod, reference, sources.configMap)?.data?.[reference.key]
      : undefined;
  const text = encoded === undefined ? plain : decode(encoded);
  if (text === undefined && reference.optional !== true) {
    throw new NotYet('CreateContainerConfigError', `couldn't find key ${reference.key} in ${reference.name}`);
  }
  return text;
}

/** `key="value"` lines. */
const listOf = (map: Readonly<Record<string, string>> = {}): string =>
  Object.entries(map)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join('\n');

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
