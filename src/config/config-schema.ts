import {
  configApiVersion,
  configKind,
  defaultAgentgatewayVersion,
  defaultEnvoyVersion,
  logComponents,
  logLevels,
} from './static-config.ts';

/** Objects say no to fields they do not know, and are there, with their defaults, when left out. */
const object = (properties: Readonly<Record<string, object>>, required: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
  ...(required.length === 0 && {default: {}}),
});
const string = {type: 'string', minLength: 1};
const address = {type: 'string', format: 'host-port'};
const boolean = {type: 'boolean'};
const milliseconds = (least: number, most: number): object => ({type: 'integer', minimum: least, maximum: most});
const port = {type: 'integer', minimum: 1, maximum: 65_535};
const name = {type: 'string', format: 'name'};
const image = (registry: string, repository: string, tag: string): object =>
  object({
    registry: {type: 'string', default: registry},
    repository: {...string, default: repository},
    tag: {type: 'string', default: tag},
  });
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

/**
 * JSON schema of the static configuration; the types are in static-config.ts. What depends on where the process runs has no
 * default here but in defaults.ts.
 */
export const configSchema = object(
  {
    apiVersion: {type: 'string', const: configApiVersion},
    kind: {type: 'string', const: configKind},
    provider: object({
      type: {type: 'string', enum: ['file', 'kubernetes']},
      file: object({
        paths: {type: 'array', items: string, minItems: 1},
        debounceMs: {type: 'integer', minimum: 0, maximum: 60_000, default: 20},
        pollMs: {type: 'integer', minimum: 100, default: 60_000},
      }),
      kubernetes: object({
        kubeconfig: string,
        context: string,
        namespaces: {type: 'array', items: name, minItems: 1},
        namespaceSelector: {type: 'string', format: 'label-selector'},
        secrets: object({type: {type: 'string', enum: ['kubernetes', 'folder'], default: 'kubernetes'}, path: string}),
      }),
    }),
    collections: {type: 'array', items: string, default: []},
    controllerNames: object({
      envoy: {type: 'string', format: 'controller-name', default: 'sluice.dev/envoy'},
      agentgateway: {type: 'string', format: 'controller-name', default: 'sluice.dev/agentgateway'},
    }),
    clusterDomain: {...string, default: 'cluster.local'},
    serviceHost: {...string, default: '{name}'},
    xds: object({
      address,
      serviceHost: {type: 'string', format: 'host'},
      servicePort: port,
      tls: object({
        mode: {type: 'string', enum: ['plaintext', 'tls']},
        secretName: name,
        certificateFolder: string,
        extraHosts: {type: 'array', items: {type: 'string', format: 'host'}, default: []},
      }),
      auth: object({enabled: boolean, audience: {...string, default: 'agentgateway'}}),
    }),
    admin: object({address: {...address, default: '127.0.0.1:19000'}}),
    metrics: object({address, gatewayLimit: {type: 'integer', minimum: 0, default: 1_000}}),
    drain: object({windowMs: milliseconds(0, 600_000)}),
    leaderElection: object({
      enabled: boolean,
      leaseName: {...name, default: 'sluice'},
      namespace: name,
      leaseDurationMs: {...milliseconds(1_000, 600_000), default: 15_000},
      renewDeadlineMs: {...milliseconds(500, 600_000), default: 10_000},
      retryPeriodMs: {...milliseconds(100, 600_000), default: 2_000},
    }),
    provision: object({
      enabled: boolean,
      envoyImage: image('docker.io', 'envoyproxy/envoy', `distroless-v${defaultEnvoyVersion}`),
      agentgatewayImage: image('cr.agentgateway.dev', 'agentgateway', defaultAgentgatewayVersion),
      createGatewayClasses: {...boolean, default: true},
      emptyServicePort: {...port, default: 443},
      istio: {
        type: 'object',
        additionalProperties: false,
        properties: {
          namespace: {...name, default: 'istio-system'},
          revision: string,
          clusterId: string,
          network: string,
        },
      },
    }),
    status: object({
      concurrency: {type: 'integer', minimum: 1, maximum: 1_000, default: 64},
      quietMs: {...milliseconds(0, 60_000), default: 100},
      spacingMs: {...milliseconds(0, 60_000), default: 500},
    }),
    envoy: object({
      binary: string,
      virtualHosts: {type: 'string', enum: ['vhds', 'rds'], default: 'vhds'},
      manage: boolean,
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
