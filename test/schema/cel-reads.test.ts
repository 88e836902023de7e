import {isCelError, parse, plan} from '@bufbuild/cel';
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import httpRoute from '../../src/gen/schemas/httproute.json' with {type: 'json'};
import gateway from '../../src/gen/schemas/gateway.json' with {type: 'json'};
import {celEnvironment} from '../../src/schema/cel-env.ts';
import {addReads, noReads, readsText} from '../../src/schema/cel-reads.ts';
import {toCel} from '../../src/schema/cel-values.ts';
import type {CrdNode, KindSchema} from '../../src/schema/structural.ts';

/** The text under which verdicts on `value` are kept. */
function textOf(rule: string, value: unknown): string {
  const reads = noReads();
  const {expr} = parse(rule);
  if (expr !== undefined) addReads(expr, reads);
  return readsText(reads)(value);
}

describe('what a rule reads', () => {
  it.each([
    ['has(self.port)', {port: 1, other: 2}, '{,+}'],
    ['has(self.port)', {other: 2}, '{,-}'],
    ["self.group == '' && has(self.port)", {group: '', kind: 'k', port: 1}, '{,"",+}'],
    ['self.all(f, has(f.x))', [{x: 1, y: 2}, {y: 3}], '[{,+},{,-}]'],
    ['self.filter(f, f.a).size() <= 1', [{a: true}], '[{"a":true}]'],
    ['self[0].matches.size() > 1', [{matches: [1, 2, 3], name: 'a'}], '[{,3}]'],
    ['self.all(l1, self.exists_one(l2, l1.name == l2.name))', [{name: 'a', port: 1}], '[{,"a"}]'],
    ["self.all(key, key != '')", {a: 'b'}, '{"a":"b"}'],
    ["has(self.__namespace__) && self.a__dash__b == 'c'", {namespace: 'n', 'a-b': 'c'}, '{,+,"c"}'],
    ['size(self.group) == 0', {group: 'gr\u00fcn'}, '{,"gr\u00fcn"}'],
    ['self.matches("^a$")', 'a', '"a"'],
    ['has(self.a.b)', {a: {b: 1, c: 2}}, '{,{,+}}'],
    ['has(self.a.b)', {}, '{,-}'],
  ])('%s of %j is %s', (rule, value, text) => {
    expect(textOf(rule, value)).toBe(text);
  });
});

/** Any value of the shape of a schema, from few strings and numbers, so that many look alike to a rule. */
function valueOf(node: CrdNode): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  switch (node.type) {
    case 'string':
      return fc.constantFrom(
        '',
        'a',
        '*',
        '/a',
        '1s',
        '2s',
        'Service',
        'XBackend',
        'PathPrefix',
        'gateway.networking.x-k8s.io',
      );
    case 'integer':
      return fc.constantFrom(0, 1, 2);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(node.items === undefined ? fc.constant(0) : valueOf(node.items), {maxLength: 2});
    case 'object': {
      if (typeof node.additionalProperties === 'object') {
        return fc.dictionary(fc.constantFrom('a', 'b/c'), valueOf(node.additionalProperties));
      }
      const fields = Object.entries(node.properties ?? {}).map(([name, child]) => [name, valueOf(child)] as const);
      return fc.record(Object.fromEntries(fields), {requiredKeys: []});
    }
    case 'number':
    case undefined:
      break;
  }
  return fc.constant(null);
}

function nodesWithRules(node: CrdNode): CrdNode[] {
  const below = [...Object.values(node.properties ?? {}), ...(node.items === undefined ? [] : [node.items])].flatMap(
    nodesWithRules,
  );
  return node['x-kubernetes-validations'] === undefined ? below : [node, ...below];
}

describe('verdicts', () => {
  // The type inferred from a JSON module has `string` where a schema has one of a few words.
  const schemas = [httpRoute, gateway] as unknown as readonly KindSchema[];
  const nodes = schemas.flatMap(({versions}) => nodesWithRules(versions['v1']?.properties?.['spec'] ?? {}));

  it('differ only where the texts differ, for every rule of HTTPRoute and Gateway', () => {
    expect(nodes.length).toBeGreaterThan(40);
    let shared = 0;
    for (const node of nodes) {
      const rules = (node['x-kubernetes-validations'] ?? []).map(({rule}) => ({
        rule,
        test: plan(celEnvironment, parse(rule)),
      }));
      const values = fc.sample(valueOf(node), {numRuns: 150, seed: 1});
      for (const {rule, test} of rules) {
        const verdicts = new Map<string, boolean>();
        for (const value of values) {
          const result = test({self: toCel(node)(value)});
          const verdict = !isCelError(result) && result === true;
          const text = textOf(rule, value);
          if (verdicts.has(text)) shared++;
          expect(verdicts.get(text) ?? verdict, `${rule}\n${JSON.stringify(value)}`).toBe(verdict);
          verdicts.set(text, verdict);
        }
      }
    }
    expect(shared).toBeGreaterThan(5000); // else the test compared nothing
  });
});
