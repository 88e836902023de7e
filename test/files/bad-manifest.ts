/** The form of a case of the table in bad-manifests.ts, and short ways to write one. */

export type BadManifest = {
  /** The file's name; its ending decides how it is read. */
  readonly name: string;
  readonly text: () => string | Buffer;
  /** What is printed after the file's name, one line a problem. */
  readonly message: string;
};

/** An object called `bad`, in a namespace of its own so that no other case has the same name. */
export function object(apiVersion: string, kind: string, namespace: string, body: string): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: bad\n  namespace: ${namespace}\n${body}\n`;
}

export function load(name: string, text: string | (() => string | Buffer), message: string): BadManifest {
  return {name, text: typeof text === 'string' ? () => text : text, message};
}

/** A case made of one Gateway API object; its body begins on line 6. */
export function gatewayApi(kind: string, name: string, body: string, message: string): BadManifest {
  return load(`${name}.yaml`, object('gateway.networking.k8s.io/v1', kind, name, body), message);
}

export const route = (name: string, spec: string, message: string): BadManifest =>
  gatewayApi('HTTPRoute', name, `spec:\n  ${spec}`, message);
export const rule = (name: string, text: string, message: string): BadManifest =>
  route(name, `rules:\n  - ${text}`, message);
export const gateway = (name: string, listeners: string, message: string): BadManifest =>
  gatewayApi('Gateway', name, `spec:\n  gatewayClassName: envoy\n  listeners:\n  ${listeners}`, message);
export const core = (kind: string, name: string, body: string, message: string): BadManifest =>
  load(`${name}.yaml`, object(kind === 'EndpointSlice' ? 'discovery.k8s.io/v1' : 'v1', kind, name, body), message);

/** Valid; `NS` stands for the namespace. */
export const EMPTY_ROUTE = object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'NS', 'spec: {}');
