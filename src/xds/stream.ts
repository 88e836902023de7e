/** One gRPC stream: reads requests, finds out who it is, and carries messages between the socket and a Session. */
import {type ServerDuplexStream, status} from '@grpc/grpc-js';
import type {Authenticator, ClientNode, Identity, Log} from './api.ts';
import type {DeltaRequest} from './wire.ts';

export type Call = ServerDuplexStream<DeltaRequest, Buffer>;

/** What the stream needs of a session. */
export type StreamSession = {receive(request: DeltaRequest): void};

export type StreamHooks = {
  readonly authenticate: Authenticator;
  readonly log: Log;
  open(
    identity: Identity,
    client: {
      readonly node: ClientNode;
      readonly peer: string;
      readonly send: (message: Buffer, done: () => void) => void;
    },
  ): StreamSession;
  /** Called once, whatever ended the stream; also where no session was opened. */
  closed(reason: string): void;
};

/** A running stream. `end` ends it with UNAVAILABLE, which brings the client back later; never with OK. */
export type Stream = {end(reason: string): void};

export function serveStream(call: Call, hooks: StreamHooks): Stream {
  let session: StreamSession | undefined;
  let ending: string | undefined;

  const end = (code: status, details: string): void => {
    if (ending !== undefined) return;
    ending = details;
    call.emit('error', Object.assign(new Error(details), {code, details}));
  };

  const begin = async (request: DeltaRequest): Promise<void> => {
    const {node} = request;
    if (node === undefined || node.id === '') {
      end(status.INVALID_ARGUMENT, 'the first request of a stream must carry a node with an id');
      return;
    }
    const peer = call.getPeer();
    const answer = await hooks.authenticate({node, metadata: headersOf(call), peer});
    if (ending !== undefined || call.cancelled) return;
    if ('refused' in answer) {
      hooks.log.warn({node: node.id, peer, reason: answer.refused}, 'client refused');
      end(answer.unauthenticated === true ? status.UNAUTHENTICATED : status.PERMISSION_DENIED, answer.refused);
      return;
    }
    session = hooks.open(answer, {
      node,
      peer,
      // Writing to an ended stream would be an error of ours; the message is lost either way.
      send: (message, done) => {
        if (ending === undefined && !call.cancelled && !call.destroyed) call.write(message, () => done());
      },
    });
    session.receive(request);
  };

  const receive = (request: DeltaRequest): void => {
    if (ending !== undefined) return;
    if (request.type === '') end(status.INVALID_ARGUMENT, 'type_url is missing');
    else if (session !== undefined) session.receive(request);
    else {
      // Nothing more is read until it is known who is there.
      call.pause();
      begin(request)
        .catch((error: unknown) => {
          hooks.log.error({error: String(error)}, 'cannot decide who a client is');
          end(status.UNAVAILABLE, 'cannot authenticate at the moment');
        })
        .finally(() => call.resume());
    }
  };

  call.on('data', receive);
  call.on('end', () => end(status.UNAVAILABLE, 'the client closed its side of the stream'));
  call.on('error', (error: Error) => {
    ending ??= error.message;
  });
  call.once('close', () => {
    ending ??= 'the client went away';
    hooks.closed(ending);
  });
  return {end: (reason) => end(status.UNAVAILABLE, reason)};
}

function headersOf(call: Call): ReadonlyMap<string, string> {
  return new Map(Object.entries(call.metadata.getMap()).map(([key, value]) => [key, value.toString()]));
}
