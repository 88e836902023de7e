import type {Log} from '../../src/provision/supervised-process.ts';

export type Line = {readonly level: string; readonly fields: Record<string, unknown>; readonly message: string};

/** A log that keeps its lines. */
export function recordingLog(): Log & {readonly lines: readonly Line[]; messages(level?: string): readonly string[]} {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({level, fields: {...fields}, message});
  };
  return {
    lines,
    messages: (level) =>
      lines.filter((line) => level === undefined || line.level === level).map(({message}) => message),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

/** Waits until the condition holds; fails with what it waited for otherwise. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const until = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`not in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
