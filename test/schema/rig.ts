/** Short ways to validate in tests. */
import {expect} from 'vitest';
import type {AnyObject} from '../../src/schema/objects.ts';
import {validate} from '../../src/schema/validate.ts';
import {formatPath} from '../../src/schema/violation.ts';

/** `field: message` of everything that is wrong. Works on a copy: validation writes into what it gets. */
export function violationsOf(value: unknown): string[] {
  const result = validate(structuredClone(value));
  if (result.is !== 'invalid') return [];
  return result.violations.map(({message, path}) => `${formatPath(path)}: ${message}`);
}

export function valid(value: unknown): AnyObject {
  const result = validate(value);
  expect(result).toMatchObject({is: 'valid'});
  if (result.is !== 'valid') throw new Error('unreachable');
  return result.object;
}

/** A Gateway API object called `x` in namespace `default`. */
export function gatewayApi(kind: string, spec: unknown, version = 'v1'): Record<string, unknown> {
  return {apiVersion: `gateway.networking.k8s.io/${version}`, kind, metadata: {name: 'x'}, spec};
}

export const rule = (text: unknown): Record<string, unknown> => gatewayApi('HTTPRoute', {rules: [text]});

export const listeners = (...list: readonly unknown[]): Record<string, unknown> =>
  gatewayApi('Gateway', {gatewayClassName: 'c', listeners: list});
