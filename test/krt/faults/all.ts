import {combinations} from './combinations.ts';
import {commits} from './commits.ts';
import {deltas} from './deltas.ts';
import {explanations} from './explanations.ts';
import type {Fault} from './fault.ts';
import {indexes} from './indexes.ts';
import {lifetimes} from './lifetimes.ts';
import {matches} from './matches.ts';
import {order} from './order.ts';
import {reads} from './reads.ts';
import {rows} from './rows.ts';
import {transforms} from './transforms.ts';

export const faults: readonly Fault[] = [
  ...rows,
  ...reads,
  ...indexes,
  ...matches,
  ...transforms,
  ...combinations,
  ...order,
  ...commits,
  ...deltas,
  ...explanations,
  ...lifetimes,
];
