/**
 * Whether the other end of a connection is still there. A watch may be silent for minutes, and a peer that was switched
 * off says nothing: only asking tells the two apart. Values as client-go has them.
 */
import type {ClientHttp2Session} from 'node:http2';
import type {Socket} from 'node:net';
import type {Clock} from './clock.ts';

export type HealthOptions = {
  /** Nothing read for so long: a ping is sent. */
  readonly idleMs: number;
  /** Nothing read for so long after a ping: the connection is dead. */
  readonly answerMs: number;
  readonly clock: Clock;
};

export const defaultHealth = {idleMs: 30_000, answerMs: 15_000} as const;

export type Health = {
  /** A ping is sent at once. */
  suspect(): void;
  stop(): void;
};

/** `onDead` is called once at most. */
export function watchHealth(
  session: ClientHttp2Session,
  socket: Socket,
  {idleMs, answerMs, clock}: HealthOptions,
  onDead: (reason: string) => void,
): Health {
  let read = socket.bytesRead;
  let lastRead = clock.now();
  let isWatching = true;
  let isAsking = false;
  let cancel = (): void => {};

  const look = (): boolean => {
    const {bytesRead} = socket;
    if (bytesRead === read) return false;
    read = bytesRead;
    lastRead = clock.now();
    return true;
  };

  const rest = (): void => {
    isAsking = false;
    // Looked at several times in that period, so that what is late is late by a part of it only.
    cancel = clock.after(idleMs / 3, () => {
      if (look() || clock.now() - lastRead < idleMs) rest();
      else ask();
    });
  };

  const ask = (): void => {
    isAsking = true;
    // An answer counts as something read. Whether the call is heard is no matter: silence tells.
    if (!session.destroyed) session.ping(() => {});
    cancel = clock.after(answerMs, () => {
      // Where this process was busy for long, the answer may lie there unread: let it be read first.
      setImmediate(() => {
        if (!isWatching) return;
        if (look()) rest();
        else onDead(`nothing came for ${Math.round((clock.now() - lastRead) / 1000)} s, nor an answer to a ping`);
      });
    });
  };

  rest();
  return {
    suspect() {
      if (!isWatching || isAsking) return;
      cancel();
      // What came before that is no answer.
      look();
      ask();
    },
    stop() {
      isWatching = false;
      cancel();
    },
  };
}
