/** A gRPC backend that answers every method of every service, and calls to it. Messages are plain text. */
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  status,
} from '@grpc/grpc-js';
import {cleanUpLater} from './clean-up.ts';

export type GrpcBackend = {readonly name: string; readonly port: number};

/** What a backend was asked, and who it is. */
export type GrpcEcho = {
  readonly name: string;
  readonly method: string;
  readonly metadata: Readonly<Record<string, unknown>>;
};

const text = {serialize: (value: string) => Buffer.from(value), deserialize: (bytes: Buffer) => bytes.toString()};

/** `methods`: paths such as `/a.Echo/Say`; all others are unimplemented there. */
export async function grpcBackend(name: string, methods: readonly string[]): Promise<GrpcBackend> {
  const server = new Server();
  for (const path of methods) {
    server.register(
      path,
      ({metadata}: ServerUnaryCall<string, string>, callback: sendUnaryData<string>) => {
        callback(null, JSON.stringify({name, method: path, metadata: metadata.getMap()}));
      },
      text.serialize,
      text.deserialize,
      'unary',
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  cleanUpLater(() => server.forceShutdown());
  return {name, port};
}

export type GrpcCall = {
  readonly port: number;
  readonly method: string;
  readonly authority: string;
  readonly metadata?: Readonly<Record<string, string>>;
};

/** Resolves to what the backend says, or to the status code where there is no answer. */
export async function call({port, method, authority, metadata = {}}: GrpcCall): Promise<GrpcEcho | string> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.default_authority': authority,
  });
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        method,
        text.serialize,
        text.deserialize,
        'hello',
        headers,
        {deadline: Date.now() + 10_000},
        (error, answer) => {
          if (error !== null) resolve(status[error.code] ?? String(error.code));
          else resolve(JSON.parse(answer ?? '{}'));
        },
      );
    });
  } finally {
    client.close();
  }
}
