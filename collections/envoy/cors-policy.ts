/** CORS (Gateway API v1, HTTPCORSFilter) as the per-route configuration of Envoy's CORS filter. */
import {envoy} from '../../src/gen/proto/envoy.js';
import type {google} from '../../src/gen/proto/envoy.js';
import type {Cors} from '../gateway/ir.ts';
import {extensionTypes, packAny} from './proto.ts';

export function corsPolicy(cors: Cors): google.protobuf.IAny {
  const {CorsPolicy} = envoy.extensions.filters.http.cors.v3;
  // With credentials `*` would be the name of a header. In the other lists Envoy answers it with what was asked for.
  const exposed = cors.exposeHeaders.filter((name) => name !== '*' || !cors.allowCredentials);
  const policy: envoy.extensions.filters.http.cors.v3.ICorsPolicy = {
    allowOriginStringMatch: cors.allowOrigins.map(originMatcher),
    allowMethods: cors.allowMethods.join(', '),
    allowHeaders: cors.allowHeaders.join(', '),
    exposeHeaders: exposed.join(', '),
    maxAge: String(cors.maxAge),
    allowCredentials: {value: cors.allowCredentials},
    // An origin that is not allowed gets an answer without CORS headers, not the backend's idea of CORS.
    forwardNotMatchingPreflights: {value: false},
  };
  return packAny(extensionTypes.corsPolicy, CorsPolicy.encode(policy).finish());
}

/** `*` stands for any number of characters; alone, for every origin. */
function originMatcher(origin: string): envoy.type.matcher.v3.IStringMatcher {
  if (!origin.includes('*')) return {exact: origin};
  const quoted = origin.split('*').map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`));
  return {safeRegex: {regex: quoted.join('.*')}};
}
