import {distinct, index} from '../../src/krt/index.ts';
import {gatewayBackends} from '../gateway/gateway-backends.ts';

/** Keys of the backends that any Gateway of this dialect uses: their messages are encoded once, for all of them. */
export const envoyBackendUses = distinct(
  'envoy-backend-uses',
  index(gatewayBackends, 'envoy-backend', ({dialect, backend}) => (dialect === 'envoy' ? backend : undefined)),
);
