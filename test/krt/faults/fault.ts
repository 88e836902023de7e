/** A mistake that somebody could make in the engine, and the suite that has to notice. */
export type Fault = {
  /** What is wrong then, as a sentence. Unique. */
  readonly name: string;
  /** In src/krt. */
  readonly file: string;
  /** What stands there; it occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** In test/krt: at least one of its tests fails, whatever the seeds. The fewer runs it takes, the better. */
  readonly killedBy: string;
  /** Part of the name of the test that does, where others of the suite take long: no other is run then. */
  readonly test?: string;
  /** The suite does not come to an end with it, so there is no use in waiting for long. */
  readonly hangs?: true;
  /** Where this happened, or why it is easy to do. */
  readonly story?: string;
};
