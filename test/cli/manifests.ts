import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** A Gateway of the envoy class on 127.0.0.1, one route, one Service with an endpoint. */
export const gatewayYaml = (port: number, name = 'web'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  gatewayClassName: envoy
  addresses: [{value: 127.0.0.1}]
  listeners: [{name: http, port: ${port}, protocol: HTTP}]
`;

export const routeYaml = (backend = 'app', path = '/', gateway = 'web', name = 'route'): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: ${gateway}}]
  rules:
  - matches: [{path: {type: PathPrefix, value: ${path}}}]
    backendRefs: [{name: ${backend}, port: 80}]
`;

export const serviceYaml = (port: number, name = 'app'): string => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {ports: [{port: 80, targetPort: ${port}}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{port: ${port}}]
endpoints: [{addresses: [127.0.0.1]}]
`;

export const secretYaml = (certificate: string, key: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
data: {tls.crt: ${Buffer.from(certificate).toString('base64')}, tls.key: ${Buffer.from(key).toString('base64')}}
`;

export const httpsGatewayYaml = (port: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: secure}
spec:
  gatewayClassName: envoy
  addresses: [{value: 127.0.0.1}]
  listeners: [{name: https, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: tls}]}}]
`;

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), {recursive: true});
    writeFileSync(join(folder, name), text);
  }
}
