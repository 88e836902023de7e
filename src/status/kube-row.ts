import type {WantedCondition, WantedRow, WantedStatus} from './status-document.ts';

/** One entry of `ancestors`: what a policy is to one of the things it affects. */
export type WantedAncestor = {
  readonly ancestorRef: Readonly<Record<string, unknown>>;
  readonly controllerName: string;
  readonly conditions: readonly WantedCondition[];
};

/** A wanted status of an object of an API server. */
export type KubeRow = Omit<WantedRow, 'status'> & {
  /**
   * Of the object that the row was made of. Without it, an object that was deleted and made anew with the same name and
   * the same generation may for a moment be told what its predecessor was to be told.
   */
  readonly uid?: string;
  readonly status: WantedStatus & {readonly ancestors?: readonly WantedAncestor[]};
};
