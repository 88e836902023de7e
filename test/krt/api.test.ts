import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import * as krt from '../../src/krt/index.ts';

/** The public surface: whoever changes it changes this list, and knows it. */
const VALUES = [
  'CycleError',
  'TransformFailure',
  'createGraph',
  'derive',
  'deriveOutputs',
  'distinct',
  'group',
  'index',
  'input',
  'join',
  'matchJoin',
  'merge',
  'nested',
  'selectorMatches',
  'singleton',
  'structurallyEqual',
  'transformErrors',
  'trigger',
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
  'Equality',
  'ErrorPolicy',
  'Graph',
  'GraphEdge',
  'GraphNode',
  'GraphOptions',
  'GroupRow',
  'HistoryEntry',
  'Index',
  'Input',
  'InputChange',
  'InputSource',
  'LabelSelector',
  'Labelled',
  'Labels',
  'Match',
  'NodeKind',
  'Rates',
  'Row',
  'Selecting',
  'Traits',
  'Transaction',
  'TransformError',
  'Trigger',
  'TriggerRow',
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
