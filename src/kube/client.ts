/**
 * What the rest of Sluice asks of a Kubernetes API server: requests, and streams of watch events. How they travel
 * (HTTP/2, one connection, health checks, credentials) is the transport's business.
 */
export type KubeMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Of the requests of Kubernetes' own clients; a patch needs one of the last three. */
export type KubeContentType =
  | 'application/json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

export type KubeRequest = {
  readonly method: KubeMethod;
  /** Absolute, without query: `/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE/NAME`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` by default. */
  readonly contentType?: KubeContentType;
  /** `application/json` by default; for what the server is to leave out, see "Alternate representations" of its API. */
  readonly accept?: string;
  /** Ends the exchange; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The whole exchange, in milliseconds; 30 s by default. */
  readonly timeoutMs?: number;
};

export type KubeResponse = {
  /** 200 to 299. */
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
  /** Length of the body as it came. */
  readonly bytes?: number;
};

/** The time limit counts until the answer begins; how long it goes on is the server's affair. */
export type KubeStreamRequest = Pick<KubeRequest, 'path' | 'query' | 'accept' | 'signal' | 'timeoutMs'> & {
  /** Called once when the answer begins, which may be long before its first line. */
  readonly onBegin?: () => void;
};

export type KubeClient = {
  /**
   * Rejects with ApiError where the server says no, with ConnectionError where it cannot be asked, with TooLargeError
   * where its answer is more than can be held. Never asks again what the server may have acted on.
   */
  request(request: KubeRequest): Promise<KubeResponse>;
  /**
   * A GET whose body is one JSON document a line: yields each line, unparsed, as soon as it is complete. Ends when the
   * server ends it; rejects as `request` does. A line that is never completed ends in a ConnectionError.
   */
  lines(request: KubeStreamRequest): AsyncIterable<Buffer>;
  /** Ends every exchange and the connection. */
  close(): void;
};

/** The server answered, and the answer was no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status: 400 and above. */
  readonly status: number;
  /** Of metav1.Status, such as `Conflict` or `Expired`; empty where the body was not one. */
  readonly reason: string;
  /** What `Retry-After` asks for. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, {status, reason, retryAfterMs}: Pick<ApiError, 'status' | 'reason' | 'retryAfterMs'>) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or not all of it: refused, reset, timed out, unreachable. Asking again may help. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** An answer, or a line of one, is larger than the limit. Asking for the same again does not help; asking for less may. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}
