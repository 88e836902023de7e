/** All that agentgateway proxies are sent, of both types. */
import {type Collection, union} from '../../src/krt/index.ts';
import type {ResourceRow} from '../resource.ts';
import {agentgatewayBinds} from './binds.ts';
import {agentgatewayListeners} from './listeners.ts';
import {agentgatewayRoutes} from './routes.ts';
import {agentgatewayServices} from './services.ts';
import {agentgatewayWorkloads} from './workloads.ts';

export const agentgatewayResources: Collection<ResourceRow> = union('agentgateway-resources', [
  agentgatewayBinds,
  agentgatewayListeners,
  agentgatewayRoutes,
  agentgatewayServices,
  agentgatewayWorkloads,
]);
