import type {Attributes, Span, Tracer} from '@opentelemetry/api';
import {trace} from '@opentelemetry/api';
import {describe, expect, it} from 'vitest';
import {createGraph, derive, input, type Row} from '../../src/krt/index.ts';

type Item = Row & {readonly n: number};

const items = input<Item>('items', {key: ({key}) => key});
const doubled = derive('doubled', {from: items, rows: (_, {key, n}): Item => ({key, n: n * 2})});

type Told = {readonly name: string; readonly attributes: Attributes; ended: boolean};

/** A tracer that writes down its spans. */
function recording(): {readonly tracer: Tracer; readonly spans: readonly Told[]} {
  const spans: Told[] = [];
  const quiet = trace.getTracer('quiet');
  const startSpan = (name: string): Span => {
    const told: Told = {name, attributes: {}, ended: false};
    spans.push(told);
    const span: Span = {
      ...quiet.startSpan(name),
      spanContext: () => ({traceId: '', spanId: '', traceFlags: 0}),
      setAttributes: (attributes) => (Object.assign(told.attributes, attributes), span),
      setAttribute: (key, value) => (Object.assign(told.attributes, {[key]: value}), span),
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: () => span,
      updateName: () => span,
      end: () => void (told.ended = true),
      isRecording: () => true,
      recordException: () => {},
    };
    return span;
  };
  return {tracer: {startSpan, startActiveSpan: quiet.startActiveSpan.bind(quiet)}, spans};
}

describe('a graph with a tracer', () => {
  it('makes a span of every epoch in which something was written, with what came of it', () => {
    const {tracer, spans} = recording();
    const graph = createGraph({outputs: [doubled], tracer});
    const ended = () => spans.filter((span) => span.ended);
    graph.commit(() => {});
    expect(ended()).toEqual([]);
    const epoch = graph.commit((tx) => {
      tx.set(items, {key: 'a', n: 1});
      tx.set(items, {key: 'b', n: 1});
    });
    expect(ended()).toMatchObject([
      {attributes: {'krt.epoch': epoch, 'krt.inputs': ['items'], 'krt.runs': 2, 'krt.changed': 4}},
    ]);
    graph.commit((tx) => tx.set(items, {key: 'a', n: 2}));
    expect(ended().at(-1)).toMatchObject({attributes: {'krt.runs': 1, 'krt.changed': 2}});
    expect(new Set(ended().map(({name}) => name)).size).toBe(1);
  });

  it('makes one of each epoch that subscribers cause, too', () => {
    const {tracer, spans} = recording();
    const graph = createGraph({outputs: [doubled], tracer});
    const stop = graph.subscribe(doubled, () => {
      stop();
      graph.commit((tx) => tx.set(items, {key: 'b', n: 1}));
    });
    const epoch = graph.commit((tx) => tx.set(items, {key: 'a', n: 1}));
    const epochs = spans.filter((span) => span.ended).map(({attributes}) => attributes['krt.epoch']);
    expect(epochs).toEqual([epoch, epoch + 1]);
  });
});
