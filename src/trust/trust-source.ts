/** Where the xDS server has its certificate from, and what proxies check it with. */
import type {Clock} from '../kube/clock.ts';
import type {Log} from '../xds/api.ts';
import type {TlsMaterial} from '../xds/tls-credentials.ts';

/** One state of it: what is shown, and what it is checked with, always fit together. */
export type ServedTrust = {
  readonly material: TlsMaterial;
  /** PEM: what proxies are to trust, the newest first. */
  readonly bundle: string;
};

export type TrustSourceOptions = {
  /** Called with the first one before `start` resolves, and then with every other. */
  readonly onTrust: (trust: ServedTrust) => void;
  readonly log?: Log;
  readonly clock?: Clock;
};

export type TrustSource = {
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** There is no certificate to be had; the message names the file or the object, and what is wrong with it. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
}

export const silentLog: Log = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}};

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
