/** Which HTTPRoutes send traffic to a Service, and what a Service is told that none does. */
import {conditionOf, objectKey} from 'sluice/api';
import {type Extension, httpRoutes, services, statusRow} from 'sluice/collections';
import {derive, index} from 'sluice/krt';

/** Routes by the Services that their rules name, `namespace/name`. */
const routesByService = index(httpRoutes, 'service', ({metadata, spec}) =>
  spec.rules.flatMap(({backendRefs = []}) =>
    backendRefs.map(({namespace, name}) => `${namespace ?? metadata.namespace}/${name}`),
  ),
);

/** Key: that of the Service. The routes are read through a projection, their keys: nothing else of them matters here. */
const routesPerService = derive('routes-per-service', {
  from: services,
  rows: (ctx, service) => ({
    key: objectKey(service),
    routes: ctx.list(routesByService, objectKey(service), objectKey),
  }),
});

const serviceStatus = derive('service-status', {
  from: services,
  rows: (ctx, service) => {
    const unused = ctx.get(routesPerService, objectKey(service), ({routes}) => routes.length === 0);
    const problem = unused ? {reason: 'NoRoute', message: 'no HTTPRoute sends traffic to it'} : undefined;
    return statusRow(service, [conditionOf('Routed', 'Routed', problem)]);
  },
});

export default {outputs: [routesPerService], statuses: [serviceStatus]} satisfies Extension;
