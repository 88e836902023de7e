import {derive} from '../../src/krt/index.ts';
import {settings} from '../inputs.ts';
import type {ResourceRow} from '../resource.ts';
import {envoyVirtualHosts} from './virtual-hosts.ts';

/** The VirtualHosts that are sent on their own: all, unless the settings have them inside their RouteConfiguration. */
export const envoyVirtualHostResources = derive('envoy-virtual-host-resources', {
  from: envoyVirtualHosts,
  reads: [settings],
  rows: (ctx, virtualHost): ResourceRow | undefined =>
    ctx.get(settings, 'settings', ({envoy}) => envoy.virtualHosts) === 'rds' ? undefined : virtualHost,
});
