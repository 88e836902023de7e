/** A metric as those have it who count for themselves; its shape is that of the Prometheus formats. */
export type Sample = {readonly labels?: Readonly<Record<string, string>>; readonly value: number};

export type Metric = {
  /** Ends in `_total` where it only grows. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
};
