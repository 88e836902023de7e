/**
 * Row types of the attachment level, the intermediate representation that both dialects read (no dialect looks at a
 * raw route). Each is produced by the collection file named beside it.
 */
import type {ConditionState, Reason} from '../../src/api/conditions.ts';
import type {Dialect} from '../../src/api/dialect.ts';
import type {ParentReference} from '../../src/gen/gateway-api.ts';
import type {LabelSelector} from '../../src/krt/index.ts';

/** gateway-classes.ts: a GatewayClass of one of our controller names. Key: its name. */
export type GatewayClassRow = {
  readonly key: string;
  readonly dialect: Dialect;
  readonly controllerName: string;
  /** Key of the parameters of its proxies. */
  readonly parameters?: string;
  /** Why it is not accepted; nor are its Gateways then. */
  readonly rejected?: Reason;
};

/** gateways.ts: a Gateway of such a class. Key: `namespace/name`. */
export type GatewayRow = {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  /** Absent where the Gateway is from a file. */
  readonly uid?: string;
  readonly dialect: Dialect;
  readonly controllerName: string;
  readonly generation: number;
  /** Of spec.infrastructure: what everything made for it carries. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Keys of the parameters of its proxies: those of its class, and those of its own, which go before them. */
  readonly parameters: {readonly ofClass?: string; readonly own?: string};
  /** Its annotations say that somebody else runs its proxies. */
  readonly selfManaged: boolean;
  /** Ports that only the proxy itself leads to. */
  readonly internalPorts: readonly number[];
  /** IP addresses of spec.addresses that can be used, in order. */
  readonly addresses: readonly string[];
  /**
   * Why it is not accepted. What runs for it goes on with what it was told last, and with what routes say: a parameter
   * that is spelled wrong is no reason to end traffic.
   */
  readonly rejected?: Reason;
  /** Why none of its listeners is programmed: it asks for addresses, of which none can be had. Always with `rejected`. */
  readonly unaddressed?: Reason;
  /** Why not every one of spec.addresses is bound. */
  readonly addressProblem?: Reason;
};

export type RouteKind = 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute' | 'UDPRoute';

/** routes.ts: what all kinds of routes have in common, and where they attach depends on. Key: `Kind/namespace/name`. */
export type RouteRow = {
  readonly key: string;
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name: string;
  readonly parentRefs: readonly ParentReference[];
  /** Lower case, each once; empty = all, or a route that has none by its nature. */
  readonly hostnames: readonly string[];
  /** Why it is not accepted wherever it is attached: none of its rules can be done. */
  readonly rejected?: Reason;
};

/** listeners.ts: a listener of a managed Gateway. Key: `namespace/gateway/listener`. */
export type ListenerRow = {
  readonly key: string;
  /** Key of the Gateway. */
  readonly gateway: string;
  readonly dialect: Dialect;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** Lower case; `''` = all hosts. */
  readonly hostname: string;
  readonly tls?: {
    readonly mode: 'Terminate' | 'Passthrough';
    /** Keys of the certificates that resolved (rows of certificates.ts). */
    readonly certificates: readonly string[];
  };
  readonly allowedNamespaces: {readonly from: 'All' | 'Same' | 'Selector'; readonly selector?: LabelSelector};
  /** What it may attach, after intersection with what its protocol can carry (= status supportedKinds). */
  readonly allowedKinds: readonly RouteKind[];
  /** Whether proxies get it: no conflict, protocol supported, certificates usable. */
  readonly programmed: boolean;
  /** Routes may attach (and are counted) although it is not programmed, unless its protocol is unsupported or it is in conflict. */
  readonly attachable: boolean;
  readonly conditions: readonly DesiredCondition[];
};

/** A condition as wanted: observedGeneration and lastTransitionTime are added where it is written. */
export type DesiredCondition = ConditionState;

/** ports.ts: the programmed listeners of one port of a Gateway, merged. Key: `namespace/gateway/port`. */
export type PortRow = {
  readonly key: string;
  readonly gateway: string;
  readonly dialect: Dialect;
  readonly port: number;
  readonly kind: 'HTTP' | 'TLS';
  /** Bind addresses: the Gateway's spec.addresses in file mode, otherwise empty (= all). */
  readonly addresses: readonly string[];
  /** Most specific hostname first; hostnames are unique, at most one is empty. */
  readonly listeners: readonly PortListener[];
};
export type PortListener = Pick<ListenerRow, 'key' | 'name' | 'protocol' | 'hostname' | 'tls'>;

/** certificates.ts: a kubernetes.io/tls Secret that holds a usable certificate and key. Key: `namespace/name`. */
export type CertificateRow = {
  readonly key: string;
  /** PEM text of the chain and of the key, as stored. */
  readonly certificate: string;
  readonly privateKey: string;
};

/** attachments.ts: one (route, parentRef) that names a managed Gateway. Key: `Kind/namespace/route/index of the parentRef`. */
export type AttachmentRow = {
  readonly key: string;
  /** `Kind/namespace/name` of the route. */
  readonly route: string;
  readonly parentIndex: number;
  readonly gateway: string;
  readonly dialect: Dialect;
  readonly controllerName: string;
  /**
   * The listeners it is attached to, with the hostnames that route and listener have in common (`''` = all). This alone
   * decides what proxies get: a route none of whose rules can be done is not accepted, but answers 500 here.
   */
  readonly listeners: readonly AttachedListener[];
  readonly accepted: DesiredCondition;
};
export type AttachedListener = {
  /** Key of the listener. */
  readonly key: string;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly programmed: boolean;
  readonly hostnames: readonly AttachedHostname[];
};
export type AttachedHostname = {
  /** The intersection; `''` = all hosts. */
  readonly hostname: string;
  /** The route's own hostname that led to it, `''` when it names none: the more specific own hostname wins. */
  readonly own: string;
};

/** route-rules.ts: one rule of an HTTPRoute or GRPCRoute that is attached to something of ours. Key: `Kind/namespace/name/NN` (index, two or more digits). */
export type RouteRuleRow = {
  readonly key: string;
  /** `Kind/namespace/name`. */
  readonly route: string;
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
  readonly namespace: string;
  readonly routeName: string;
  readonly ruleIndex: number;
  readonly ruleName?: string;
  /** RFC 3339 creation time of the route, `''` when unknown: the oldest wins. */
  readonly created: string;
  /** The route's own hostnames, lower case; empty = all. */
  readonly hostnames: readonly string[];
  /** Never empty: a rule without matches has one that matches `/`. */
  readonly matches: readonly RouteMatch[];
  readonly filters: RouteFilters;
  readonly backends: readonly WeightedBackend[];
  readonly timeouts?: {
    /** Whole request and one try, in milliseconds; 0 = no limit. */
    readonly requestMs?: number;
    readonly backendRequestMs?: number;
  };
  readonly retry?: {readonly attempts: number; readonly codes: readonly number[]; readonly backoffMs?: number};
  /** Set when the rule as a whole cannot be done: every request it matches is answered 500. */
  readonly invalid?: {readonly reason: string; readonly message: string};
};

/** route-rules.ts: what became of a route that names a managed Gateway. Key: `Kind/namespace/name`. */
export type RouteResolutionRow = {
  readonly key: string;
  /** How many rules it has. */
  readonly rules: number;
  readonly invalidRules: readonly {readonly ruleIndex: number; readonly reason: string; readonly message: string}[];
  readonly resolvedRefs: DesiredCondition;
  /** Keys of the backends that its rules can send requests to, mirrored ones too; sorted. */
  readonly backends: readonly string[];
};

export type StringMatch = {readonly type: 'Exact' | 'RegularExpression'; readonly value: string};
export type RouteMatch = {
  readonly path: {readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string};
  readonly method?: string;
  /** Names lower case, unique. */
  readonly headers: readonly ({readonly name: string} & StringMatch)[];
  readonly queryParams: readonly ({readonly name: string} & StringMatch)[];
  /** Of a GRPCRoute: what decides before headers, instead of the path. */
  readonly named?: {readonly service: number; readonly method: number};
};

export type HeaderModifier = {
  readonly set: readonly {readonly name: string; readonly value: string}[];
  readonly add: readonly {readonly name: string; readonly value: string}[];
  readonly remove: readonly string[];
};
export type PathModifier =
  | {readonly type: 'ReplaceFullPath'; readonly value: string}
  | {readonly type: 'ReplacePrefixMatch'; readonly value: string};
export type Redirect = {
  readonly scheme?: 'http' | 'https';
  readonly hostname?: string;
  readonly path?: PathModifier;
  readonly port?: number;
  readonly statusCode: number;
};
export type Rewrite = {readonly hostname?: string; readonly path?: PathModifier};
export type Mirror = {
  readonly target: BackendTarget;
  /** Share of requests mirrored; 100/100 by default. */
  readonly numerator: number;
  readonly denominator: number;
};
export type Cors = {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  /** Seconds. */
  readonly maxAge: number;
};
/** The filters of a rule or of a backendRef, merged per kind. */
export type RouteFilters = {
  readonly requestHeaders?: HeaderModifier;
  readonly responseHeaders?: HeaderModifier;
  readonly redirect?: Redirect;
  readonly rewrite?: Rewrite;
  readonly mirrors: readonly Mirror[];
  readonly cors?: Cors;
};

export type BackendTarget =
  | {
      readonly kind: 'backend';
      /** Key of the row in backends.ts. */
      readonly backend: string;
    }
  | {
      readonly kind: 'invalid';
      readonly reason: string;
      readonly message: string;
      /** Where a Service is missing as a whole: agentgateway is told its name all the same. */
      readonly service?: {readonly namespace: string; readonly service: string; readonly port: number};
    };
export type WeightedBackend = {
  readonly weight: number;
  readonly target: BackendTarget;
  readonly filters: RouteFilters;
};

/** backends.ts: a Service port that some rule refers to, and how. Key: `namespace/service/port`, or `namespace/service/port/use` where it is not used as what its Service says. */
export type BackendRow = {
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  /** Name of the Service port, `''` if unnamed. */
  readonly portName: string;
  readonly port: number;
  readonly targetPort: number | string;
  /** What the Service says of it. */
  readonly protocol: 'http1' | 'h2c' | 'websocket';
  /** What it is used for: gRPC is HTTP/2, whatever the Service says. */
  readonly use: 'plain' | 'grpc';
  /** Where endpoints come from: rows of endpoints.ts, or DNS asked by the proxy. */
  readonly discovery: {readonly type: 'slices'} | {readonly type: 'dns'; readonly host: string; readonly port: number};
  /** `clusterIP`s of the Service, without `None`. */
  readonly addresses: readonly string[];
};

/** gateway-backends.ts: a backend that a Gateway's routes refer to. Key: `namespace/gateway|backend key`. */
export type GatewayBackendRow = {
  readonly key: string;
  readonly gateway: string;
  readonly dialect: Dialect;
  readonly backend: string;
};

/** endpoints.ts: the endpoints of one referenced backend. Key: that of the backend. */
export type EndpointsRow = {readonly key: string; readonly endpoints: readonly EndpointRow[]};
export type EndpointRow = {
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly health: 'healthy' | 'draining';
  /** Pod `namespace/name` behind it, where known. */
  readonly pod?: string;
  /** Name of the EndpointSlice. */
  readonly slice: string;
};

/** *-status.ts: what an object's status is to be, all of it at once. Key: `Kind/namespace/name`. */
export type StatusRow = {
  readonly key: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly generation: number;
  readonly status: DesiredStatus;
};
export type DesiredStatus =
  | {
      readonly kind: 'GatewayClass';
      readonly conditions: readonly DesiredCondition[];
      readonly supportedFeatures: readonly {readonly name: string}[];
    }
  | {
      readonly kind: 'Gateway';
      readonly conditions: readonly DesiredCondition[];
      readonly addresses: readonly {readonly type: string; readonly value: string}[];
      readonly listeners: readonly {
        readonly name: string;
        readonly attachedRoutes: number;
        readonly supportedKinds: readonly {readonly group: string; readonly kind: string}[];
        readonly conditions: readonly DesiredCondition[];
      }[];
    }
  | {
      readonly kind: 'Route';
      readonly parents: readonly {
        /** The parentRef exactly as the route has it. */
        readonly parentRef: Readonly<Record<string, unknown>>;
        readonly controllerName: string;
        readonly conditions: readonly DesiredCondition[];
      }[];
    }
  /** Of an object whose status Sluice does not write itself (extension.ts). */
  | {readonly kind: 'Conditions'; readonly conditions: readonly DesiredCondition[]};

/** gateway-infra.ts (collections/infra): what has to run for a Gateway. Key: `namespace/gateway`. */
export type GatewayInfraRow = {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly dialect: Dialect;
  readonly scope: string;
  /** Ports that the proxy will bind, ascending, with the addresses. */
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
};
