import {createHash} from 'node:crypto';
import type {Resource} from '../../../src/xds/api.ts';
import {refOf} from '../../../src/xds/ref.ts';
import {typeUrls} from '../../../src/xds/type-urls.ts';

/** What a resource of these tests says in its bytes; the server never reads it, the model client obeys it. */
export type Body = {
  readonly content: string;
  readonly refs: readonly string[];
  readonly parent?: string;
  /** The client rejects it. */
  readonly bad?: boolean;
  /** agentgateway applies it and complains. */
  readonly warn?: boolean;
  /** Names (`type|name`) an Envoy subscribes to once it has this. */
  readonly subscribes?: readonly string[];
};

export type ResourceSpec = Partial<Body> & {
  readonly scope?: string;
  readonly order?: number;
  readonly padding?: number;
};

export const defaultScope = 'envoy/default/gw';

export function resource(type: string, name: string, spec: ResourceSpec = {}): Resource {
  const {scope = defaultScope, order, padding, content = '', refs = [], parent, ...rest} = spec;
  const body: Body = {
    ...rest,
    content: content + 'x'.repeat(padding ?? 0),
    refs,
    ...(parent === undefined ? {} : {parent}),
  };
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    scope,
    type,
    name,
    version: createHash('sha1').update(bytes).digest('hex').slice(0, 16),
    bytes,
    refs,
    ...(parent === undefined ? {} : {parent}),
    ...(order === undefined ? {} : {order}),
  };
}

const of = (type: string) => ({
  ref: (name: string): string => refOf(type, name),
  make: (name: string, spec?: ResourceSpec): Resource => resource(type, name, spec),
});

export const cluster = of(typeUrls.cluster);
export const endpoints = of(typeUrls.endpoints);
export const secret = of(typeUrls.secret);
export const listener = of(typeUrls.listener);
export const routes = of(typeUrls.routeConfiguration);
export const virtualHost = of(typeUrls.virtualHost);
const agentgateway = (type: string) => ({
  ref: (name: string): string => refOf(type, name),
  make: (name: string, spec: ResourceSpec = {}): Resource =>
    resource(type, name, {scope: 'agentgateway/default/gw', ...spec}),
});
export const address = agentgateway(typeUrls.address);
export const config = agentgateway(typeUrls.resource);
