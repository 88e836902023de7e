import {fork, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {childArguments, childModule} from './child-process.ts';
import type {Answer, Ready} from './million-child.ts';
import type {Aim, Round} from './million-job.ts';
import type {Kind} from './million-holders.ts';

/** Pods of one number in a process of its own, so that its heap is nobody else's burden. */
export type MillionProcess = {
  readonly ready: Ready;
  readonly round: (aim: Aim) => Promise<Round>;
  readonly stop: () => void;
};

/** Rejects where the process ends early. */
export async function millionProcess(kind: Kind, size: number, edits: number): Promise<MillionProcess> {
  const child = fork(childModule('million-child.ts'), [kind, String(size), String(edits)], {
    execArgv: [...childArguments(3_500)],
  });
  const first = await answerOf(child);
  if (!('ready' in first)) throw new Error('a round before the graph was ready');
  return {
    ready: first.ready,
    async round(aim) {
      child.send(aim);
      const answer = await answerOf(child);
      if (!('round' in answer)) throw new Error('ready twice');
      return answer.round;
    },
    stop: () => void child.kill(),
  };
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const over = new AbortController();
  try {
    const answers: readonly Answer[] = await Promise.race([
      once(child, 'message', {signal: over.signal}),
      once(child, 'exit', {signal: over.signal}).then((): never => {
        throw new Error('the process of a graph ended early');
      }),
    ]);
    const [answer] = answers;
    if (answer === undefined) throw new Error('no answer');
    return answer;
  } finally {
    over.abort();
  }
}
