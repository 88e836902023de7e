/** What runs for Gateways of Envoy, and what GatewayParameters make of it. */
import {describe, expect, it} from 'vitest';
import {settings} from '../../../collections/inputs.ts';
import {defaultSettings, type Provisioning, type Settings} from '../../../collections/settings.ts';
import type {EnvoyParameters} from '../../../src/api/gateway-parameters.ts';
import {isJsonObject} from '../../../src/api/json.ts';
import {gatewayYaml} from '../gateway/world.ts';
import {at, type ClusterWorld, containerAt, ofEnvoy, provisioning, startCluster} from './world.ts';

const spec = `
listeners: [{name: http, port: 80, protocol: HTTP}]
infrastructure: {parametersRef: {group: gateway.kgateway.dev, kind: GatewayParameters, name: parameters}}`;

function startWith(kube: EnvoyParameters, more = {}): ClusterWorld {
  const world = startCluster(gatewayYaml(spec), more);
  world.apply(ofEnvoy(kube));
  return world;
}

const configOf = (world: ClusterWorld, file = 'envoy.json'): string => {
  const {data} = (world.object('ConfigMap/gw') ?? {}) as {data?: Record<string, string>}; // as it is made
  return data?.[file] ?? '';
};
const filesOf = (world: ClusterWorld): readonly string[] => {
  const data = at(world.object('ConfigMap/gw'), 'data');
  return isJsonObject(data) ? Object.keys(data) : [];
};
const podOf = (world: ClusterWorld): unknown => at(world.object('Deployment/gw'), 'spec.template.spec');

describe('a Gateway of Envoy', () => {
  it('gets an Envoy that knows its name and its control plane', () => {
    const world = startWith({});
    expect(world.made()).toEqual(['ConfigMap/gw', 'Deployment/gw', 'Service/gw', 'ServiceAccount/gw']);
    expect(JSON.parse(configOf(world))).toMatchObject({
      node: {cluster: 'default/gw', metadata: {'sluice.dev/gateway': 'default/gw'}},
      dynamic_resources: {ads_config: {api_type: 'DELTA_GRPC'}},
      admin: {address: {socket_address: {address: '127.0.0.1', port_value: 19_000}}},
      static_resources: {
        clusters: [{name: 'xds', type: 'STRICT_DNS'}, {name: 'admin'}],
        listeners: [
          {name: 'ready', address: {socket_address: {port_value: 8082}}},
          {name: 'stats', address: {socket_address: {port_value: 9091}}},
        ],
      },
    });
    expect(podOf(world)).toMatchObject({
      automountServiceAccountToken: false,
      containers: [
        {
          image: 'docker.io/envoyproxy/envoy:v1',
          command: ['envoy'],
          args: expect.arrayContaining([
            '--config-path',
            '/etc/envoy/envoy.json',
            '--service-node',
            '$(POD_NAME).$(POD_NAMESPACE)',
          ]),
          readinessProbe: {httpGet: {path: '/ready', port: 8082}},
          securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true},
          lifecycle: {preStop: {sleep: {seconds: 10}}},
        },
      ],
      securityContext: {sysctls: [{name: 'net.ipv4.ip_unprivileged_port_start', value: '0'}]},
      volumes: [{name: 'config', configMap: {name: 'gw'}}, {name: 'tmp'}],
    });
    expect(at(world.object('Deployment/gw'), 'metadata.labels')).toMatchObject({
      'app.kubernetes.io/managed-by': 'sluice',
      'gateway.networking.k8s.io/gateway-class-name': 'envoy',
    });
  });

  it('gets what the control plane is checked with', () => {
    const world = startWith({}, {xds: {...provisioning.xds, ca: 'PEM'}});
    expect(world.object('ConfigMap/gw-xds-ca')).toMatchObject({data: {'ca.crt': 'PEM'}});
    expect(filesOf(world)).toEqual(['envoy.json', 'xds-ca.json']);
    expect(JSON.parse(configOf(world))).toMatchObject({
      static_resources: {
        clusters: [
          {
            transport_socket: {
              typed_config: {
                sni: 'sluice.sluice-system.svc',
                common_tls_context: {
                  validation_context_sds_secret_config: {
                    name: 'xds-ca',
                    sds_config: {
                      path_config_source: {path: '/etc/envoy/xds-ca.json', watched_directory: {path: '/etc/xds-tls'}},
                    },
                  },
                },
              },
            },
          },
          {},
        ],
      },
    });
    expect(JSON.parse(configOf(world, 'xds-ca.json'))).toEqual({
      resources: [
        {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
          name: 'xds-ca',
          validation_context: {
            trusted_ca: {filename: '/etc/xds-tls/ca.crt'},
            match_typed_subject_alt_names: [{san_type: 'DNS', matcher: {exact: 'sluice.sluice-system.svc'}}],
          },
        },
      ],
    });
    expect(containerAt(world.object('Deployment/gw'), 'volumeMounts.2')).toEqual({
      name: 'xds-ca',
      mountPath: '/etc/xds-tls',
      readOnly: true,
    });
    expect(podOf(world)).toMatchObject({
      volumes: [{}, {}, {name: 'xds-ca', configMap: {name: 'gw-xds-ca', items: [{key: 'ca.crt', path: 'ca.crt'}]}}],
    });
  });

  it('gets a token for the audience that the control plane asks for, and none where it asks for none', () => {
    const world = startWith({}, {xds: {...provisioning.xds, audience: 'mine'}});
    expect(filesOf(world)).toEqual(['envoy.json', 'xds-token.json']);
    expect(JSON.parse(configOf(world, 'xds-token.json'))).toEqual({
      resources: [
        {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
          name: 'xds-token',
          generic_secret: {secret: {filename: '/var/run/secrets/xds-tokens/xds-token'}},
        },
      ],
    });
    expect(configOf(world)).toContain('"path": "/etc/envoy/xds-token.json"');
    expect(configOf(world)).toContain('"path": "/var/run/secrets/xds-tokens"');
    expect(podOf(world)).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName: 'gw',
      containers: [
        {volumeMounts: [{}, {}, {name: 'xds-token', mountPath: '/var/run/secrets/xds-tokens', readOnly: true}]},
      ],
      volumes: [
        {},
        {},
        {
          name: 'xds-token',
          projected: {
            sources: [{serviceAccountToken: {audience: 'mine', expirationSeconds: 43_200, path: 'xds-token'}}],
          },
        },
      ],
    });
    const without = startWith({});
    expect(filesOf(without)).toEqual(['envoy.json']);
    expect(JSON.stringify([without.object('Deployment/gw'), configOf(without)])).not.toContain('xds-token');
  });

  it('is started anew when its bootstrap changes, and not when the authority is replaced', () => {
    const world = startWith({}, {xds: {...provisioning.xds, ca: 'PEM', audience: 'mine'}});
    const deployment = (): string => JSON.stringify(world.object('Deployment/gw'));
    const change = (xds: Partial<Provisioning['xds']>): void => {
      const trust = {...provisioning.xds, ca: 'PEM', audience: 'mine', ...xds};
      const row: Settings = {...defaultSettings, provider: 'kubernetes', provisioning: {...provisioning, xds: trust}};
      world.graph.commit((tx) => tx.set(settings, row));
    };
    const [before, config] = [deployment(), world.object('ConfigMap/gw')];
    change({ca: 'PEM of another'});
    expect(world.object('ConfigMap/gw-xds-ca')).toMatchObject({data: {'ca.crt': 'PEM of another'}});
    expect(world.object('ConfigMap/gw')).toEqual(config);
    expect(deployment()).toBe(before);
    change({port: 18_001});
    expect(deployment()).not.toBe(before);
    change({});
    expect(deployment()).toBe(before);
    world.apply(ofEnvoy({stats: {enableStatsRoute: false}}));
    expect(deployment()).not.toBe(before);
  });

  it('takes what parameters say of the Deployment, the Pod and the container', () => {
    const world = startWith({
      deployment: {replicas: 2, strategy: {type: 'Recreate'}},
      envoyContainer: {
        image: {registry: 'example.com', tag: '', digest: 'sha256:1', pullPolicy: 'Always'},
        env: [
          {name: 'POD_NAME', value: 'mine'},
          {name: 'A', value: 'b'},
        ],
        extraArgs: ['--concurrency', '2'],
        extraVolumeMounts: [{name: 'more', mountPath: '/more'}],
        resources: {limits: {cpu: '2'}},
        securityContext: {runAsUser: 1},
        bootstrap: {logLevel: 'debug', componentLogLevels: {upstream: 'trace', http: 'off'}},
      },
      podTemplate: {
        extraLabels: {team: 'red'},
        extraAnnotations: {note: 'x'},
        extraVolumes: [{name: 'more', emptyDir: {}}],
        imagePullSecrets: [{name: 's'}],
        nodeSelector: {disk: 'fast'},
        affinity: {nodeAffinity: {}},
        tolerations: [{operator: 'Exists'}],
        topologySpreadConstraints: [{topologyKey: 'zone'}],
        priorityClassName: 'high',
        securityContext: {fsGroup: 1},
        livenessProbe: {httpGet: {path: '/ready', port: 8082}},
        readinessProbe: {httpGet: {path: '/mine', port: 1}},
        gracefulShutdown: {enabled: false},
        terminationGracePeriodSeconds: 5,
      },
    });
    expect(at(world.object('Deployment/gw'), 'spec')).toMatchObject({
      replicas: 2,
      strategy: {type: 'Recreate'},
      template: {
        metadata: {labels: {team: 'red'}, annotations: {note: 'x', 'prometheus.io/port': '9091'}},
        spec: {
          imagePullSecrets: [{name: 's'}],
          nodeSelector: {disk: 'fast'},
          affinity: {nodeAffinity: {}},
          tolerations: [{operator: 'Exists'}],
          topologySpreadConstraints: [{topologyKey: 'zone'}],
          priorityClassName: 'high',
          securityContext: {fsGroup: 1},
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              image: 'example.com/envoyproxy/envoy@sha256:1',
              imagePullPolicy: 'Always',
              env: [{name: 'POD_NAMESPACE'}, {name: 'POD_NAME', value: 'mine'}, {name: 'A', value: 'b'}],
              resources: {requests: {cpu: '100m', memory: '128Mi'}, limits: {cpu: '2'}},
              securityContext: {runAsUser: 1},
              livenessProbe: {httpGet: {path: '/ready', port: 8082}},
              readinessProbe: {httpGet: {path: '/mine', port: 1}},
            },
          ],
        },
      },
    });
    expect(containerAt(world.object('Deployment/gw'), 'lifecycle')).toBeUndefined();
    const args = containerAt(world.object('Deployment/gw'), 'args');
    expect(Array.isArray(args) ? args.slice(-6) : []).toEqual([
      '--log-level',
      'debug',
      '--component-log-level',
      'upstream:trace,http:off',
      '--concurrency',
      '2',
    ]);
    expect(JSON.stringify(podOf(world))).toContain('{"name":"more","mountPath":"/more"}');
    expect(JSON.stringify(podOf(world))).toContain('{"name":"more","emptyDir":{}}');
  });

  it('takes what they say of Service and ServiceAccount', () => {
    const world = startWith({
      service: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        externalTrafficPolicy: 'Local',
        extraLabels: {a: 'b'},
        extraAnnotations: {c: 'd'},
        ports: [{port: 80, nodePort: 30_080}, {port: 81}],
      },
      serviceAccount: {extraLabels: {e: 'f'}, extraAnnotations: {g: 'h'}},
    });
    expect(world.object('Service/gw')).toMatchObject({
      metadata: {labels: {a: 'b'}, annotations: {c: 'd'}},
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        externalTrafficPolicy: 'Local',
        ports: [{port: 80, nodePort: 30_080, targetPort: 80}],
      },
    });
    expect(at(world.object('Service/gw'), 'spec.extraLabels')).toBeUndefined();
    expect(world.object('ServiceAccount/gw')).toMatchObject({metadata: {labels: {e: 'f'}, annotations: {g: 'h'}}});
  });

  it('takes what they say of the bootstrap', () => {
    const world = startWith({
      envoyContainer: {
        bootstrap: {
          logFormat: {text: '%v'},
          dnsResolver: {udpMaxQueries: 9},
          enableReadinessProbeProxyProtocol: true,
        },
      },
      stats: {
        routePrefixRewrite: '/stats/prometheus',
        enableStatsRoute: false,
        matcher: {inclusionList: [{safeRegex: 'a.*'}, {prefix: 'b', ignoreCase: true}]},
      },
    });
    expect(JSON.parse(configOf(world))).toMatchObject({
      application_log_config: {log_format: {text_format: '%v'}},
      stats_config: {
        stats_matcher: {inclusion_list: {patterns: [{safe_regex: {regex: 'a.*'}}, {prefix: 'b', ignore_case: true}]}},
      },
      typed_dns_resolver_config: {typed_config: {udp_max_queries: 9}},
    });
    expect(configOf(world)).toContain('envoy.filters.listener.proxy_protocol');
    expect(configOf(world)).toContain('"prefix_rewrite": "/stats/prometheus"');
    expect(configOf(world)).not.toContain('"prefix": "/stats"');
    const none = startWith({stats: {enabled: false}});
    expect(configOf(none)).not.toContain('/metrics');
    expect(JSON.stringify(none.object('Deployment/gw'))).not.toContain('prometheus.io');
  });

  it('lays overlays over it, those of the class first, and scales as they ask', () => {
    const world = startWith({
      omitDefaultSecurityContext: true,
      deploymentOverlay: {spec: {template: {spec: {containers: [{name: 'envoy', env: [{name: 'Z', value: 'z'}]}]}}}},
      serviceOverlay: {metadata: {annotations: {lb: 'internal'}}},
      serviceAccountOverlay: {metadata: {annotations: {iam: 'role'}}},
      podDisruptionBudget: {spec: {minAvailable: 1}},
      horizontalPodAutoscaler: {spec: {maxReplicas: 3}},
      verticalPodAutoscaler: {spec: {updatePolicy: {updateMode: 'Off'}}},
    });
    const target = {apiVersion: 'apps/v1', kind: 'Deployment', name: 'gw'};
    expect(containerAt(world.object('Deployment/gw'), 'env.0')).toEqual({name: 'Z', value: 'z'});
    expect(JSON.stringify(world.object('Deployment/gw'))).not.toContain('securityContext');
    expect(world.object('Service/gw')).toMatchObject({metadata: {annotations: {lb: 'internal'}}});
    expect(world.object('ServiceAccount/gw')).toMatchObject({metadata: {annotations: {iam: 'role'}}});
    expect(world.object('PodDisruptionBudget/gw')).toMatchObject({
      spec: {minAvailable: 1, selector: {matchLabels: {'gateway.networking.k8s.io/gateway-name': 'gw'}}},
    });
    expect(world.object('HorizontalPodAutoscaler/gw')).toMatchObject({spec: {maxReplicas: 3, scaleTargetRef: target}});
    expect(world.object('VerticalPodAutoscaler/gw')).toMatchObject({
      apiVersion: 'autoscaling.k8s.io/v1',
      spec: {targetRef: target, updatePolicy: {updateMode: 'Off'}},
    });
  });
});
