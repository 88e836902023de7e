/** References of routes to their parents, as statuses repeat them. */
type ParentRef = Readonly<Record<string, unknown>>;

/** A field of a parentRef; `''` if it has none. */
const field = (parentRef: ParentRef, name: string): string => {
  const value = parentRef[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

/** `namespace/name` of the parent; the namespace is the route's own unless the reference names one. */
export function parentKey(parentRef: ParentRef, routeNamespace: string): string {
  const namespace = field(parentRef, 'namespace');
  return `${namespace === '' ? routeNamespace : namespace}/${field(parentRef, 'name')}`;
}

/** The reference as a person would write it: `infra/web/https:8443`, as far as it says so. */
export function parentText(parentRef: ParentRef): string {
  const [namespace, section, port] = ['namespace', 'sectionName', 'port'].map((name) => field(parentRef, name));
  const name = field(parentRef, 'name');
  return `${namespace ? `${namespace}/` : ''}${name}${section ? `/${section}` : ''}${port ? `:${port}` : ''}`;
}
