/** The GatewayClasses of Sluice, made where there are none of their names. */
import type {StaticConfig} from '../config/static-config.ts';
import {defaultClass} from '../file-inputs.ts';
import type {Log} from '../config/logging.ts';
import {ApiError, type KubeClient} from '../kube/client.ts';
import {type Clock, systemClock} from '../kube/clock.ts';
import type {Term} from '../kube/lease-term.ts';

const RETRY_MS = 10_000;
const path = '/apis/gateway.networking.k8s.io/v1/gatewayclasses';

export type GatewayClassesOptions = {
  readonly client: KubeClient;
  readonly term: Term;
  readonly log: Log;
  /** Whether there is a class of the name, as far as has been read. */
  readonly isThere: (name: string) => boolean;
  readonly clock?: Clock;
};

/**
 * Tries until each exists or has existed, or the term is over: a class that somebody deletes later is not wanted. Returns
 * what ends it.
 */
export function createGatewayClasses(
  config: StaticConfig,
  {client, term, log, isThere, clock = systemClock}: GatewayClassesOptions,
): () => void {
  const aborting = new AbortController();
  const {signal} = aborting;
  const missing = new Set((['envoy', 'agentgateway'] as const).filter((name) => !isThere(name)));
  let cancel = (): void => {};
  let complaint = '';

  const attempt = async (): Promise<void> => {
    for (const dialect of missing) {
      if (signal.aborted || term.msLeft() <= 0) return;
      const {apiVersion, kind, metadata, spec} = defaultClass(dialect, config);
      try {
        await client.request({
          method: 'POST',
          path,
          query: {fieldManager: 'sluice'},
          body: {apiVersion, kind, metadata: {name: metadata.name}, spec},
          signal,
        });
        log.info({gatewayClass: dialect}, 'GatewayClass created');
      } catch (error) {
        if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) {
          complain(error);
          continue;
        }
      }
      missing.delete(dialect);
    }
    if (missing.size > 0 && !signal.aborted) cancel = clock.after(RETRY_MS, () => void attempt());
  };
  /** Each reason once: the CRDs may come tomorrow. */
  const complain = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    if (signal.aborted || reason === complaint) return;
    complaint = reason;
    log.warn({reason}, 'GatewayClasses could not be created yet');
  };
  void attempt();
  return () => {
    aborting.abort();
    cancel();
  };
}
