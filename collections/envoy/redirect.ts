/** RequestRedirect (Gateway API v1, HTTPRequestRedirectFilter). */
import {envoy} from '../../src/gen/proto/envoy.js';
import {isWildcard} from '../../src/api/hostname.ts';
import type {Redirect, RouteMatch} from '../gateway/ir.ts';
import {pathChange} from './path-modifier.ts';

/** Where a redirecting route stands: what it leaves open is taken from there. */
export type RoutePlace = {
  readonly port: number;
  readonly protocol: string;
  /** Hostname of its VirtualHost, `''` = all. */
  readonly hostname: string;
};

const wellKnownPort = (scheme: 'http' | 'https'): number => (scheme === 'https' ? 443 : 80);

export function redirectAction(
  redirect: Redirect,
  match: RouteMatch,
  place: RoutePlace,
): envoy.config.route.v3.IRedirectAction {
  const {path} = redirect;
  return {
    ...(redirect.scheme && {schemeRedirect: redirect.scheme}),
    ...authority(redirect, place),
    ...(path?.type === 'ReplaceFullPath' ? {pathRedirect: path.value} : pathChange(path, match.path)),
    responseCode: responseCode(redirect.statusCode),
  };
}

/**
 * Without a port in the filter it is the well-known one of the scheme, or that of the listener if there is no scheme
 * either. The well-known port is not spelled out, unless Envoy would then keep a port that the client's Host may
 * carry because this listener is on an unusual one.
 */
function authority(redirect: Redirect, place: RoutePlace): envoy.config.route.v3.IRedirectAction {
  const own = place.protocol === 'HTTPS' ? 'https' : 'http';
  const scheme = redirect.scheme ?? own;
  const port = redirect.port ?? (redirect.scheme === undefined ? place.port : wellKnownPort(scheme));
  const host = redirect.hostname === undefined ? {} : {hostRedirect: redirect.hostname};
  if (port !== wellKnownPort(scheme)) return {...host, portRedirect: port};
  if (redirect.hostname !== undefined || place.port === wellKnownPort(own)) return host;
  return namesOneHost(place.hostname) ? {hostRedirect: place.hostname} : {portRedirect: port};
}

/** Whether the result depends on which hostname the route stands under, so that its bytes cannot be shared. */
export function dependsOnHostname(redirect: Redirect, {port, protocol}: RoutePlace): boolean {
  return redirect.hostname === undefined && port !== wellKnownPort(protocol === 'HTTPS' ? 'https' : 'http');
}

const namesOneHost = (hostname: string): boolean => hostname !== '' && !isWildcard(hostname);

function responseCode(status: number): envoy.config.route.v3.RedirectAction.RedirectResponseCode {
  const codes = envoy.config.route.v3.RedirectAction.RedirectResponseCode;
  switch (status) {
    case 301:
      return codes.MOVED_PERMANENTLY;
    case 303:
      return codes.SEE_OTHER;
    case 307:
      return codes.TEMPORARY_REDIRECT;
    case 308:
      return codes.PERMANENT_REDIRECT;
    default:
      return codes.FOUND;
  }
}
