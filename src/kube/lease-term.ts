/** One uninterrupted leadership. */
export type Term = {
  /** Higher than that of every leader before. */
  readonly number: number;
  /** For how many milliseconds nobody else can lead, for sure; 0 or less when the term is over, and ever after. */
  msLeft(): number;
};

/** Of the only replica, which leads without being elected. */
export const endlessTerm: Term = {number: 0, msLeft: () => Infinity};
