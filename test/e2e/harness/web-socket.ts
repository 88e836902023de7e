import {request} from 'node:http';
import type {Socket} from 'node:net';

export type Upgraded = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Sends text on the open connection and resolves to what comes back, as much as was sent. */
  roundTrip(text: string): Promise<string>;
  close(): void;
};

/** Asks for a WebSocket on 127.0.0.1. Frames are not looked at: proxies pass the bytes on as they are. */
export function openWebSocket({port, host, path}: {port: number; host: string; path: string}): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      timeout: 5_000,
      headers: {
        host,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      reject(new Error(`no upgrade, but ${response.statusCode}`));
    });
    sent.once('upgrade', ({statusCode = 0, headers}, socket: Socket) => {
      socket.setTimeout(0);
      resolve({
        status: statusCode,
        headers,
        roundTrip: (text) => roundTrip(socket, text),
        close: () => socket.destroy(),
      });
    });
    sent.end();
  });
}

function roundTrip(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const onData = (part: Buffer): void => {
      received += part.toString('utf8');
      if (received.length < text.length) return;
      socket.off('data', onData);
      resolve(received);
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.write(text);
  });
}
