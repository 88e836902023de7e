/** One Bind for each port of a Gateway that has a listener. */
import {listeners} from '../gateway/listeners.ts';
import {type Collection, derive, distinct, index} from '../../src/krt/index.ts';
import type {ResourceRow} from '../resource.ts';
import {wireProtocol} from './listeners.ts';
import {BindProtocol, bindResource} from './messages.ts';
import {bindKey} from './names.ts';

/** `namespace/gateway/port/protocol`: all that a Bind is made of, so that it changes only with its key. */
const ports = distinct(
  'agentgateway-ports',
  index(listeners, 'agentgateway-port', (row) => {
    const protocol = wireProtocol(row);
    return protocol && `${row.gateway}/${row.port}/${protocol.bind}`;
  }),
);

export const agentgatewayBinds: Collection<ResourceRow> = derive('agentgateway-binds', {
  from: ports,
  rows: (_ctx, {key}) => {
    const [namespace = '', name = '', port = '', protocol] = key.split('/');
    const gateway = `${namespace}/${name}`;
    return bindResource(gateway, {
      key: bindKey(gateway, Number(port)),
      port: Number(port),
      protocol: protocol === 'TLS' ? BindProtocol.TLS : BindProtocol.HTTP,
    });
  },
});
