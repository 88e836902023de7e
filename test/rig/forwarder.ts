/**
 * Runs inside of the network namespace of the node and takes connections from outside of it: the listening sockets were made
 * there and are handed over.
 */
import {connect as connectTo, type Server, type Socket} from 'node:net';

/** Comes with the socket: where its connections lead, as seen from the node. */
export type Forward = {readonly host: string; readonly port: number};

process.on('message', (message: unknown, handle: unknown) => {
  const {host, port} = message as Forward; // of the supervisor
  const server = handle as Server; // it sends nothing else
  server.on('connection', (client: Socket) => {
    const target = connectTo(port, host);
    client.setNoDelay(true);
    target.setNoDelay(true);
    client.pipe(target).pipe(client);
    const close = (): void => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) socket.on('error', close).on('close', close);
  });
  process.send?.('ready');
});
process.once('disconnect', () => process.exit(0));
