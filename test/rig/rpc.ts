/** Calls between a process and its child, in both directions, over Node's channel between them. */
import type {ChildProcess} from 'node:child_process';

/** Methods by name, with one parameter each. Parameters and results are what JSON can hold. */
export type Methods = Readonly<Record<string, (params: never) => Promise<unknown>>>;

export type Peer<Theirs extends Methods> = {
  /** Rejects with the message of what the other side threw, or when the channel closes. */
  call<Name extends keyof Theirs & string>(
    name: Name,
    ...params: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>>;
};

type Message =
  | {readonly rpc: 'call'; readonly id: number; readonly name: string; readonly params: unknown}
  | {readonly rpc: 'done'; readonly id: number; readonly result: unknown}
  | {readonly rpc: 'failed'; readonly id: number; readonly error: string};

type Pending = {readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void};

/**
 * `channel`: the child, or `process` in the child. A child lives as long as its channel; to its parent an idle channel is no
 * reason to live on, but a call under way is.
 */
export function connect<Theirs extends Methods>(channel: ChildProcess | NodeJS.Process, own: Methods): Peer<Theirs> {
  const pending = new Map<number, Pending>();
  let calls = 0;

  const idle = (): void => {
    if (channel !== process) channel.channel?.unref();
  };
  const send = (message: Message): void => {
    // The other side may be gone at any time; who waits for an answer is told by `disconnect`.
    if (channel.connected) channel.send?.(message, undefined, undefined, () => {});
  };
  const answer = async (id: number, name: string, params: unknown): Promise<void> => {
    try {
      const method = own[name];
      if (method === undefined) throw new Error(`there is no ${name}`);
      send({rpc: 'done', id, result: await method(params as never)}); // as the type of the peer says
    } catch (error) {
      send({rpc: 'failed', id, error: error instanceof Error ? error.message : String(error)});
    }
  };
  const settle = (id: number): Pending | undefined => {
    const call = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) idle();
    return call;
  };

  channel.on('message', (message: unknown) => {
    if (!isMessage(message)) return;
    switch (message.rpc) {
      case 'call':
        void answer(message.id, message.name, message.params);
        return;
      case 'done':
        settle(message.id)?.resolve(message.result);
        return;
      case 'failed':
        settle(message.id)?.reject(new Error(message.error));
    }
  });
  channel.once('disconnect', () => {
    for (const id of pending.keys()) settle(id)?.reject(new Error('the other process has ended'));
  });
  idle();

  return {
    call: (name, ...[params]) =>
      new Promise((resolve, reject) => {
        if (!channel.connected) {
          reject(new Error('the other process has ended'));
          return;
        }
        const id = (calls += 1);
        pending.set(id, {resolve: resolve as Pending['resolve'], reject}); // the types are those of both ends
        channel.channel?.ref();
        send({rpc: 'call', id, name, params});
      }),
  };
}

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && 'rpc' in message;
