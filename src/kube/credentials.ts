/** Where the API server is, and by what it knows us: read again from time to time, and when it is refused. */
import type {Clock} from './clock.ts';
import type {TlsMaterial} from './wire.ts';

/** What goes with every request. */
export type Access = {
  readonly tls: TlsMaterial;
  /** `authorization` and the like; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
};

export type Credentials = {
  /** `https://10.96.0.1:443`, without a slash at the end. */
  readonly server: string;
  /** The namespace that is ours (in a cluster) or that of the context. */
  readonly namespace?: string;
  /**
   * Reads tokens and certificates anew, because it is time or because those read last were refused; may run a program or
   * ask a server. Throws or rejects with CredentialsError.
   */
  readonly read: (why: 'due' | 'refused') => Access | Promise<Access>;
};

/** The credentials cannot be used; the message names the file and the field, or the variable. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/** How long what was read is used, in milliseconds. Tokens are replaced on disk long before they end. */
const KEEP_MS = 30_000;
/** Refused credentials are not read again sooner than that, however many requests are refused. */
const SOONEST_MS = 1_000;

export type AccessCache = {
  current(): Promise<Access>;
  /** Reads again, unless that was done since `refused` was given out. What it resolves to may be the same as before. */
  renewed(refused: Access): Promise<Access>;
};

export function cacheAccess(credentials: Credentials, clock: Clock): AccessCache {
  let kept: {readonly access: Access; readonly at: number} | undefined;
  let reading: Promise<Access> | undefined;

  const read = async (why: 'due' | 'refused'): Promise<Access> => {
    try {
      const access = await credentials.read(why);
      kept = {access, at: clock.now()};
      return access;
    } finally {
      reading = undefined;
    }
  };
  /** One reading at a time, whoever asks. */
  const again = (why: 'due' | 'refused'): Promise<Access> => (reading ??= read(why));

  return {
    async current() {
      return kept !== undefined && clock.now() - kept.at < KEEP_MS ? kept.access : again('due');
    },
    async renewed(refused) {
      if (kept === undefined) return again('due');
      return kept.access !== refused || clock.now() - kept.at < SOONEST_MS ? kept.access : again('refused');
    },
  };
}
