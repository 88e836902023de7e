import {readFileSync} from 'node:fs';
import {isIP} from 'node:net';
import {dirname, resolve} from 'node:path';
import {Ajv, type ErrorObject} from 'ajv';
import {isMap, isNode, isScalar, LineCounter, parseDocument, type Document} from 'yaml';
import {checkConfig, type FieldPath} from './check-config.ts';
import type {ConfigFile} from './config-file.ts';
import {configSchema} from './config-schema.ts';
import {type Environment, withDefaults} from './defaults.ts';
import {isLabelSelector} from './label-selector.ts';
import {configApiVersion, configKind, type StaticConfig} from './static-config.ts';

/** The configuration cannot be used; the message names file, line and field of everything that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const ajv = new Ajv({allErrors: true, useDefaults: true, strict: true, strictRequired: false, verbose: true});
ajv.addFormat('host-port', (value: string) => parseAddress(value) !== undefined);
ajv.addFormat('name', /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
// GatewayClass.spec.controllerName: a domain, a slash, a path (Gateway API, type GatewayController).
ajv.addFormat('controller-name', /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/);
// A name of DNS, or an IP address.
ajv.addFormat('host', (value: string) => isIP(value) > 0 || /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i.test(value));
ajv.addFormat('label-selector', isLabelSelector);
const isConfig = ajv.compile<ConfigFile>(configSchema);

export type HostPort = {readonly host: string; readonly port: number};

/** `127.0.0.1:18000`, `[::1]:18000`, `localhost:0`; undefined for anything else. */
export function parseAddress(address: string): HostPort | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(address);
  const port = Number(found?.[3]);
  const host = found?.[1] ?? found?.[2];
  return host === undefined || port > 65_535 ? undefined : {host, port};
}

/** Where the process runs, and what its command line says. */
export type Situation = {
  /** That of the process by default. */
  readonly environment?: Environment;
  /** Manifests to read instead of anything the configuration names; absolute. */
  readonly paths?: readonly string[];
};

/** Reads a configuration file (YAML or JSON). Relative paths in it are relative to its folder. Throws ConfigError. */
export function loadConfig(file: string, situation: Situation = {}): StaticConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file}: cannot be read: ${reason(error)}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines});
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [summary] = broken.message.split('\n');
    throw new ConfigError(`${file}:${broken.linePos?.[0].line ?? 1}: is no YAML: ${summary}`);
  }
  const value: unknown = document.toJS();
  const at = (path: FieldPath): string => `${file}:${lineOf(document, lines, path)}: ${formatPath(path)}`;
  if (isConfig(value)) return completed(value, dirname(resolve(file)), situation, at);
  const problems = (isConfig.errors ?? []).map((error) => `${at(fieldPath(error))}${explain(error)}`);
  throw new ConfigError([...new Set(problems)].join('\n'));
}

/** The configuration without a file: all defaults, paths relative to `folder`. Throws ConfigError. */
export function defaultConfig(folder: string, situation: Situation = {}): StaticConfig {
  const value: unknown = {apiVersion: configApiVersion, kind: configKind};
  if (!isConfig(value)) throw new Error(`the defaults are no configuration: ${ajv.errorsText(isConfig.errors)}`);
  return completed(value, folder, situation, formatPath);
}

/** The file if one is named, otherwise the defaults. */
export function loadConfigOrDefault(file: string | undefined, folder: string, situation: Situation = {}): StaticConfig {
  return file === undefined ? defaultConfig(folder, situation) : loadConfig(file, situation);
}

function completed(
  value: ConfigFile,
  folder: string,
  {environment = process.env, paths}: Situation,
  at: (path: FieldPath) => string,
): StaticConfig {
  const config = withDefaults(value, environment, paths);
  const problems = checkConfig(value, config);
  if (problems.length > 0) throw new ConfigError(problems.map(({path, message}) => `${at(path)}${message}`).join('\n'));
  return withAbsolutePaths(config, folder);
}

function withAbsolutePaths(config: StaticConfig, folder: string): StaticConfig {
  const absolute = (path: string): string => resolve(folder, path);
  const {envoy, provider, xds} = config;
  const {kubeconfig, secrets} = provider.kubernetes;
  return {
    ...config,
    provider: {
      ...provider,
      file: {...provider.file, paths: provider.file.paths.map(absolute)},
      kubernetes: {
        ...provider.kubernetes,
        ...(kubeconfig !== undefined && {kubeconfig: absolute(kubeconfig)}),
        secrets: secrets.type === 'folder' ? {...secrets, path: absolute(secrets.path)} : secrets,
      },
    },
    xds:
      'certificateFolder' in xds.tls
        ? {...xds, tls: {...xds.tls, certificateFolder: absolute(xds.tls.certificateFolder)}}
        : xds,
    collections: config.collections.map(absolute),
    envoy: {
      ...envoy,
      ...(envoy.binary !== undefined && {binary: absolute(envoy.binary)}),
      ...(envoy.cacheDir !== undefined && {cacheDir: absolute(envoy.cacheDir)}),
    },
    stateDir: absolute(config.stateDir),
    prepare: config.prepare.map((program) => ({...program, cwd: absolute(program.cwd)})),
    processes: config.processes.map((program) => ({...program, cwd: absolute(program.cwd)})),
  };
}

/** Where the error is; for a field that is unknown or missing, the field itself. */
function fieldPath(error: ErrorObject): FieldPath {
  const parts = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const {additionalProperty, missingProperty} = error.params as {additionalProperty?: string; missingProperty?: string};
  const field = additionalProperty ?? missingProperty;
  return field === undefined ? parts : [...parts, field];
}

const formatPath = (path: FieldPath): string => {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return path.length === 0 ? '' : `${text.replace(/^\./, '')}: `;
};

function explain(error: ErrorObject): string {
  const {params} = error as {params: Record<string, unknown>};
  switch (error.keyword) {
    case 'additionalProperties':
      return `unknown field; known here: ${Object.keys(error.parentSchema?.['properties'] ?? {})
        .sort()
        .join(', ')}`;
    case 'required':
      return 'is required';
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}, is ${JSON.stringify(error.data)}`;
    case 'enum':
      return `must be one of ${JSON.stringify(params['allowedValues'])}, is ${JSON.stringify(error.data)}`;
    case 'format':
      return `${formatHints[String(params['format'])] ?? error.message}, is ${JSON.stringify(error.data)}`;
    default:
      return `${error.message ?? 'is not valid'}, is ${JSON.stringify(error.data)}`;
  }
}

const formatHints: Readonly<Record<string, string>> = {
  'host-port': 'must be host:port such as 127.0.0.1:18000',
  name: 'must be lower-case letters, digits and dashes, 63 at most',
  'controller-name': 'must be a domain and a path such as sluice.dev/envoy',
  host: 'must be a name of DNS or an IP address',
  'label-selector': 'must be a label selector such as team=a,env!=dev,tier in (web, api)',
};

/** Line of the deepest part of the path that the document has: of its key, where it is a field. */
function lineOf(document: Document, lines: LineCounter, path: FieldPath): number {
  for (let length = path.length; length > 0; length--) {
    const last = path[length - 1];
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const field = isMap(parent) ? parent.items.find(({key}) => isScalar(key) && key.value === last)?.key : undefined;
    const node: unknown = field ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
