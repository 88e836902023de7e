import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {guessIdentity} from '../../src/files/guess-identity.ts';
import {parseJson} from '../../src/files/json.ts';
import {JsonReader} from '../../src/files/json-reader.ts';
import {locateInYaml, parseYaml, splitDocuments} from '../../src/files/yaml.ts';

describe('JSON', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({maxDepth: 5}), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parseJson(text)).toEqual({value: JSON.parse(text)});
        expect(new JsonReader(text).read([])).toEqual({offsets: []});
      }),
    );
  });

  it('is refused where JSON.parse refuses it, and nowhere else', () => {
    const characters = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-', 'null', ' ', '\\', '\n');
    fc.assert(
      fc.property(
        fc.array(characters, {maxLength: 12}).map((parts) => parts.join('')),
        (text) => {
          const legal = (() => {
            try {
              JSON.parse(text);
              return true;
            } catch {
              return false;
            }
          })();
          const {fault} = new JsonReader(text).read([]);
          const twice = fault?.message.startsWith('duplicate key') === true; // legal to JSON.parse
          expect(twice || (fault === undefined) === legal).toBe(true);
          expect('value' in parseJson(text)).toBe(fault === undefined);
        },
      ),
      {numRuns: 2000},
    );
  });

  it.each([
    ['{"a": 1, "a": 2}', 'duplicate key "a"', 9],
    ['{"a": {"b": 1, "\\u0062": 2}}', 'duplicate key "b"', 15],
    ['{"a" 1}', 'expected ":", found "1"', 5],
    ['[1 2]', 'expected "," or "]", found "2"', 3],
    ['{a: 1}', 'expected a name in double quotes, found "a"', 1],
    ['["a\nb"]', 'a string holds a line break, a control character or an unknown escape', 1],
    ['[01]', 'expected "," or "]", found "1"', 2],
    ['', 'expected a value, found the end of the file', 0],
  ])('%j: %s', (text, message, offset) => {
    expect(parseJson(text)).toEqual({fault: {message, offset}});
  });

  it('allows 64 levels and no more', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson(nested(64))).toHaveProperty('value');
    expect(parseJson(nested(65))).toEqual({fault: {message: 'nested deeper than 64 levels', offset: 64}});
  });

  it('tells where fields stand, or as far as they exist', () => {
    const text = '{"a": {"b": [1, {"c": 2}]}}';
    const {offsets} = new JsonReader(text).read([['a', 'b', 1, 'c'], ['a', 'b', 1, 'x'], ['a', 'b', 7], ['z']]);
    expect(offsets.map((offset) => text.slice(offset))).toEqual(['2}]}}', '{"c": 2}]}}', '[1, {"c": 2}]}}', text]);
  });
});

describe('YAML', () => {
  it.each([
    ['', []],
    ['# nothing\n---\n# at all\n---\n', []],
    ['a: 1\n', ['1 a: 1\n']],
    ['---\na: 1\n---\nb: 2\n', ['1 ---\na: 1\n', '3 ---\nb: 2\n']],
    ['a: 1\n---\n\n# c\n--- # d\nb: 2\n', ['1 a: 1\n', '5 --- # d\nb: 2\n']],
    ['a: |\n  ---\n--- text\n', ['1 a: |\n  ---\n', '3 --- text\n']],
    ['a: 1\n...\nb: 2\n', ['1 a: 1\n', '2 \nb: 2\n']],
    ['----\na: 1\n', ['1 ----\na: 1\n']],
    ['a: 1\r\n---\r\nb: 2\r\n', ['1 a: 1\r\n', '2 ---\r\nb: 2\r\n']],
  ])('%j falls into documents', (text, documents) => {
    expect(splitDocuments(text).map((document) => `${document.line} ${document.text}`)).toEqual(documents);
  });

  it('keeps directives with their document', () => {
    const [document] = splitDocuments('%YAML 1.2\n---\na: 1\n');
    expect(parseYaml(document?.text ?? '')).toEqual({value: {a: 1}});
    expect(document?.line).toBe(1);
  });

  it('reads scalars as kubectl does', () => {
    const text = 'a: yes\nb: "yes"\nc: off\nd: 0x10\ne: 1e3\nf: ~\ng: 2026-01-31\nh: 12:30\n';
    expect(parseYaml(text)).toEqual({
      value: {a: true, b: 'yes', c: false, d: 16, e: 1000, f: null, g: '2026-01-31', h: '12:30'},
    });
  });

  it('merges, and copies what aliases stand for', () => {
    const parsed = parseYaml('base: &b {x: {p: 1}}\none: {<<: *b, q: 2}\ntwo: *b\n');
    expect(parsed).toEqual({value: {base: {x: {p: 1}}, one: {x: {p: 1}, q: 2}, two: {x: {p: 1}}}});
    if (!('value' in parsed)) throw new Error('unreachable');
    const value = parsed.value as Record<string, {x: object}>; // as the line above says
    expect(value['base']?.x).not.toBe(value['two']?.x);
    expect(value['base']?.x).not.toBe(value['one']?.x);
  });

  it('tells where fields stand, or as far as they exist', () => {
    const text = 'a:\n  b:\n  - c: 1\n  - {d: [x, y]}\n"e f": 1\n';
    const paths = [['a', 'b', 0, 'c'], ['a', 'b', 1, 'd', 1], ['a', 'b', 9], ['e f'], ['none']];
    expect(locateInYaml(text, paths).map((offset) => text.slice(offset).split('\n')[0])).toEqual([
      'c: 1',
      'y]}',
      'b:',
      'e f": 1',
      'a:',
    ]);
  });
});

describe('the identity of a text that does not parse', () => {
  it.each([
    [
      'apiVersion: v1\nkind: Service\nmetadata:\n  labels: {a: b}\n  name: web\n  namespace: team # here\nspec: [\n',
      '/Service team/web',
    ],
    ['kind: "Namespace"\napiVersion: v1\nmetadata:\n    name: \'a\'\n    labels: [\n', '/Namespace a'],
    ['apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    name: not-this\n', undefined],
    ['apiVersion: v1\nkind: Service\nspec:\n  name: not-this\n', undefined],
    ['kind: Service\nmetadata:\n  name: a\n  x: [\n', undefined],
    ['%$&', undefined],
  ])('%j is %s', (text, id) => {
    expect(guessIdentity(text).id).toBe(id);
  });
});
