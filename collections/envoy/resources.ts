import {union} from '../../src/krt/index.ts';
import type {ResourceRow} from '../resource.ts';
import {envoyClusters} from './clusters.ts';
import {envoyEndpoints} from './endpoints.ts';
import {envoyListeners} from './listeners.ts';
import {envoyRouteConfigurations} from './route-configurations.ts';
import {envoySecrets} from './secrets.ts';
import {envoyVirtualHosts} from './virtual-hosts.ts';

/** Everything that Envoys are sent. */
export const envoyResources = union<ResourceRow>('envoy-resources', [
  envoyClusters,
  envoyEndpoints,
  envoyListeners,
  envoyRouteConfigurations,
  envoyVirtualHosts,
  envoySecrets,
]);
