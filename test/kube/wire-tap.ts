/** A TCP connection between client and server that can go dead without a word, as behind a switched-off load balancer. */
import {connect, createServer, type Server, type Socket} from 'node:net';
import type {AddressInfo} from 'node:net';

export class WireTap {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isDead = false;
  connections = 0;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      this.connections++;
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.once('close', () => this.#sockets.delete(socket));
      }
      const pass = (from: Socket, to: Socket): void => {
        from.on('data', (chunk) => {
          if (!this.#isDead || !this.#dead.has(from)) to.write(chunk);
        });
        from.once('close', () => to.destroy());
      };
      pass(near, far);
      pass(far, near);
    });
  }

  readonly #dead = new WeakSet<Socket>();

  static async before(port: number): Promise<WireTap> {
    const tap = new WireTap(port);
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0;
  }

  /** Connections that stand now swallow everything from here on; new ones work. */
  goDead(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) this.#dead.add(socket);
  }

  /** As an end that has crashed does. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
