/** The names by which a Service is reached in its cluster; those that resolvers find with their search paths too. */
export function serviceHosts(service: {
  readonly name: string;
  readonly namespace: string;
  readonly clusterDomain: string;
}): readonly string[] {
  const {name, namespace, clusterDomain} = service;
  const short = `${name}.${namespace}`;
  return [`${short}.svc`, `${short}.svc.${clusterDomain}`, short, name];
}
