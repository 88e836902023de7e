/** Readiness of a container by its probe. Only `httpGet` is asked; a container with another one, or none, is ready while it runs. */
import {request as httpRequest} from 'node:http';
import {request as httpsRequest} from 'node:https';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Container, Probe} from './pod.ts';

/** Before it is ready for the first time it is asked more often than the Pod says: tests wait for that. */
const eagerMs = 200;

/** Tells each change of readiness, until `signal`. */
export async function watchReadiness(
  container: Container,
  podIP: string,
  signal: AbortSignal,
  tell: (ready: boolean) => void,
): Promise<void> {
  const probe = container.readinessProbe;
  if (probe?.httpGet === undefined) {
    tell(true);
    return;
  }
  const {initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3} = probe;
  let ready = false;
  let streak = 0;
  await pause(initialDelaySeconds * 1000, signal);
  while (!signal.aborted) {
    const ok = await ask(probe, container, podIP);
    streak = ok === ready ? 0 : streak + 1;
    if (!signal.aborted && streak >= (ready ? failureThreshold : successThreshold)) {
      ready = ok;
      streak = 0;
      tell(ready);
    }
    await pause(ready ? periodSeconds * 1000 : Math.min(eagerMs, periodSeconds * 1000), signal);
  }
}

/** 200 to 399 is yes. */
function ask(probe: Probe, container: Container, podIP: string): Promise<boolean> {
  const {path = '/', port, scheme = 'HTTP', httpHeaders = []} = probe.httpGet ?? {port: 0};
  const number = typeof port === 'number' ? port : container.ports?.find(({name}) => name === port)?.containerPort;
  if (number === undefined) return Promise.resolve(false);
  const options = {
    host: podIP,
    port: number,
    path,
    headers: Object.fromEntries(httpHeaders.map(({name, value}) => [name, value])),
    timeout: (probe.timeoutSeconds ?? 1) * 1000,
    agent: false as const,
    rejectUnauthorized: false,
  };
  return new Promise((resolve) => {
    const request = (scheme === 'HTTPS' ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      resolve((response.statusCode ?? 0) >= 200 && (response.statusCode ?? 0) < 400);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
    request.end();
  });
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, {signal}).catch(() => {});
