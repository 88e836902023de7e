/** The few names that random objects have. */
import * as fc from 'fast-check';

export const namespaceNames = ['n0', 'n1'] as const;
export const namespace = fc.constantFrom(...namespaceNames);
export const gatewayName = fc.constantFrom('gw0', 'gw1');
export const routeName = fc.constantFrom('r0', 'r1', 'r2', 'r3');
export const serviceName = fc.constantFrom('s0', 's1', 's2');
export const secretName = fc.constantFrom('c0', 'c1');
export const parametersName = fc.constantFrom('p0', 'p1');
export const hostname = fc.constantFrom('a.example.com', 'b.example.com', '*.example.com', '*.com', 'c.test');

/** Present once in `times`. */
export const maybe = <T>(arbitrary: fc.Arbitrary<T>, times = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({weight: times - 1, arbitrary: fc.constant(undefined)}, {weight: 1, arbitrary});

/** Drops undefined properties, which a provider never writes; types under exactOptionalPropertyTypes forbid them too. */
export function compact<T extends object>(value: T): {[K in keyof T]: Exclude<T[K], undefined>} {
  const entries = Object.entries(value).filter(([, property]) => property !== undefined);
  // Only undefined properties are gone, and the callers' types have those as optional.
  return Object.fromEntries(entries) as {[K in keyof T]: Exclude<T[K], undefined>};
}
