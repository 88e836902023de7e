import * as fc from 'fast-check';
import {expect, it} from 'vitest';
import type {KubeObject} from '../../../src/api/object.ts';
import {basics, makeGraph, objectsOf, remove, route, rowsOf, web, write} from './harness.ts';

/** What may stand in the graph at any time; each step puts one of them in, or takes it out. */
const candidates: readonly KubeObject[] = [
  ...objectsOf(basics),
  ...objectsOf(
    basics.replace(
      '{name: http, port: 8080, protocol: HTTP}',
      '{name: web, port: 8081, protocol: HTTP, hostname: a.example}',
    ),
  ).filter(({kind}) => kind === 'Gateway'),
  ...objectsOf(basics.replace('[10.0.0.1]', '[10.0.0.3]')).filter(({kind}) => kind === 'EndpointSlice'),
  ...objectsOf(
    route('a', `[{backendRefs: [${web}, {name: gone, port: 80}]}]`),
    route('b', '[{backendRefs: [{name: web, port: 81}]}]', 'a.example'),
    route('b', `[{filters: [{type: RequestRedirect, requestRedirect: {statusCode: 301}}]}, {backendRefs: [${web}]}]`),
    '{apiVersion: v1, kind: Service, metadata: {name: gone, namespace: default}, spec: {ports: [{port: 80}]}}',
  ),
];

it('however the state was reached, the resources are those made from nothing', () => {
  const step = fc.record({object: fc.constantFrom(...candidates), gone: fc.boolean()});
  fc.assert(
    fc.property(fc.array(step, {minLength: 1, maxLength: 25}), (steps) => {
      const graph = makeGraph([]);
      const present = new Map<string, KubeObject>();
      for (const {object, gone} of steps) {
        const key = `${object.kind}/${object.metadata.name}`;
        if (gone) {
          present.delete(key);
          remove(graph, object);
        } else {
          present.set(key, object);
          write(graph, [object]);
        }
      }
      const fresh = makeGraph([...present.values()].toReversed());
      expect(rowsOf(graph)).toEqual(rowsOf(fresh));
      graph.dispose();
      fresh.dispose();
    }),
    {numRuns: 100},
  );
});
