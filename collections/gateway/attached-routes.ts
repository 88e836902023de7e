import {derive, index, type Row} from '../../src/krt/index.ts';
import {attachments} from './attachments.ts';
import {listeners} from './listeners.ts';

/** How many routes a listener has. Key: that of the listener. */
export type AttachedRoutesRow = Row & {readonly routes: number};

/** Only routes that are accepted count (Gateway API v1, ListenerStatus.attachedRoutes). */
const acceptedByListener = index(attachments, 'accepting-listener', (row) =>
  row.accepted.status === 'True' ? row.listeners.map(({key}) => key) : [],
);

/** Routes attached to each listener; runs again for a listener only when their number changes. */
export const attachedRoutes = derive('attached-routes', {
  from: listeners,
  rows: (ctx, {key}): AttachedRoutesRow => ({key, routes: ctx.count(acceptedByListener, key)}),
});
