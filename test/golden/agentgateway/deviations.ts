/**
 * What is compared in each suite, and where this project differs from the original on purpose or does not reach it
 * yet. Every case stands in exactly one place: here, or among those that are equal.
 */

export type Suite = {
  readonly folder: string;
  /** Kinds of resources compared, as their names begin. */
  readonly resources: readonly string[];
  /** Kinds of objects whose status is compared. */
  readonly statuses: readonly string[];
  /** Cases that differ on purpose, with the reason. */
  readonly deviations: Readonly<Record<string, string>>;
  /** Cases that need what does not exist here yet: case by feature. */
  readonly notYet: Readonly<Record<string, readonly string[]>>;
};

/** Conditions that this project sets and the original does not; they are left out of the comparison. */
export const ownConditions: readonly {readonly kind: string; readonly type: string; readonly reason: string}[] = [
  {
    kind: 'Gateway',
    type: 'ResolvedRefs',
    reason: 'the original sets it only where spec.tls.backend is set; here it tells of the listeners as a whole',
  },
];

const routeStatuses = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'InferencePool'];
const all = ['bind', 'listener', 'route', 'tcp_route', 'policy', 'backend', 'model_route', 'route_group'];

export const suites: readonly Suite[] = [
  {
    folder: 'routes',
    resources: ['route', 'tcp_route', 'policy'],
    statuses: routeStatuses,
    deviations: {},
    notYet: {
      TCPRoute: ['basic-tcp'],
      TLSRoute: ['basic-tls', 'tlsroute-invalid-backend-kind'],
      ListenerSet: ['listenerset-shared-listener-route-key'],
      AgentgatewayBackend: ['to-backend'],
      InferencePool: ['inferencepool-invalid-endpoint-picker-ref'],
    },
  },
  {
    folder: 'gateways',
    resources: all,
    statuses: ['Gateway', 'ListenerSet'],
    deviations: {},
    notYet: {
      'listeners of protocol HBONE': ['hbone-listener'],
      'ports that only the proxy itself can reach': ['internal-bind'],
      ListenerSet: ['listenerset-hostnameconflict', 'listenerset-refgrant'],
      'TLS options': ['tls-istio-workload', 'tls-listeners', 'tls-spiffe'],
      'client certificates': ['tls-listeners-dynamic-ca-cert-frontend-mtls'],
    },
  },
  {
    folder: 'references',
    resources: ['policy', 'backend'],
    statuses: [],
    deviations: {},
    notYet: {
      'policies and backends': [
        'backend-policy-to-backend-ref',
        'backend-policy-to-backend-ref-transitive',
        'mcp-guardrails-backend-ref',
        'policy-to-backend-ref',
        'service-targeted-backend-policy-via-traffic-policy',
      ],
    },
  },
  {
    folder: 'references-policy-refgrants',
    resources: ['policy', 'backend'],
    statuses: ['AgentgatewayPolicy', 'AgentgatewayBackend'],
    deviations: {},
    notYet: {
      'policies and backends': [
        'backend-owned-cross-namespace-tunnel',
        'denied-backend-tunnel-chain',
        'denied-service-backend-policy-chain',
      ],
    },
  },
  {
    folder: 'delegation',
    resources: ['route', 'policy', 'backend'],
    statuses: routeStatuses,
    deviations: {},
    notYet: {
      delegation: [
        'route-delegation-backend-references',
        'route-delegation-child-filter',
        'route-delegation-labels',
        'route-delegation-multiple-parents',
        'route-delegation-policy-references',
        'route-delegation-precise',
      ],
    },
  },
  {
    folder: 'models',
    resources: all,
    statuses: ['Gateway', 'AgentgatewayModel', 'HTTPRoute', 'InferencePool'],
    deviations: {},
    notYet: {
      models: [
        'custom-inferencepool',
        'httproute-root-conflict',
        'llm-listener',
        'post-conversion-transformation',
        'virtual-routing',
        'virtual-routing-errors',
      ],
    },
  },
];
