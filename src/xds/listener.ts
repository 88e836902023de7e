/** A port that connections come in by. */
import {lookup} from 'node:dns/promises';
import {createServer, isIP, type Server, type Socket} from 'node:net';

export type Listener = {
  /** The same on all addresses of a name. */
  readonly port: number;
  /** Takes no more connections, at once; those that were taken stay. */
  close(): void;
};

/**
 * Listens at `host:port`, `[IPv6]:port` or `name:port`, port 0 being any; at all addresses of a name that can be listened
 * at. Rejects with the error of the first where none can.
 */
export async function listenAt(address: string, onConnection: (socket: Socket) => void): Promise<Listener> {
  const {host, port: wanted} = split(address);
  const addresses = isIP(host) > 0 ? [host] : (await lookup(host, {all: true})).map((found) => found.address);
  const servers: Server[] = [];
  const errors: unknown[] = [];
  let port = wanted;
  for (const one of addresses) {
    try {
      const server = await listen(one, port, onConnection);
      servers.push(server);
      port = portOf(server, port);
    } catch (error) {
      errors.push(error);
    }
  }
  if (servers.length === 0) throw errors[0] ?? new Error(`${host} has no address`);
  return {
    port,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

function split(address: string): {readonly host: string; readonly port: number} {
  const found = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(address);
  const host = found?.[1] ?? found?.[2];
  if (host === undefined) throw new Error(`${JSON.stringify(address)} is no address: must be host:port`);
  return {host, port: Number(found?.[3])};
}

function listen(host: string, port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({noDelay: true}, onConnection);
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      // Such as too many open files: the next connection may well be taken.
      server.on('error', () => {});
      resolve(server);
    });
  });
}

function portOf(server: Server, wanted: number): number {
  const address = server.address();
  return address === null || typeof address === 'string' ? wanted : address.port;
}
