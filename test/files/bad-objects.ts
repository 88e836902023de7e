/** What an API server would refuse. */
import {type BadManifest, core, EMPTY_ROUTE, gateway, gatewayApi, load, object, route, rule} from './bad-manifest.ts';

const IDENTITY: readonly BadManifest[] = [
  load('no-kind.yaml', 'apiVersion: v1\nmetadata: {name: a}\n', ':1 (document 1): kind: is required'),
  load(
    'no-api-version.yaml',
    'kind: HTTPRoute\nmetadata: {name: a}\n',
    ':1 (document 1, HTTPRoute a): apiVersion: is required',
  ),
  load(
    'misspelt-kind.yaml',
    object('gateway.networking.k8s.io/v1', 'HttpRoute', 'a', 'spec: {}'),
    ':2 (document 1, HttpRoute a/bad): kind: there is no kind "HttpRoute" in "gateway.networking.k8s.io/v1"',
  ),
  load(
    'misspelt-core-kind.yaml',
    object('v1', 'Servise', 'a', 'spec: {}'),
    ':2 (document 1, Servise a/bad): kind: there is no kind "Servise" in "v1"',
  ),
  load(
    'wrong-group.yaml',
    object('v1', 'HTTPRoute', 'a', 'spec: {}'),
    ':2 (document 1, HTTPRoute a/bad): kind: there is no kind "HTTPRoute" in "v1" (it is a kind of gateway.networking.k8s.io)',
  ),
  load(
    'unserved-version.yaml',
    object('gateway.networking.k8s.io/v1alpha2', 'HTTPRoute', 'unserved-version', 'spec: {}'),
    ':1 (document 1, HTTPRoute unserved-version/bad): apiVersion: HTTPRoute has no version "gateway.networking.k8s.io/v1alpha2", only gateway.networking.k8s.io/v1, gateway.networking.k8s.io/v1beta1',
  ),
  load(
    'no-name.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: {}\n',
    ':3 (document 1, Namespace): metadata.name: is required',
  ),
  load(
    'bad-name.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: My_Namespace}\n',
    ':3 (document 1, Namespace My_Namespace): metadata.name: must be a lower-case DNS label, is "My_Namespace"',
  ),
  load(
    'bad-label.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: bad-label, labels: {a: "no spaces"}}\n',
    ':3 (document 1, Namespace bad-label): metadata.labels.a: must be at most 63 letters, digits, -, _ and ., is "no spaces"',
  ),
  load(
    'label-number.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: label-number, labels: {a: 1}}\n',
    ':3 (document 1, Namespace label-number): metadata.labels.a: must be a string, is the number 1',
  ),
  load(
    'unknown-metadata.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: unknown-metadata, label: {}}\n',
    ':3 (document 1, Namespace unknown-metadata): metadata.label: unknown field',
  ),
  load(
    'class-namespace.yaml',
    object('gateway.networking.k8s.io/v1', 'GatewayClass', 'a', 'spec: {controllerName: a.b/c}'),
    ':5 (document 1, GatewayClass bad): metadata.namespace: must not be set: this kind is not namespaced',
  ),
];

const ROUTES: readonly BadManifest[] = [
  gatewayApi('HTTPRoute', 'no-spec', 'status: {}', ':1 (document 1, HTTPRoute no-spec/bad): spec: is required'),
  route(
    'unknown-field',
    'hostname: [a.example.com]',
    ':7 (document 1, HTTPRoute unknown-field/bad): spec.hostname: unknown field',
  ),
  rule(
    'unknown-deep-field',
    'match: []',
    ':8 (document 1, HTTPRoute unknown-deep-field/bad): spec.rules[0].match: unknown field',
  ),
  route(
    'hostname-upper-case',
    'hostnames: [WWW.example.com]',
    ':7 (document 1, HTTPRoute hostname-upper-case/bad): spec.hostnames[0]: must match ^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$, is "WWW.example.com"',
  ),
  route(
    'hostnames-no-list',
    'hostnames: www.example.com',
    ':7 (document 1, HTTPRoute hostnames-no-list/bad): spec.hostnames: must be a list, is the string "www.example.com"',
  ),
  rule(
    'port-text',
    'backendRefs: [{name: a, port: "80"}]',
    ':8 (document 1, HTTPRoute port-text/bad): spec.rules[0].backendRefs[0].port: must be an integer, is the string "80"',
  ),
  rule(
    'port-range',
    'backendRefs: [{name: a, port: 70000}]',
    ':8 (document 1, HTTPRoute port-range/bad): spec.rules[0].backendRefs[0].port: must be at most 65535, is 70000',
  ),
  rule(
    'port-missing',
    'backendRefs: [{name: a}]',
    ':8 (document 1, HTTPRoute port-missing/bad): spec.rules[0].backendRefs[0]: Must have port for Service reference',
  ),
  rule(
    'header-value-yes',
    'matches: [{headers: [{name: x, value: yes}]}]',
    ':8 (document 1, HTTPRoute header-value-yes/bad): spec.rules[0].matches[0].headers[0].value: must be a string, is the boolean true',
  ),
  rule(
    'path-type',
    'matches: [{path: {type: Prefix, value: /}}]',
    ':8 (document 1, HTTPRoute path-type/bad): spec.rules[0].matches[0].path.type: must be one of "Exact", "PathPrefix", "RegularExpression", is "Prefix"',
  ),
  rule(
    'path-relative',
    'matches: [{path: {value: a}}]',
    ":8 (document 1, HTTPRoute path-relative/bad): spec.rules[0].matches[0].path: value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
  ),
  rule(
    'path-double-slash',
    'matches: [{path: {type: Exact, value: a//b}}]',
    ":8 (document 1, HTTPRoute path-double-slash/bad): spec.rules[0].matches[0].path: value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']\n:8 (document 1, HTTPRoute path-double-slash/bad): spec.rules[0].matches[0].path: must not contain '//' when type one of ['Exact', 'PathPrefix']",
  ),
  rule(
    'path-bad-characters',
    "matches: [{path: {value: '/a b'}}]",
    ":8 (document 1, HTTPRoute path-bad-characters/bad): spec.rules[0].matches[0].path: must only contain valid characters (matching ^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$) for types ['Exact', 'PathPrefix']",
  ),
  rule(
    'method-unknown',
    'matches: [{method: FETCH}]',
    ':8 (document 1, HTTPRoute method-unknown/bad): spec.rules[0].matches[0].method: must be one of "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", is "FETCH"',
  ),
  rule(
    'same-header-twice',
    'matches: [{headers: [{name: a, value: b}, {name: a, value: c}]}]',
    ':8 (document 1, HTTPRoute same-header-twice/bad): spec.rules[0].matches[0].headers[1]: an entry with name "a" stands already at index 0',
  ),
  rule(
    'filter-without-body',
    'filters: [{type: RequestRedirect}]',
    ':8 (document 1, HTTPRoute filter-without-body/bad): spec.rules[0].filters[0]: filter.requestRedirect must be specified for RequestRedirect filter.type',
  ),
  rule(
    'filter-wrong-body',
    'filters: [{type: CORS, cors: {}, urlRewrite: {hostname: a.b}}]',
    ':8 (document 1, HTTPRoute filter-wrong-body/bad): spec.rules[0].filters[0]: filter.urlRewrite must be nil if the filter.type is not URLRewrite',
  ),
  rule(
    'redirect-and-backend',
    'filters: [{type: RequestRedirect, requestRedirect: {}}]\n    backendRefs: [{name: a, port: 80}]',
    ':8 (document 1, HTTPRoute redirect-and-backend/bad): spec.rules[0]: RequestRedirect filter must not be used together with backendRefs',
  ),
  rule(
    'redirect-code',
    'filters: [{type: RequestRedirect, requestRedirect: {statusCode: 404}}]',
    ':8 (document 1, HTTPRoute redirect-code/bad): spec.rules[0].filters[0].requestRedirect.statusCode: must be one of 301, 302, 303, 307, 308, is 404',
  ),
  rule(
    'timeouts',
    'timeouts: {request: 1s, backendRequest: 2s}',
    ':8 (document 1, HTTPRoute timeouts/bad): spec.rules[0].timeouts: backendRequest timeout cannot be longer than request timeout',
  ),
  rule(
    'duration',
    'timeouts: {request: 1 minute}',
    ':8 (document 1, HTTPRoute duration/bad): spec.rules[0].timeouts.request: must match ^([0-9]{1,5}(h|m|s|ms)){1,4}$, is "1 minute"',
  ),
  rule(
    'weight',
    'backendRefs: [{name: a, port: 80, weight: -1}]',
    ':8 (document 1, HTTPRoute weight/bad): spec.rules[0].backendRefs[0].weight: must be at least 0, is -1',
  ),
  route(
    'rule-names',
    'rules: [{name: a}, {name: a}]',
    ':7 (document 1, HTTPRoute rule-names/bad): spec.rules: Rule name must be unique within the route',
  ),
  route(
    'parents-twice',
    'parentRefs: [{name: a}, {name: a}]',
    ':7 (document 1, HTTPRoute parents-twice/bad): spec.parentRefs: sectionName or port must be unique when parentRefs includes 2 or more references to the same parent',
  ),
  route(
    'too-many-hostnames',
    `hostnames: [${Array.from({length: 17}, (_, n) => `h${n}.a`).join(', ')}]`,
    ':7 (document 1, HTTPRoute too-many-hostnames/bad): spec.hostnames: must have at most 16 entries, has 17',
  ),
  rule(
    'rule-is-text',
    'all',
    ':8 (document 1, HTTPRoute rule-is-text/bad): spec.rules[0]: must be an object, is the string "all"',
  ),
];

const OTHERS: readonly BadManifest[] = [
  gatewayApi(
    'Gateway',
    'gateway-without-listeners',
    'spec: {gatewayClassName: a, listeners: []}',
    ':6 (document 1, Gateway gateway-without-listeners/bad): spec.listeners: must not be empty',
  ),
  gateway(
    'listener-names',
    '- {name: a, port: 80, protocol: HTTP}\n  - {name: a, port: 81, protocol: HTTP}',
    ':10 (document 1, Gateway listener-names/bad): spec.listeners[1]: an entry with name "a" stands already at index 0',
  ),
  gateway(
    'listener-same-port',
    '- {name: a, port: 80, protocol: HTTP}\n  - {name: b, port: 80, protocol: HTTP}',
    ':8 (document 1, Gateway listener-same-port/bad): spec.listeners: Combination of port, protocol and hostname must be unique for each listener',
  ),
  gateway(
    'listener-http-tls',
    '- {name: a, port: 80, protocol: HTTP, tls: {certificateRefs: [{name: a}]}}',
    ":8 (document 1, Gateway listener-http-tls/bad): spec.listeners: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
  ),
  gateway(
    'listener-https-without-certificate',
    '- {name: a, port: 443, protocol: HTTPS, tls: {}}',
    ':9 (document 1, Gateway listener-https-without-certificate/bad): spec.listeners[0].tls: certificateRefs or options must be specified when mode is Terminate',
  ),
  gateway(
    'listener-name-missing',
    '- {port: 80, protocol: HTTP}',
    ':9 (document 1, Gateway listener-name-missing/bad): spec.listeners[0].name: is required',
  ),
  gatewayApi(
    'Gateway',
    'gateway-address',
    'spec:\n  gatewayClassName: a\n  listeners: [{name: a, port: 80, protocol: HTTP}]\n  addresses: [{value: 1.2.3}]',
    ':9 (document 1, Gateway gateway-address/bad): spec.addresses[0].value: must be an IP address, is "1.2.3"',
  ),
  gatewayApi(
    'TLSRoute',
    'tls-route-ip',
    'spec:\n  hostnames: [10.0.0.1]\n  rules: [{backendRefs: [{name: a, port: 443}]}]',
    ':7 (document 1, TLSRoute tls-route-ip/bad): spec.hostnames: Hostnames cannot contain an IP',
  ),
  gatewayApi(
    'GRPCRoute',
    'grpc-method',
    'spec:\n  rules: [{matches: [{method: {type: Exact}}]}]',
    ":7 (document 1, GRPCRoute grpc-method/bad): spec.rules[0].matches[0].method: One or both of 'service' or 'method' must be specified",
  ),
  gatewayApi(
    'ReferenceGrant',
    'grant-without-to',
    'spec:\n  from: [{group: "", kind: Service, namespace: a}]',
    ':6 (document 1, ReferenceGrant grant-without-to/bad): spec.to: is required',
  ),
  gatewayApi(
    'BackendTLSPolicy',
    'policy-without-ca',
    'spec:\n  targetRefs: [{group: "", kind: Service, name: a}]\n  validation: {hostname: a.b}',
    ':8 (document 1, BackendTLSPolicy policy-without-ca/bad): spec.validation: exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set',
  ),
  core(
    'Service',
    'service-without-ports',
    'spec: {type: ClusterIP}',
    ':6 (document 1, Service service-without-ports/bad): spec.ports: is required',
  ),
  core(
    'Service',
    'service-port-names',
    'spec:\n  ports: [{port: 80}, {name: b, port: 81}]',
    ':7 (document 1, Service service-port-names/bad): spec.ports[0].name: is required where there are several ports',
  ),
  core(
    'Service',
    'service-same-port',
    'spec:\n  ports: [{name: a, port: 80}, {name: b, port: 80}]',
    ':7 (document 1, Service service-same-port/bad): spec.ports[1]: an entry with port 80, protocol "TCP" stands already at index 0',
  ),
  core(
    'Service',
    'service-external-name',
    'spec: {type: ExternalName}',
    ':6 (document 1, Service service-external-name/bad): spec.externalName: is required by type ExternalName',
  ),
  core(
    'EndpointSlice',
    'slice-address',
    'addressType: IPv4\nendpoints: [{addresses: [backend.local]}]',
    ':7 (document 1, EndpointSlice slice-address/bad): endpoints[0].addresses[0]: must be an IPv4 address, is "backend.local"',
  ),
  core(
    'EndpointSlice',
    'slice-without-type',
    'endpoints: []',
    ':1 (document 1, EndpointSlice slice-without-type/bad): addressType: is required',
  ),
  core(
    'Secret',
    'secret-not-base64',
    'data: {a: "not base64!"}',
    ':6 (document 1, Secret secret-not-base64/bad): data.a: must be base64',
  ),
  core(
    'Secret',
    'secret-tls-key-missing',
    'type: kubernetes.io/tls\ndata: {tls.crt: YQ==}',
    ':7 (document 1, Secret secret-tls-key-missing/bad): data["tls.key"]: is required by type kubernetes.io/tls',
  ),
  core(
    'ConfigMap',
    'config-map-number',
    'data: {a: 1}',
    ':6 (document 1, ConfigMap config-map-number/bad): data.a: must be a string, is the number 1',
  ),
  load(
    'list-item.yaml',
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: list-item}}\n- apiVersion: v1\n  kind: Service\n  metadata: {name: bad, namespace: list-item}\n  spec:\n    ports: [{port: http}]\n',
    ':9 (document 1, Service list-item/bad): items[1].spec.ports[0].port: must be an integer, is the string "http"',
  ),
  load(
    'twice.yaml',
    `${EMPTY_ROUTE.replaceAll('NS', 'twice')}---\n${EMPTY_ROUTE.replaceAll('NS', 'twice')}`,
    ':8 (document 2, HTTPRoute twice/bad): defined twice: twice.yaml:1 (document 1) comes first and is used, this one is not',
  ),
  load(
    'zz-same-as-good.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: good}\n',
    ':1 (document 1, Namespace good): defined twice: good.yaml:2 (document 1) comes first and is used, this one is not',
  ),
];

export const BAD_OBJECTS: readonly BadManifest[] = [...IDENTITY, ...ROUTES, ...OTHERS];
