/** A status condition as wanted; where it is written, observedGeneration and lastTransitionTime are added. */
export type ConditionState = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
};

export const conditionTrue = (type: string, reason: string, message = ''): ConditionState => ({
  type,
  status: 'True',
  reason,
  message,
});

export const conditionFalse = (type: string, reason: string, message: string): ConditionState => ({
  type,
  status: 'False',
  reason,
  message,
});

/** Why something was refused, in the words of a condition. */
export type Reason = {readonly reason: string; readonly message: string};

/** True with the reason that is usual for the type, or False for the reason given. */
export function conditionOf(type: string, reasonTrue: string, problem: Reason | undefined): ConditionState {
  return problem === undefined
    ? conditionTrue(type, reasonTrue)
    : conditionFalse(type, problem.reason, problem.message);
}
