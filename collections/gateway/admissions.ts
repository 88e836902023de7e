/**
 * Which listeners admit routes by the labels of the routes' namespaces (allowedRoutes.namespaces, `from: Selector`). Kept
 * per pair of listener and namespace, so that a route hears of a label only where it changes the verdict on itself.
 */
import {
  type Context,
  derive,
  distinct,
  index,
  type LabelSelector,
  type Labels,
  matchJoin,
  type Row,
} from '../../src/krt/index.ts';
import {namespaceLabels, namespaces} from '../inputs.ts';
import {listeners} from './listeners.ts';
import {routes} from './routes.ts';

/** Names of the namespaces that routes are in. */
const namespacesOfRoutes = distinct(
  'namespaces-of-routes',
  index(routes, 'namespace', ({namespace}) => namespace),
);

type LabelledNamespace = Row & {readonly labels: Labels};

/** Their labels. A Namespace that no provider delivers has the one that all have. */
const labelsOfNamespaces = derive('labels-of-namespaces', {
  from: namespacesOfRoutes,
  labels: ({labels}: LabelledNamespace) => labels,
  rows: (ctx, {key}) => {
    const labels = ctx.get(namespaces, key, ({metadata}) => metadata.labels);
    return {key, labels: namespaceLabels(key, labels)};
  },
});

type SelectingListener = Row & {readonly selector: LabelSelector};

/** Listeners that select namespaces. Key: that of the listener. */
const selectingListeners = derive('selecting-listeners', {
  from: listeners,
  selector: ({selector}: SelectingListener) => selector,
  rows: (_ctx, {key, allowedNamespaces: {from, selector}}) =>
    from === 'Selector' && selector !== undefined ? {key, selector} : undefined,
});

const selections = matchJoin('namespace-selections', {selectors: selectingListeners, targets: labelsOfNamespaces});

const admissionKey = (listener: string, namespace: string): string => `${listener}|${namespace}`;

/** Listeners with namespaces of routes that their selector matches. Key: admissionKey. */
const admissions = derive('admissions', {
  from: namespacesOfRoutes,
  rows: (ctx, {key: namespace}): readonly Row[] =>
    ctx
      .list(selections.selectors, namespace, ({key}) => key)
      .map((listener) => ({key: admissionKey(listener, namespace)})),
});

/** Whether the selector of a listener, given by its key, matches a namespace that a route is in. */
export const admits = (ctx: Context, listener: string, namespace: string): boolean =>
  ctx.exists(admissions, admissionKey(listener, namespace));
