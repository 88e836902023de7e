import {createServer} from 'node:net';

/** Below the range systems take for outgoing connections: a port that is free now is not taken by a client later. */
const lowest = 20_000;
const highest = 32_000;
const given = new Set<number>();

/** A TCP port that nobody has on any address of this machine, different on each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({port, host: '0.0.0.0', exclusive: true}, () => server.close(() => resolve(true)));
  });
}
