/** Manifests without fault, to stand beside the broken ones. Every kind that Sluice reads, and one it does not. */
export const GOOD_MANIFESTS: Readonly<Record<string, string>> = {
  'good.yaml': `
apiVersion: v1
kind: Namespace
metadata: {name: good}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: good}
spec: {controllerName: sluice.dev/envoy}
---
# an application beside its route
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: good}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: good}
spec:
  gatewayClassName: good
  listeners:
  - {name: http, port: 80, protocol: HTTP}
---
`,
  'folder/deeper/good.yml': `
apiVersion: v1
kind: List
items:
- apiVersion: gateway.networking.k8s.io/v1
  kind: HTTPRoute
  metadata: {name: web, namespace: good}
  spec:
    parentRefs: [{name: web}]
    rules: [{backendRefs: [{name: web, port: 80}]}]
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: good}
  spec: {ports: [{port: 80}]}
`,
  'good.json': JSON.stringify({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSliceList',
    items: [
      {
        metadata: {name: 'web-1', namespace: 'good', labels: {'kubernetes.io/service-name': 'web'}},
        addressType: 'IPv4',
        endpoints: [{addresses: ['127.0.0.1']}],
        ports: [{port: 8080}],
      },
    ],
  }),
};

/** Ids of what the manifests above define, sorted. */
export const GOOD_OBJECTS: readonly string[] = [
  '/Namespace good',
  '/Service good/web',
  'discovery.k8s.io/EndpointSlice good/web-1',
  'gateway.networking.k8s.io/Gateway good/web',
  'gateway.networking.k8s.io/GatewayClass good',
  'gateway.networking.k8s.io/HTTPRoute good/web',
];
