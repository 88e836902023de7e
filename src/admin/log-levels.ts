/** Levels of the log, looked at and changed while everything runs. */
import {type Answer, json} from './answer.ts';

export type LogLevels = {
  /** By component. */
  list(): Readonly<Record<string, string>>;
  /**
   * Changes the levels of the components named. Returns what is wrong, where something is; then nothing is changed.
   */
  change(levels: Readonly<Record<string, string>>): string | undefined;
};

/** `?component=level`, as many as wanted; `level` stands for all components, and any of them can be named besides. */
export function changeLevels(levels: LogLevels, query: URLSearchParams): Answer {
  const {level, ...named} = Object.fromEntries(query);
  const all = level === undefined ? {} : Object.fromEntries(Object.keys(levels.list()).map((name) => [name, level]));
  const wanted = {...all, ...named};
  if (Object.keys(wanted).length === 0)
    return json({error: 'nothing to change: say ?COMPONENT=LEVEL or ?level=LEVEL'}, 400);
  const problem = levels.change(wanted);
  return problem === undefined ? json(levels.list()) : json({error: problem}, 400);
}
