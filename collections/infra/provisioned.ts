import type {Reason} from '../../src/api/conditions.ts';
import {objectKey} from '../../src/api/object.ts';
import {namespaceOf} from '../../src/api/refs.ts';
import {type Collection, type Context, derive, deriveOutputs, union} from '../../src/krt/index.ts';
import {managedGateways} from '../gateway/gateways.ts';
import type {GatewayRow} from '../gateway/ir.ts';
import {isSupportedProtocol} from '../gateway/listener-kinds.ts';
import {listenersByGateway} from '../gateway/listeners.ts';
import {gatewayClasses, gateways, settings} from '../inputs.ts';
import type {Provisioning} from '../settings.ts';
import {agentgatewayObjects} from './agentgateway-objects.ts';
import {envoyObjects} from './envoy-objects.ts';
import type {Manifest} from './manifest.ts';
import {envoyParametersOf} from './parameters.ts';
import {StrategicMergeError} from './strategic-merge.ts';

/** An object that is to exist in the cluster, as it is to be. Key: `Kind/namespace/name`. */
export type ProvisionedObjectRow = {
  readonly key: string;
  /** Key of the Gateway that it is made for. */
  readonly gateway: string;
  readonly object: Manifest;
  /** Where there is such an object already, it stays as it is: it may hold a key that is in use. */
  readonly keepExisting: boolean;
};

/** Key: that of the Gateway. */
export type GatewayProvisioningRow = {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /**
   * `managed`: the objects of the Gateway are those of provisionedObjects, no more and no less. Otherwise what there is
   * stays as it is: the user sees to it, or what is wanted is not known.
   */
  readonly mode: 'managed' | 'self-managed' | 'withheld';
  /** Why it is withheld. */
  readonly problem?: Reason;
};

type Made = {readonly objects: readonly ProvisionedObjectRow[]; readonly gateways: GatewayProvisioningRow | undefined};
type Outputs = {objects: ProvisionedObjectRow; gateways: GatewayProvisioningRow};

const provisioned = deriveOutputs<GatewayRow, Outputs>('provisioned', {
  from: managedGateways,
  outputs: {objects: 'provisioned-objects', gateways: 'provisioned-managed-gateways'},
  rows: (ctx, gateway): Made => {
    const provisioning = provisioningOf(ctx);
    if (provisioning === undefined) return {objects: [], gateways: undefined};
    const {key, namespace, name, uid, rejected} = gateway;
    const row = {key, namespace, name, ...(uid !== undefined && {uid})};
    if (rejected !== undefined) return {objects: [], gateways: {...row, mode: 'withheld', problem: rejected}};
    try {
      const objects = objectsOf(ctx, gateway, provisioning);
      if (objects === undefined) return {objects: [], gateways: {...row, mode: 'self-managed'}};
      return {objects: objects.map((object) => rowOf(gateway, object)), gateways: {...row, mode: 'managed'}};
    } catch (error) {
      if (!(error instanceof StrategicMergeError)) throw error;
      const problem = {reason: 'InvalidParameters', message: error.message};
      return {objects: [], gateways: {...row, mode: 'withheld', problem}};
    }
  },
});

/** Everything that is to exist for Gateways, where we make it. */
export const provisionedObjects = provisioned.objects;

/** Gateways whose class is gone. It may come back, and until then what runs for them had better go on running. */
const classlessGateways = derive('classless-gateways', {
  from: gateways,
  rows: (ctx, gateway): GatewayProvisioningRow | undefined => {
    if (provisioningOf(ctx) === undefined || ctx.exists(gatewayClasses, gateway.spec.gatewayClassName))
      return undefined;
    return {key: objectKey(gateway), namespace: namespaceOf(gateway), name: gateway.metadata.name, mode: 'withheld'};
  },
});

/**
 * How each of the Gateways is provisioned; no rows where none is by us. What was made for a Gateway that is not among them
 * is not wanted any more: it is gone, or of another controller's class now.
 */
export const provisionedGateways: Collection<GatewayProvisioningRow> = union('provisioned-gateways', [
  provisioned.gateways,
  classlessGateways,
]);

const provisioningOf = (ctx: Context): Provisioning | undefined =>
  ctx.get(settings, 'settings', (row) => (row.provider === 'kubernetes' ? row.provisioning : undefined));

/** Undefined where the user sees to it. */
function objectsOf(ctx: Context, gateway: GatewayRow, provisioning: Provisioning): readonly Manifest[] | undefined {
  if (gateway.selfManaged) return undefined;
  // A listener keeps its place while its certificate is missing: a Service that loses ports costs connections.
  const listeners = ctx
    .list(listenersByGateway, gateway.key, ({port, protocol}) => ({port, protocol}))
    .filter(({protocol}) => isSupportedProtocol(protocol));
  switch (gateway.dialect) {
    case 'agentgateway':
      return agentgatewayObjects(ctx, gateway, listeners, provisioning);
    case 'envoy': {
      const parameters = envoyParametersOf(ctx, gateway.parameters);
      return parameters.selfManaged ? undefined : envoyObjects(gateway, listeners, provisioning, parameters);
    }
  }
}

function rowOf({key: gateway}: GatewayRow, object: Manifest): ProvisionedObjectRow {
  const {kind, metadata} = object;
  return {key: `${kind}/${metadata.namespace}/${metadata.name}`, gateway, object, keepExisting: kind === 'Secret'};
}
