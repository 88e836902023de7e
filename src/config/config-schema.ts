import {configApiVersion, configKind, logComponents, logLevels} from './static-config.ts';

/** Objects say no to fields they do not know, and are there, with their defaults, when left out. */
const object = (properties: Readonly<Record<string, object>>, required: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
  ...(required.length === 0 && {default: {}}),
});
const string = {type: 'string', minLength: 1};
const address = (value: string): object => ({type: 'string', format: 'host-port', default: value});
const level = {type: 'string', enum: logLevels};
const programs = {
  type: 'array',
  default: [],
  items: object(
    {
      name: {type: 'string', format: 'name'},
      command: {type: 'array', items: {type: 'string'}, minItems: 1},
      env: {type: 'object', additionalProperties: {type: 'string'}, default: {}},
      cwd: {...string, default: '.'},
    },
    ['name', 'command'],
  ),
};

/** JSON schema of the static configuration; the types are in static-config.ts. */
export const configSchema = object(
  {
    apiVersion: {type: 'string', const: configApiVersion},
    kind: {type: 'string', const: configKind},
    provider: object({
      type: {type: 'string', enum: ['file'], default: 'file'},
      file: object({
        paths: {type: 'array', items: string, minItems: 1, default: ['manifests']},
        debounceMs: {type: 'integer', minimum: 0, maximum: 60_000, default: 20},
        pollMs: {type: 'integer', minimum: 100, default: 60_000},
      }),
    }),
    collections: {type: 'array', items: string, default: []},
    controllerNames: object({
      envoy: {type: 'string', format: 'controller-name', default: 'sluice.dev/envoy'},
      agentgateway: {type: 'string', format: 'controller-name', default: 'sluice.dev/agentgateway'},
    }),
    clusterDomain: {...string, default: 'cluster.local'},
    serviceHost: {...string, default: '{name}'},
    xds: object({address: address('127.0.0.1:18000')}),
    admin: object({address: address('127.0.0.1:19000')}),
    envoy: object({
      binary: string,
      virtualHosts: {type: 'string', enum: ['vhds', 'rds'], default: 'vhds'},
      manage: {type: 'boolean', default: true},
      version: {type: 'string', pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+[0-9A-Za-z.]*$'},
      cacheDir: string,
      args: {type: 'array', items: {type: 'string'}, default: []},
      concurrency: {type: 'integer', minimum: 1, maximum: 1024},
    }),
    stateDir: {...string, default: '.sluice'},
    prepare: programs,
    processes: programs,
    logging: object({
      level: {...level, default: 'info'},
      components: object(Object.fromEntries(logComponents.map((component) => [component, level]))),
      format: {type: 'string', enum: ['auto', 'json', 'text'], default: 'auto'},
    }),
  },
  ['apiVersion', 'kind'],
);
