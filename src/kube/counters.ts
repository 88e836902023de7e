/** What reading from an API server has come to, as metrics. */
import type {EventType, ReflectorMeter} from './reflector-types.ts';

export type KubeMetric = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly {readonly labels: Readonly<Record<string, string>>; readonly value: number}[];
};

type Counts = {
  readonly events: Map<EventType, number>;
  /** `list first`. */
  readonly began: Map<string, number>;
  bytes: number;
  badObjects: number;
};

export class Counters {
  readonly #byKind = new Map<string, Counts>();

  meterOf(kind: string): ReflectorMeter {
    const counts = this.#countsOf(kind);
    return {
      event: (type, count) => add(counts.events, type, count),
      bytes: (count) => {
        counts.bytes += count;
      },
      began: (what, reason) => add(counts.began, `${what} ${reason}`, 1),
    };
  }

  badObject(kind: string): void {
    this.#countsOf(kind).badObjects++;
  }

  metrics(): readonly KubeMetric[] {
    const kinds = [...this.#byKind];
    return [
      {
        name: 'sluice_kube_events_total',
        help: 'Objects listed, and watch events received.',
        type: 'counter',
        samples: kinds.flatMap(([kind, {events}]) =>
          [...events].map(([type, value]) => ({labels: {kind, type}, value})),
        ),
      },
      {
        name: 'sluice_kube_requests_total',
        help: 'Lists and watches begun, and what made it necessary.',
        type: 'counter',
        samples: kinds.flatMap(([kind, {began}]) =>
          [...began].map(([what, value]) => {
            const [request = '', reason = ''] = what.split(' ');
            return {labels: {kind, request, reason}, value};
          }),
        ),
      },
      {
        name: 'sluice_kube_bytes_total',
        help: 'Bytes of lists and watches received.',
        type: 'counter',
        samples: kinds.map(([kind, {bytes}]) => ({labels: {kind}, value: bytes})),
      },
      {
        name: 'sluice_kube_bad_objects_total',
        help: 'Versions of objects that could not be used.',
        type: 'counter',
        samples: kinds.map(([kind, {badObjects}]) => ({labels: {kind}, value: badObjects})),
      },
    ];
  }

  #countsOf(kind: string): Counts {
    const counts = this.#byKind.get(kind) ?? {events: new Map(), began: new Map(), bytes: 0, badObjects: 0};
    this.#byKind.set(kind, counts);
    return counts;
  }
}

function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
