/** `sluice/api`: the kinds of Kubernetes and Gateway API, and pure helpers for their objects. */
export {conditionFalse, conditionOf, conditionTrue} from '../api/conditions.ts';
export {parseDuration} from '../api/duration.ts';
export {compareHostnames, hostnameCovers, intersectHostnames, isWildcard, normalizeHostname} from '../api/hostname.ts';
export {isIpAddress} from '../api/ip-address.ts';
export {groupKind, objectKey} from '../api/object.ts';
export {gatewayGroup, kindKey, namespaceOf, refersTo, refKey} from '../api/refs.ts';
export {backendProtocol, findServicePort} from '../api/service-port.ts';
export type {ConditionState, Reason} from '../api/conditions.ts';
export type {Dialect} from '../api/dialect.ts';
export type {KubeObject, ObjectMeta} from '../api/object.ts';
export type {GroupKind, ReferenceFrom, ReferenceTo} from '../api/refs.ts';
export type * from '../api/core.ts';
export type * from '../gen/gateway-api.ts';
