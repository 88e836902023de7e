/** Header modifier filters. The same four fields exist on Route and on ClusterWeight. */
import {envoy} from '../../src/gen/proto/envoy.js';
import type {HeaderModifier, RouteFilters} from '../gateway/ir.ts';

type HeaderValueOption = envoy.config.core.v3.IHeaderValueOption;

export type HeaderMutations = {
  requestHeadersToAdd?: HeaderValueOption[];
  requestHeadersToRemove?: string[];
  responseHeadersToAdd?: HeaderValueOption[];
  responseHeadersToRemove?: string[];
};

/**
 * The modifiers of a rule, and after them those of a backend, as one: where both change a header the backend's have the
 * last word. Envoy would do it the other way round if each stood at its own level.
 *
 * Host is left out, since Envoy refuses to modify it this way: setting it on requests is a rewrite of the host
 * (`hostSetBy`), anything else about it is ignored.
 */
export function headerMutations(...filters: readonly RouteFilters[]): HeaderMutations {
  const request = compose(filters.flatMap(({requestHeaders}) => requestHeaders ?? []));
  const response = compose(filters.flatMap(({responseHeaders}) => responseHeaders ?? []));
  return {
    ...(request && {requestHeadersToAdd: request.add, requestHeadersToRemove: request.remove}),
    ...(response && {responseHeadersToAdd: response.add, responseHeadersToRemove: response.remove}),
  };
}

export const modifiesHeaders = ({requestHeaders, responseHeaders}: RouteFilters): boolean =>
  requestHeaders !== undefined || responseHeaders !== undefined;

/** The Host that a request header modifier sets, if it does. */
export function hostSetBy({requestHeaders}: RouteFilters): string | undefined {
  return requestHeaders?.set.find(({name}) => isHost(name))?.value;
}

type Composed = {readonly add: HeaderValueOption[]; readonly remove: string[]};

/** Envoy removes first and then goes through its additions in order. */
function compose(modifiers: readonly HeaderModifier[]): Composed | undefined {
  const actions = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
  const removed = new Map<string, string>();
  let added: {readonly lower: string; readonly option: HeaderValueOption}[] = [];
  for (const {set, add, remove} of modifiers) {
    const replaced = new Set([...remove, ...set.map(({name}) => name)].map((name) => name.toLowerCase()));
    added = added.filter(({lower}) => !replaced.has(lower));
    for (const name of remove) removed.set(name.toLowerCase(), name);
    for (const header of set) added.push(addition(header, actions.OVERWRITE_IF_EXISTS_OR_ADD));
    for (const header of add) added.push(addition(header, actions.APPEND_IF_EXISTS_OR_ADD));
  }
  if (modifiers.length === 0) return undefined;
  return {
    add: added.filter(({lower}) => !isHost(lower)).map(({option}) => option),
    remove: [...removed.values()].filter((name) => !isHost(name)),
  };
}

function addition(
  {name, value}: HeaderModifier['set'][number],
  appendAction: envoy.config.core.v3.HeaderValueOption.HeaderAppendAction,
) {
  // A percent sign would start one of Envoy's command operators.
  const header = {key: name, value: value.replaceAll('%', '%%')};
  return {lower: name.toLowerCase(), option: {header, appendAction, keepEmptyValue: true}};
}

const isHost = (name: string): boolean => name.toLowerCase() === 'host';
