/**
 * Host names of listeners and routes: exact (`a.example.com`), wildcard (`*.example.com`: any number of labels to the
 * left, never the bare domain) or `''` for all hosts. Gateway API v1, Listener.hostname and HTTPRouteSpec.hostnames.
 */

/** The form in which hostnames are compared and sent: lower case, without a trailing dot. */
export function normalizeHostname(hostname: string | undefined): string {
  const lower = (hostname ?? '').toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

export const isWildcard = (hostname: string): boolean => hostname.startsWith('*.');

/** Whether everything that `inner` stands for is also covered by `outer`. */
export function hostnameCovers(outer: string, inner: string): boolean {
  if (outer === '' || outer === inner) return true;
  if (inner === '' || !isWildcard(outer)) return false;
  const suffix = outer.slice(1);
  return inner.endsWith(suffix) && inner.length > suffix.length;
}

/** What two hostnames have in common, which is the more specific of them, or undefined where they share no host. */
export function intersectHostnames(a: string, b: string): string | undefined {
  if (hostnameCovers(a, b)) return b;
  if (hostnameCovers(b, a)) return a;
  return undefined;
}

/**
 * A string that sorts before that of every less specific hostname: exact names, then wildcards, then `''`; among
 * equals the one with more characters (HTTPRouteSpec.hostnames: precedence of intersecting hostnames).
 */
export function hostnameRank(hostname: string): string {
  const kind = hostname === '' ? '2' : isWildcard(hostname) ? '1' : '0';
  return kind + String(999 - hostname.length).padStart(3, '0');
}

/** Most specific first; equally specific ones by name. */
export function compareHostnames(a: string, b: string): number {
  const left = `${hostnameRank(a)}${a}`;
  const right = `${hostnameRank(b)}${b}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
