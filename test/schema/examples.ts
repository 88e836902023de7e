/** A valid object of every kind that sets nearly every field. Each call makes a new one: validation takes objects over. */
export const EXAMPLES: Readonly<Record<string, () => Record<string, unknown>>> = {
  GatewayClass: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: {
      name: 'example',
      labels: {'example.com/team': 'edge'},
      annotations: {note: 'any text: it is not checked'},
    },
    spec: {
      controllerName: 'sluice.dev/envoy',
      description: 'a class',
      parametersRef: {group: 'example.com', kind: 'Parameters', name: 'p', namespace: 'infra'},
    },
  }),
  Gateway: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {name: 'example', namespace: 'infra', creationTimestamp: '2026-01-31T12:00:00Z'},
    spec: {
      gatewayClassName: 'example',
      addresses: [
        {type: 'IPAddress', value: '192.0.2.1'},
        {type: 'IPAddress', value: '2001:db8::1', routability: 'Cluster'},
        {type: 'Hostname', value: 'edge.example.com', routability: 'example.com/internal'},
      ],
      allowedListeners: {namespaces: {from: 'Selector', selector: {matchLabels: {a: 'b'}}}},
      defaultScope: 'All',
      infrastructure: {
        annotations: {'example.com/a': 'b'},
        labels: {'example.com/a': 'b', plain: ''},
        parametersRef: {group: 'example.com', kind: 'Parameters', name: 'p'},
      },
      listeners: [
        {name: 'http', port: 80, protocol: 'HTTP'},
        {
          name: 'https',
          port: 443,
          protocol: 'HTTPS',
          hostname: '*.example.com',
          tls: {
            mode: 'Terminate',
            certificateRefs: [{name: 'cert', namespace: 'certs'}],
            options: {'example.com/o': 'p'},
          },
          allowedRoutes: {
            kinds: [{kind: 'HTTPRoute'}],
            namespaces: {
              from: 'Selector',
              selector: {matchExpressions: [{key: 'a', operator: 'In', values: ['b', 'c']}]},
            },
          },
          filters: {
            requests: [
              {
                type: 'ExternalAuth',
                externalAuth: {
                  protocol: 'GRPC',
                  backendRef: {name: 'auth', port: 9000},
                  grpc: {allowedHeaders: ['x-a']},
                },
              },
            ],
          },
        },
        {name: 'tls', port: 8443, protocol: 'TLS', tls: {mode: 'Passthrough'}},
      ],
      tls: {
        backend: {clientCertificateRef: {name: 'client'}},
        frontend: {
          default: {validation: {caCertificateRefs: [{group: '', kind: 'ConfigMap', name: 'ca', namespace: 'certs'}]}},
          perPort: [
            {
              port: 8443,
              tls: {
                validation: {
                  mode: 'AllowInsecureFallback',
                  caCertificateRefs: [{group: '', kind: 'ConfigMap', name: 'ca'}],
                },
              },
            },
          ],
        },
      },
    },
  }),
  ListenerSet: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'ListenerSet',
    metadata: {name: 'example', namespace: 'team'},
    spec: {
      parentRef: {name: 'example', namespace: 'infra'},
      listeners: [
        {name: 'a', port: 8080, protocol: 'HTTP', hostname: 'a.example.com'},
        {name: 'b', port: 8080, protocol: 'HTTP', hostname: 'b.example.com'},
      ],
    },
  }),
  HTTPRoute: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {name: 'example', namespace: 'team'},
    spec: {
      parentRefs: [
        {name: 'example', namespace: 'infra', sectionName: 'http', port: 80},
        {name: 'example', namespace: 'infra', sectionName: 'https', port: 443},
        {group: '', kind: 'Service', name: 'mesh'},
      ],
      hostnames: ['www.example.com', '*.example.org'],
      useDefaultGateways: 'None',
      rules: [
        {
          name: 'full',
          matches: [
            {
              path: {type: 'Exact', value: '/a/b%20c'},
              headers: [
                {name: 'X-Env', value: 'test'},
                {name: 'version', type: 'RegularExpression', value: 'v[0-9]+'},
              ],
              queryParams: [{name: 'q', value: ''.padEnd(1, 'a')}],
              method: 'GET',
            },
            {path: {type: 'RegularExpression', value: '/v[0-9]//x'}},
          ],
          filters: [
            {
              type: 'RequestHeaderModifier',
              requestHeaderModifier: {
                set: [{name: 'a', value: 'b'}],
                add: [{name: 'c', value: 'd'}],
                remove: ['e', 'f'],
              },
            },
            {type: 'ResponseHeaderModifier', responseHeaderModifier: {remove: ['server']}},
            {type: 'RequestMirror', requestMirror: {backendRef: {name: 'shadow', port: 80}, percent: 50}},
            {
              type: 'RequestMirror',
              requestMirror: {backendRef: {name: 'shadow', port: 80}, fraction: {numerator: 1, denominator: 1000}},
            },
            {
              type: 'CORS',
              cors: {
                allowOrigins: ['https://example.com'],
                allowMethods: ['GET', 'PUT'],
                allowCredentials: true,
                maxAge: 10,
              },
            },
            {
              type: 'ExternalAuth',
              externalAuth: {protocol: 'HTTP', backendRef: {name: 'auth', port: 80}, http: {path: '/check'}},
            },
            {type: 'ExtensionRef', extensionRef: {group: 'example.com', kind: 'Filter', name: 'f'}},
          ],
          backendRefs: [
            {name: 'a', port: 80, weight: 90},
            {
              name: 'b',
              namespace: 'other',
              port: 80,
              weight: 0,
              filters: [
                {
                  type: 'URLRewrite',
                  urlRewrite: {hostname: 'b.internal', path: {type: 'ReplaceFullPath', replaceFullPath: '/'}},
                },
              ],
            },
            {group: 'gateway.networking.x-k8s.io', kind: 'XBackend', name: 'x'},
          ],
          timeouts: {request: '1h30m', backendRequest: '10s500ms'},
          retry: {codes: [500, 503], attempts: 3, backoff: '100ms'},
          sessionPersistence: {
            type: 'Cookie',
            absoluteTimeout: '1h',
            cookie: {name: 'sticky', lifetimeType: 'Permanent'},
          },
        },
        {
          name: 'redirect',
          matches: [{path: {value: '/old'}}],
          filters: [
            {
              type: 'RequestRedirect',
              requestRedirect: {
                scheme: 'https',
                hostname: 'new.example.com',
                port: 8443,
                statusCode: 308,
                path: {type: 'ReplacePrefixMatch', replacePrefixMatch: '/new'},
              },
            },
          ],
        },
      ],
    },
  }),
  GRPCRoute: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GRPCRoute',
    metadata: {name: 'example', namespace: 'team'},
    spec: {
      parentRefs: [{name: 'example', namespace: 'infra'}],
      hostnames: ['grpc.example.com'],
      rules: [
        {
          name: 'full',
          matches: [
            {method: {service: 'pkg.Service', method: 'Call'}, headers: [{name: 'a', value: 'b'}]},
            {method: {type: 'RegularExpression', service: '.*'}},
          ],
          filters: [{type: 'RequestHeaderModifier', requestHeaderModifier: {remove: ['a']}}],
          backendRefs: [{name: 'a', port: 50051}],
          sessionPersistence: {type: 'Header', header: {name: 'x-session'}},
        },
      ],
    },
  }),
  TLSRoute: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'TLSRoute',
    metadata: {name: 'example', namespace: 'team'},
    spec: {
      parentRefs: [{name: 'example', namespace: 'infra'}],
      hostnames: ['tls.example.com', '*.tls.example.com'],
      rules: [{name: 'one', backendRefs: [{name: 'a', port: 443, weight: 2}]}],
    },
  }),
  TCPRoute: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'TCPRoute',
    metadata: {name: 'example', namespace: 'team'},
    spec: {parentRefs: [{name: 'example', port: 5432}], rules: [{backendRefs: [{name: 'a', port: 5432}]}]},
  }),
  UDPRoute: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'UDPRoute',
    metadata: {name: 'example', namespace: 'team'},
    spec: {parentRefs: [{name: 'example', port: 53}], rules: [{backendRefs: [{name: 'a', port: 53}]}]},
  }),
  ReferenceGrant: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'ReferenceGrant',
    metadata: {name: 'example', namespace: 'certs'},
    spec: {
      from: [{group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'infra'}],
      to: [
        {group: '', kind: 'Secret', name: 'cert'},
        {group: '', kind: 'ConfigMap'},
      ],
    },
  }),
  BackendTLSPolicy: () => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'BackendTLSPolicy',
    metadata: {name: 'example', namespace: 'team'},
    spec: {
      targetRefs: [
        {group: '', kind: 'Service', name: 'a', sectionName: 'https'},
        {group: '', kind: 'Service', name: 'a', sectionName: 'admin'},
      ],
      validation: {
        hostname: 'a.internal',
        caCertificateRefs: [{group: '', kind: 'ConfigMap', name: 'ca'}],
        subjectAltNames: [
          {type: 'Hostname', hostname: 'a.internal'},
          {type: 'URI', uri: 'spiffe://example.com/a'},
        ],
      },
      options: {'example.com/a': 'b'},
    },
  }),
  Namespace: () => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {name: 'team', labels: {shared: 'true'}, finalizers: ['kubernetes']},
    spec: {finalizers: ['kubernetes']},
    status: {phase: 'Active'},
  }),
  Service: () => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: 'web', namespace: 'team'},
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ipFamilies: ['IPv4'],
      sessionAffinity: 'None',
      selector: {app: 'web'},
      publishNotReadyAddresses: false,
      ports: [
        {name: 'http', port: 80, targetPort: 'web', nodePort: 30080, appProtocol: 'http'},
        {name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353},
      ],
    },
  }),
  EndpointSlice: () => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {name: 'web-1', namespace: 'team', labels: {'kubernetes.io/service-name': 'web'}},
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        conditions: {ready: true, serving: true, terminating: false},
        zone: 'a',
        nodeName: 'n1',
        hints: {forZones: [{name: 'a'}]},
        targetRef: {kind: 'Pod', name: 'web-1', namespace: 'team', uid: 'u'},
      },
    ],
    ports: [{name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http'}],
  }),
  Secret: () => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {name: 'cert', namespace: 'certs'},
    type: 'kubernetes.io/tls',
    data: {'tls.crt': 'YQ=='},
    stringData: {'tls.key': 'k\u00e9y'},
    immutable: false,
  }),
  ConfigMap: () => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name: 'ca', namespace: 'certs'},
    data: {'ca.crt': 'text'},
    binaryData: {'ca.der': 'YQ=='},
  }),
};
