/**
 * The bytes of a TLS connection, carried by JavaScript, for HTTP/2 to be spoken over. Handed a connection itself, node:http2
 * reads and writes it below JavaScript. Where it then writes to one that was reset a moment ago, the TLS layer of Node.js (20
 * and 24) takes that write for under way for ever: nothing more is written, nothing is read, and nobody hears that the
 * connection is gone.
 */
import {Duplex} from 'node:stream';
import type {TLSSocket} from 'node:tls';

/** Ends with the connection, and ends it. */
export function carriedSocket(socket: TLSSocket): Duplex {
  const carried = new Duplex({
    read: () => {
      socket.resume();
    },
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk, done);
    },
    writev: (chunks, done) => {
      // In few records, not one for the head of each frame.
      socket.write(Buffer.concat(chunks.map(({chunk}): Buffer => chunk)), done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    if (!carried.push(chunk)) socket.pause();
  });
  socket.on('end', () => carried.push(null));
  socket.on('error', (error) => carried.destroy(error));
  socket.on('close', () => carried.destroy());
  return carried;
}
