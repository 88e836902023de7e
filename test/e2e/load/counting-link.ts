import {connect, createServer, type AddressInfo} from 'node:net';
import {cleanUpLater} from '../harness/clean-up.ts';

/** A TCP link to a port on 127.0.0.1 that counts what goes through. */
export type CountingLink = {
  readonly port: number;
  /** Bytes that the server has sent, with all framing. */
  received(): number;
};

export async function countingLink(target: number): Promise<CountingLink> {
  let received = 0;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    near.setNoDelay(true);
    far.setNoDelay(true);
    far.on('data', (chunk) => (received += chunk.length));
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => {});
      socket.once('close', () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUpLater(() => void server.close());
  const {port} = server.address() as AddressInfo; // a TCP server that listens
  return {port, received: () => received};
}
