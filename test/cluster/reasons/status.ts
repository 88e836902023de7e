/** Statuses as Gateway API has them, whichever of its kinds they are of. */
import type {Table} from './case.ts';

export type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
};

type Conditions = {readonly conditions?: readonly Condition[]};

export type Status = Conditions & {
  readonly listeners?: readonly (Conditions & {readonly name: string; readonly attachedRoutes?: number})[];
  readonly parents?: readonly (Conditions & {readonly controllerName: string})[];
};

/** `Accepted=False/InvalidParameters`. */
export const outcomeOf = ({type, status, reason}: Condition): string => `${type}=${status}/${reason}`;

/** Those that a table is about: of the object, of a listener by its name, of its first parent. */
export function conditionsOf({of}: Table, listener = 'http', status: Status | undefined = {}): readonly Condition[] {
  switch (of) {
    case 'object':
      return status.conditions ?? [];
    case 'listener':
      return status.listeners?.find(({name}) => name === listener)?.conditions ?? [];
    case 'parent':
      return status.parents?.[0]?.conditions ?? [];
  }
}

/** All of a status: `listener Accepted=True/Accepted`. */
export const outcomesIn = ({conditions = [], listeners = [], parents = []}: Status): readonly string[] => [
  ...conditions.map((one) => `object ${outcomeOf(one)}`),
  ...listeners.flatMap((listener) => (listener.conditions ?? []).map((one) => `listener ${outcomeOf(one)}`)),
  ...parents.flatMap((parent) => (parent.conditions ?? []).map((one) => `parent ${outcomeOf(one)}`)),
];
