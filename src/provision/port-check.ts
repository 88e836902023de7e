import {createServer, Socket} from 'node:net';

/**
 * Why a TCP port cannot be bound; undefined when it can. Proxies share ports with SO_REUSEPORT without an error, so a
 * port has to be tried before a proxy is started, by somebody who does not share.
 */
export async function whyNotBindable(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen({host: address, port, exclusive: true}, () => resolve(undefined));
  });
  if (failure !== undefined) return explain(failure, address, port);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return undefined;
}

function explain(error: NodeJS.ErrnoException, address: string, port: number): string {
  switch (error.code ?? '') {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use by another process`;
    case 'EACCES':
      return `port ${port} on ${address} may not be bound by this user`;
    case 'EADDRNOTAVAIL':
      return `${address} is no address of this machine`;
    default:
      return `port ${port} on ${address} cannot be bound: ${error.message}`;
  }
}

/** A port on loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

/** Whether something accepts connections there. */
export function isListening(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.connect(port, address);
  });
}
