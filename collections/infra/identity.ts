import type {Dialect} from '../../src/api/dialect.ts';
import {infraName, labelValue} from '../../src/api/infra-name.ts';
import type {JsonObject} from '../../src/api/json.ts';
import {gatewayGroup} from '../../src/api/refs.ts';
import type {GatewayRow} from '../gateway/ir.ts';

type Texts = {readonly [name: string]: string};

/** What all that is made for a Gateway has in common. */
export type Identity = {
  readonly namespace: string;
  /** Of most objects, and what labels call the Gateway. */
  readonly name: string;
  /** Of every object. */
  readonly labels: Texts;
  /** Of its Pods. */
  readonly podLabels: Texts;
  /** Those among podLabels that no other Pod has. */
  readonly selector: Texts;
  /** Those by which objects are told to be of the Gateway. */
  readonly gatewayLabels: Texts;
  readonly annotations: Texts;
  /** At most one: the Gateway, which takes everything along when it goes. */
  readonly owners: readonly JsonObject[];
};

/** Who is told to look after the objects. */
const managers: Readonly<Record<Dialect, string>> = {envoy: 'sluice', agentgateway: 'agentgateway'};

export function identityOf(gateway: GatewayRow, version: string): Identity {
  const {namespace, dialect, className, uid, annotations} = gateway;
  const name = infraName(gateway.name);
  const ofGateway = {[`${gatewayGroup}/gateway-name`]: name};
  const gatewayLabels = {...ofGateway, [`${gatewayGroup}/gateway-class-name`]: labelValue(className)};
  const app = {'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': name};
  // Labels of the user's go first: Services and Deployments find Pods by ours.
  const podLabels = {...gateway.labels, ...app, ...gatewayLabels};
  return {
    namespace,
    name,
    labels: {
      ...podLabels,
      'app.kubernetes.io/managed-by': managers[dialect],
      'app.kubernetes.io/version': version,
    },
    podLabels,
    selector: {...app, ...ofGateway},
    gatewayLabels,
    annotations,
    owners: uid === undefined ? [] : [ownerReference(gateway.name, uid)],
  };
}

const ownerReference = (name: string, uid: string): JsonObject => ({
  apiVersion: `${gatewayGroup}/v1`,
  kind: 'Gateway',
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});
