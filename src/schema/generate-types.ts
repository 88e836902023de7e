/** Part of the generator: structural schemas -> readonly TypeScript types with names worth importing. */
import type {CrdNode, KindSchema} from './structural.ts';

/** In the order in which the types are written; extensions (`gateway.networking.x-k8s.io`) are not read by Sluice yet. */
export const KINDS = [
  'GatewayClass',
  'Gateway',
  'ListenerSet',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'ReferenceGrant',
  'BackendTLSPolicy',
];

/**
 * [owner type, field, name of the type of that field (of its items, for a list)]; the first line that fits wins.
 * Names follow Gateway API's own Go types, which its documentation uses. What no line fits is called
 * `<owner><Field>`.
 */
const NAMES: readonly (readonly [RegExp, RegExp, string])[] = [
  [/Status$|Listener/, /^conditions$/, 'Condition'],
  [/Route(Spec|Parent)/, /^parentRef/, 'ParentReference'],
  [/PolicyAncestor/, /^ancestorRef$/, 'ParentReference'],
  [/RouteStatus$/, /^parents$/, 'RouteParentStatus'],
  [/PolicyStatus$/, /^ancestors$/, 'PolicyAncestorStatus'],
  [/^ListenerSetSpec$/, /^parentRef$/, 'ParentGatewayReference'],
  [/^GatewayClassSpec$/, /^parametersRef$/, 'ParametersReference'],
  [/Namespaces$/, /^selector$/, 'LabelSelector'],
  [/^LabelSelector$/, /^matchExpressions$/, 'LabelSelectorRequirement'],
  [/./, /^supportedKinds$/, 'RouteGroupKind'],
  [/^AllowedRoutes$/, /^kinds$/, 'RouteGroupKind'],
  [/^AllowedRoutes$/, /^namespaces$/, 'RouteNamespaces'],
  [/^AllowedListeners$/, /^namespaces$/, 'ListenerNamespaces'],
  [/./, /^allowedListeners$/, 'AllowedListeners'],
  [/./, /^allowedRoutes$/, 'AllowedRoutes'],
  [/./, /^(certificateRefs|clientCertificateRef)$/, 'SecretObjectReference'],
  [/^FrontendTLSValidation$/, /^caCertificateRefs$/, 'ObjectReference'],
  [/./, /^(extensionRef|parametersRef|caCertificateRefs)$/, 'LocalObjectReference'],
  [/^GatewaySpec$/, /^addresses$/, 'GatewaySpecAddress'],
  [/^GatewayStatus$/, /^addresses$/, 'GatewayStatusAddress'],
  [/^GatewaySpec$/, /^listeners$/, 'GatewayListener'],
  [/^ListenerSetSpec$/, /^listeners$/, 'GatewayListener'],
  [/Status$/, /^listeners$/, 'ListenerStatus'],
  [/^GatewaySpec$/, /^infrastructure$/, 'GatewayInfrastructure'],
  [/^GatewaySpec$/, /^tls$/, 'GatewayTLSConfig'],
  [/^GatewayListener$/, /^tls$/, 'ListenerTLSConfig'],
  [/^GatewayListener$/, /^filters$/, 'ListenerFilters'],
  [/^ListenerFilters$/, /^requests$/, 'ListenerRequestFilter'],
  [/^GatewayTLSConfig$/, /^backend$/, 'GatewayBackendTLS'],
  [/^GatewayTLSConfig$/, /^frontend$/, 'FrontendTLSConfig'],
  [/^FrontendTLSConfig$/, /^perPort$/, 'TLSPortConfig'],
  [/^(FrontendTLSConfig|TLSPortConfig)$/, /^(default|tls)$/, 'TLSConfig'],
  [/^TLSConfig$/, /^validation$/, 'FrontendTLSValidation'],
  [/^GatewayClassStatus$/, /^supportedFeatures$/, 'SupportedFeature'],
  [/^HTTPRouteSpec$/, /^rules$/, 'HTTPRouteRule'],
  [/^HTTPRouteRule$/, /^matches$/, 'HTTPRouteMatch'],
  [/^HTTPRoute/, /^filters$/, 'HTTPRouteFilter'],
  [/^HTTPRouteRule$/, /^backendRefs$/, 'HTTPRouteBackendRef'],
  [/^HTTPRouteRule$/, /^retry$/, 'HTTPRouteRetry'],
  [/^HTTPRouteRule$/, /^timeouts$/, 'HTTPRouteTimeouts'],
  [/^HTTPRouteMatch$/, /^path$/, 'HTTPPathMatch'],
  [/^HTTPRouteMatch$/, /^headers$/, 'HTTPHeaderMatch'],
  [/^HTTPRouteMatch$/, /^queryParams$/, 'HTTPQueryParamMatch'],
  [/^GRPCRouteSpec$/, /^rules$/, 'GRPCRouteRule'],
  [/^GRPCRouteRule$/, /^matches$/, 'GRPCRouteMatch'],
  [/^GRPCRoute/, /^filters$/, 'GRPCRouteFilter'],
  [/^GRPCRouteRule$/, /^backendRefs$/, 'GRPCRouteBackendRef'],
  [/^GRPCRouteMatch$/, /^method$/, 'GRPCMethodMatch'],
  [/^GRPCRouteMatch$/, /^headers$/, 'GRPCHeaderMatch'],
  [/RouteRule$/, /^sessionPersistence$/, 'SessionPersistence'],
  [/^SessionPersistence$/, /^cookie$/, 'SessionPersistenceCookie'],
  [/^SessionPersistence$/, /^header$/, 'SessionPersistenceHeader'],
  [/Filter$/, /^(request|response)HeaderModifier$/, 'HTTPHeaderFilter'],
  [/^HTTPHeaderFilter$/, /^(add|set)$/, 'HTTPHeader'],
  [/Filter$/, /^requestMirror$/, 'HTTPRequestMirrorFilter'],
  [/Filter$/, /^requestRedirect$/, 'HTTPRequestRedirectFilter'],
  [/Filter$/, /^urlRewrite$/, 'HTTPURLRewriteFilter'],
  [/Filter$/, /^cors$/, 'HTTPCORSFilter'],
  [/Filter$/, /^externalAuth$/, 'HTTPExternalAuthFilter'],
  [/^HTTP(RequestRedirect|URLRewrite)Filter$/, /^path$/, 'HTTPPathModifier'],
  [/^HTTPRequestMirrorFilter$/, /^fraction$/, 'Fraction'],
  [/^HTTP(RequestMirror|ExternalAuth)Filter$/, /^backendRef$/, 'BackendObjectReference'],
  [/^HTTPExternalAuthFilter$/, /^http$/, 'HTTPAuthConfig'],
  [/^HTTPExternalAuthFilter$/, /^grpc$/, 'GRPCAuthConfig'],
  [/^HTTPExternalAuthFilter$/, /^forwardBody$/, 'ForwardBodyConfig'],
  [/^TLSRouteSpec$/, /^rules$/, 'TLSRouteRule'],
  [/^TCPRouteSpec$/, /^rules$/, 'TCPRouteRule'],
  [/^UDPRouteSpec$/, /^rules$/, 'UDPRouteRule'],
  [/^(TLS|TCP|UDP)RouteRule$/, /^backendRefs$/, 'BackendRef'],
  [/^ReferenceGrantSpec$/, /^from$/, 'ReferenceGrantFrom'],
  [/^ReferenceGrantSpec$/, /^to$/, 'ReferenceGrantTo'],
  [/^BackendTLSPolicySpec$/, /^targetRefs$/, 'PolicyTargetReferenceWithSectionName'],
  [/^BackendTLSPolicySpec$/, /^validation$/, 'BackendTLSPolicyValidation'],
  [/^BackendTLSPolicyValidation$/, /^subjectAltNames$/, 'SubjectAltName'],
];

/** The text of the types file. Throws if two different shapes end up under one name. */
export function writeTypes(kinds: readonly KindSchema[], source: string): string {
  const shapes = new Map<string, string>();

  const typeOf = (node: CrdNode, owner: string, field: string): string => {
    if (node['x-kubernetes-int-or-string'] === true) return 'number | string';
    if (node.enum !== undefined) return node.enum.map(quote).join(' | ');
    switch (node.type) {
      case 'string':
        return 'string';
      case 'boolean':
        return 'boolean';
      case 'integer':
      case 'number':
        return 'number';
      case 'array': {
        const item = node.items === undefined ? 'unknown' : typeOf(node.items, owner, field);
        return `readonly ${item.includes(' | ') ? `(${item})` : item}[]`;
      }
      case 'object':
      case undefined:
        break;
    }
    if (typeof node.additionalProperties === 'object') {
      return `Readonly<Record<string, ${typeOf(node.additionalProperties, owner, field)}>>`;
    }
    return node.properties === undefined ? 'unknown' : named(node, owner, field);
  };

  const named = (node: CrdNode, owner: string, field: string): string => {
    const given = NAMES.find(([owners, fields]) => owners.test(owner) && fields.test(field));
    const name = given?.[2] ?? `${owner}${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    const required = new Set(node.required);
    const lines = Object.entries(node.properties ?? {}).map(([key, child]) => {
      const value = child.default === undefined ? undefined : JSON.stringify(child.default);
      const doc = value === undefined || value.length > 80 ? '' : `  /** Default: \`${value}\`. */\n`;
      const optional = required.has(key) || value !== undefined ? '' : '?';
      return `${doc}  readonly ${key}${optional}: ${typeOf(child, name, key)};`;
    });
    const shape = lines.join('\n');
    const other = shapes.get(name);
    if (other !== undefined && other !== shape) throw new Error(`two shapes for ${name}:\n${other}\n---\n${shape}`);
    shapes.set(name, shape);
    return name;
  };

  const objects = kinds.map((schema) => {
    const properties = schema.versions['v1']?.properties ?? {};
    const {spec, status} = properties;
    if (spec === undefined) throw new Error(`no spec in v1 of ${schema.kind}`);
    const lines = [
      `  readonly kind: '${schema.kind}';`,
      `  readonly spec: ${typeOf(spec, schema.kind, 'spec')};`,
      ...(status === undefined ? [] : [`  readonly status?: ${typeOf(status, schema.kind, 'status')};`]),
    ];
    return `export type ${schema.kind} = KubeObject & {\n${lines.join('\n')}\n};`;
  });

  return [
    `// Generated by src/schema/generate.ts from ${source}: do not edit.`,
    `// Fields with a default are required: validation and API servers fill them in.`,
    `import type {KubeObject} from '../api/object.ts';`,
    '',
    ...objects.flatMap((text) => [text, '']),
    ...[...shapes].flatMap(([name, shape]) => [`export type ${name} = {\n${shape}\n};`, '']),
  ].join('\n');
}

function quote(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value}'`;
}
