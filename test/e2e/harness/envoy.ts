// oxlint-disable vitest/no-disabled-tests, vitest/no-conditional-tests, vitest/valid-describe-callback, vitest/valid-title -- a kind of `describe`, no suite
import {describe, inject} from 'vitest';

/** Path of the Envoy that setup.ts found. */
export function envoyBinary(): string {
  const envoy = inject('envoy');
  if ('missing' in envoy) throw new Error(envoy.missing);
  return envoy.binary;
}

/** A suite that needs a real Envoy. Without one it is skipped, and says why; with `CI=true` setup.ts has failed before. */
export function describeWithEnvoy(title: string, suite: () => void): void {
  const envoy = inject('envoy');
  if ('missing' in envoy) describe.skip(`${title} (skipped: ${envoy.missing})`, suite);
  else describe(title, suite);
}
