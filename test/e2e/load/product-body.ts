/** Reads real resources for the model client: what they refer to, and what a proxy asks for once it has them. */
import {decodeResource} from '../../../src/decoder.ts';
import {refOf} from '../../../src/xds/ref.ts';
import {typeUrls} from '../../../src/xds/type-urls.ts';
import type {Body} from '../../xds/support/resources.ts';

/** Envoy's name for nothing: shares of invalid backends go there. */
const invalidCluster = 'invalid-backend';

/** `content` is the resource as protobuf JSON. Found by the names of fields, without help of the code that wrote them. */
export function readProductBody(type: string, bytes: Uint8Array): Body {
  const message = decodeResource(type, bytes);
  const body = {content: JSON.stringify(message), refs: []};
  const names = (field: string): string[] => [...new Set(valuesOf(message, field))].filter(isString);
  switch (type) {
    case typeUrls.cluster:
      return names('edsConfig').length > 0 || valuesOf(message, 'edsConfig').length > 0
        ? {
            ...body,
            subscribes: names('name')
              .slice(0, 1)
              .map((name) => refOf(typeUrls.endpoints, name)),
          }
        : body;
    case typeUrls.listener:
      return {
        ...body,
        subscribes: [
          ...names('routeConfigName').map((name) => refOf(typeUrls.routeConfiguration, name)),
          ...valuesOf(message, 'tlsCertificateSdsSecretConfigs')
            .flatMap((configs) => valuesOf(configs, 'name'))
            .filter(isString)
            .map((name) => refOf(typeUrls.secret, name)),
        ],
      };
    case typeUrls.virtualHost: {
      const [name = ''] = names('name');
      const weighted = valuesOf(message, 'weightedClusters').flatMap((one) => valuesOf(one, 'name'));
      const clusters = [...names('cluster'), ...weighted.filter(isString)].filter((one) => one !== invalidCluster);
      return {
        ...body,
        refs: clusters.flatMap((one) => [refOf(typeUrls.cluster, one), refOf(typeUrls.endpoints, one)]),
        parent: refOf(typeUrls.routeConfiguration, name.slice(0, name.lastIndexOf('/'))),
      };
    }
    case typeUrls.resource: {
      const services = valuesOf(message, 'service') as readonly {namespace: string; hostname: string}[]; // ServiceReference
      return {
        ...body,
        refs: services.map(({namespace, hostname}) => refOf(typeUrls.address, `${namespace}/${hostname}`)),
      };
    }
    default:
      return body;
  }
}

/** The values of all fields of that name, in document order, those of inner messages too. */
function valuesOf(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesOf(item, field));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === field ? [inner] : []),
    ...valuesOf(inner, field),
  ]);
}

const isString = (value: unknown): value is string => typeof value === 'string';
