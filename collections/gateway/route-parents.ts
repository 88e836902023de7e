/**
 * What routes see of Gateways and listeners: no more than attachment depends on. Thousands of routes read the same few
 * rows, so these are collections and not projections: what is nothing to routes stops here, compared once and not by
 * each of them.
 */
import {derive, index} from '../../src/krt/index.ts';
import {managedGateways} from './gateways.ts';
import type {GatewayRow, ListenerRow} from './ir.ts';
import {listeners} from './listeners.ts';

export type ParentGatewayRow = Pick<GatewayRow, 'key' | 'dialect' | 'controllerName'>;

/** Key: that of the Gateway. */
export const parentGateways = derive('parent-gateways', {
  from: managedGateways,
  rows: (_ctx, {key, dialect, controllerName}): ParentGatewayRow => ({key, dialect, controllerName}),
});

export type ParentListenerRow = Omit<ListenerRow, 'dialect' | 'tls' | 'conditions' | 'allowedNamespaces'> & {
  /** The namespaces it takes routes from; those of a selector are told by admissions.ts. */
  readonly from: ListenerRow['allowedNamespaces']['from'];
};

/** Key: that of the listener. */
export const parentListeners = derive('parent-listeners', {
  from: listeners,
  rows: (
    _ctx,
    {dialect: _dialect, tls: _tls, conditions: _conditions, allowedNamespaces, ...rest},
  ): ParentListenerRow => ({...rest, from: allowedNamespaces.from}),
});

/** By key of the Gateway. */
export const parentListenersByGateway = index(parentListeners, 'gateway', ({gateway}) => gateway);
