/** A small client of an API server, made for tests alone: what is under test must not be judged by its own code. */
import {readFileSync} from 'node:fs';
import {Agent, request as httpsRequest} from 'node:https';
import {createInterface} from 'node:readline';

export type ApiAnswer<T> = {
  readonly status: number;
  /** What the JSON says; the text of an answer that is none. */
  readonly body: T;
};

export type ApiAccess = {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
};

export type ApiClient = {
  /**
   * Resolves for any status; rejects when there is no answer within 30 s. A body is sent as JSON, under `contentType`; a
   * string as it is.
   */
  request<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer<T>>;
  /**
   * GETs what comes line by line until the server ends it, such as a watch. Resolves at the end; rejects when the answer is not
   * 200, and when the connection breaks.
   */
  stream(path: string, onLine: (line: string) => void): Promise<void>;
  /** Closes its connections. */
  close(): void;
};

const timeoutMs = 30_000;

export function apiClient({url, ca, token}: ApiAccess): ApiClient {
  const agent = new Agent({keepAlive: true, ca, maxSockets: 16});
  return {
    request: <T>(method: string, path: string, body?: unknown, contentType = 'application/json') =>
      new Promise<ApiAnswer<T>>((resolve, reject) => {
        const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
        const headers: Record<string, string> = {authorization: `Bearer ${token}`, accept: 'application/json'};
        if (content !== undefined) {
          headers['content-type'] = contentType;
          headers['content-length'] = String(Buffer.byteLength(content));
        }
        const request = httpsRequest(`${url}${path}`, {method, agent, headers, timeout: timeoutMs}, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (text += part));
          response.on('end', () => resolve({status: response.statusCode ?? 0, body: parse(text) as T})); // as the caller says
          response.on('error', reject);
        });
        request.on('timeout', () =>
          request.destroy(new Error(`no answer to ${method} ${path} within ${timeoutMs} ms`)),
        );
        request.on('error', reject);
        request.end(content);
      }),
    stream: (path, onLine) =>
      new Promise((resolve, reject) => {
        const headers = {authorization: `Bearer ${token}`, accept: 'application/json'};
        // Not one of the pool: it would be taken for as long as the stream lasts.
        const request = httpsRequest(`${url}${path}`, {agent: false, ca, headers}, (response) => {
          if (response.statusCode !== 200) {
            response.resume();
            reject(new Error(`GET ${path} answers ${response.statusCode}`));
            return;
          }
          const lines = createInterface({input: response});
          lines.on('line', (line) => {
            if (line !== '') onLine(line);
          });
          // Errors of the response come out of both.
          for (const emitter of [response, lines]) emitter.on('error', reject);
          response.on('close', () => (response.complete ? resolve() : reject(new Error(`GET ${path} broke off`))));
        });
        request.on('error', reject);
        request.end();
      }),
    close: () => agent.destroy(),
  };
}

/** As `access`, with the CA read from a file. */
export const apiClientOf = (access: {
  readonly url: string;
  readonly caFile: string;
  readonly token: string;
}): ApiClient => apiClient({url: access.url, ca: readFileSync(access.caFile, 'utf8'), token: access.token});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What an API server says of an error. */
export function messageOf({status, body}: ApiAnswer<unknown>): string {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : body;
  return `${status}: ${typeof message === 'string' ? message : JSON.stringify(message)}`;
}
