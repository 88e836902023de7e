/** A condition as the graph wants it: what it says, without when that began. */
export type WantedCondition = {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
};

/** A status as the graph wants it. `kind` tells its shape apart and is not part of what is kept. */
export type WantedStatus = {
  readonly kind: string;
  readonly conditions?: readonly WantedCondition[];
  readonly listeners?: readonly {readonly name: string; readonly conditions: readonly WantedCondition[]}[];
  readonly parents?: readonly {
    readonly parentRef: Readonly<Record<string, unknown>>;
    readonly controllerName: string;
    readonly conditions: readonly WantedCondition[];
  }[];
};

export type WantedRow = {
  readonly key: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly generation: number;
  readonly status: WantedStatus;
};

/** metav1.Condition. */
export type Condition = WantedCondition & {
  readonly observedGeneration: number;
  /** RFC 3339, whole seconds, UTC. Absent where nothing is kept that would know. */
  readonly lastTransitionTime?: string;
};

/** An object with its status, as it would be read from an API server. */
export type StatusDocument = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {readonly name: string; readonly namespace?: string};
  readonly status: Status;
};
export type Status = {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly (Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly conditions: readonly Condition[];
  })[];
  readonly parents?: readonly {
    readonly parentRef: Readonly<Record<string, unknown>>;
    readonly controllerName: string;
    readonly conditions: readonly Condition[];
  }[];
} & Readonly<Record<string, unknown>>;

/** When conditions change now, and which generation of the object they speak of. */
export type Stamp = {readonly observedGeneration: number; readonly now?: string};

/**
 * Completes a wanted status with `observedGeneration` and `lastTransitionTime`; the time of a condition moves only with
 * its `status` (KEP-1623, standard conditions). Listeners are found again by name, parents by parentRef and controller.
 */
export function statusDocument(row: WantedRow, previous: StatusDocument | undefined, stamp: Stamp): StatusDocument {
  const {kind: _kind, conditions, listeners, parents, ...rest} = row.status;
  const before = previous?.status;
  const completed = (wanted: readonly WantedCondition[], had: readonly Condition[] = []): readonly Condition[] =>
    wanted.map((condition) => completeCondition(condition, had, stamp));
  return {
    apiVersion: row.apiVersion,
    kind: row.kind,
    metadata: {name: row.name, ...(row.namespace !== undefined && {namespace: row.namespace})},
    status: {
      ...rest,
      ...(conditions && {conditions: completed(conditions, before?.conditions)}),
      ...(listeners && {
        listeners: listeners.map((listener) => ({
          ...listener,
          conditions: completed(
            listener.conditions,
            before?.listeners?.find(({name}) => name === listener.name)?.conditions,
          ),
        })),
      }),
      ...(parents && {
        parents: parents.map((parent) => ({
          ...parent,
          conditions: completed(parent.conditions, findParent(before?.parents, parent)?.conditions),
        })),
      }),
    },
  };
}

function completeCondition(wanted: WantedCondition, had: readonly Condition[], stamp: Stamp): Condition {
  const {observedGeneration, now} = stamp;
  const {type, status, reason, message} = wanted;
  const before = had.find((condition) => condition.type === type);
  const since = before !== undefined && before.status === status ? before.lastTransitionTime : now;
  return {type, status, reason, message, observedGeneration, ...(since !== undefined && {lastTransitionTime: since})};
}

type Parent = {readonly parentRef: Readonly<Record<string, unknown>>; readonly controllerName: string};

function findParent<P extends Parent>(parents: readonly P[] | undefined, wanted: Parent): P | undefined {
  const identity = ({parentRef, controllerName}: Parent): string =>
    JSON.stringify([
      controllerName,
      ...['group', 'kind', 'namespace', 'name', 'sectionName', 'port'].map((field) => parentRef[field]),
    ]);
  return parents?.find((parent) => identity(parent) === identity(wanted));
}

/** The highest generation that the status speaks of; 0 for none. */
export function observedGenerationOf({status}: StatusDocument): number {
  const conditions = [status, ...(status.listeners ?? []), ...(status.parents ?? [])].flatMap(
    (holder) => holder.conditions ?? [],
  );
  return Math.max(0, ...conditions.map(({observedGeneration}) => observedGeneration));
}
