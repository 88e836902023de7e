import {isDeepStrictEqual} from 'node:util';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ApiClient} from '../api-client.ts';
import type {Pod} from './pod.ts';
import type {PodStatus} from './pod-status.ts';

export type StatusWriter = {
  /** The newest counts; those that came while one was written are passed over. */
  write(status: PodStatus): void;
  /** Resolves when the newest is written, or cannot be because the Pod is gone. */
  settled(): Promise<void>;
  /** What was written last, or is about to be. */
  readonly last: PodStatus | undefined;
};

const retryMs = 200;

export function statusWriter(client: ApiClient, {metadata}: Pod): StatusWriter {
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/status`;
  let wanted: PodStatus | undefined;
  let written: PodStatus | undefined;
  let gone = false;
  let writing: Promise<void> | undefined;

  const attempt = async (status: PodStatus): Promise<void> => {
    // With the uid, so that a Pod made anew under this name is not taken for this one (409).
    const body = {metadata: {uid: metadata.uid}, status};
    try {
      const answer = await client.request('PATCH', path, body, 'application/strategic-merge-patch+json');
      if (answer.status === 404 || answer.status === 409 || answer.status === 422) gone = true;
      if (answer.status < 300 || gone) {
        written = status;
        return;
      }
    } catch {
      // The API server is away.
    }
    await sleep(retryMs);
  };
  const run = async (): Promise<void> => {
    while (wanted !== undefined && wanted !== written && !gone) await attempt(wanted);
  };

  return {
    write(status) {
      if (isDeepStrictEqual(status, wanted)) return;
      wanted = status;
      writing ??= run().finally(() => (writing = undefined));
    },
    settled: async () => writing,
    get last() {
      return wanted;
    },
  };
}
