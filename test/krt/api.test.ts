import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import * as krt from '../../src/krt/index.ts';

/** The public surface: whoever changes it changes this list, and knows it. */
const VALUES = [
  'createGraph',
  'derive',
  'deriveOutputs',
  'distinct',
  'group',
  'index',
  'input',
  'join',
  'selectorMatches',
  'singleton',
  'structurallyEqual',
  'union',
];

const TYPES = [
  'AnyCollection',
  'Change',
  'Collection',
  'Commit',
  'Conflated',
  'Context',
  'Counters',
  'Delta',
  'DumpRow',
  'Graph',
  'GraphEdge',
  'GraphNode',
  'GraphOptions',
  'GroupRow',
  'Index',
  'Input',
  'LabelSelector',
  'Labelled',
  'Labels',
  'Row',
  'Transaction',
  'TransformError',
  'Why',
];

describe('the engine', () => {
  it('exports exactly these values', () => {
    expect(Object.keys(krt).sort()).toEqual(VALUES);
  });

  it('exports exactly these types', () => {
    const text = readFileSync(join(import.meta.dirname, '../../src/krt/index.ts'), 'utf8');
    const names = [...text.matchAll(/export type \{([^}]*)\}/g)].flatMap(([, list = '']) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    );
    expect(names.sort()).toEqual(TYPES);
  });
});
