import type {Log} from '../../../src/xds/api.ts';

export type CollectedLog = Log & {
  readonly lines: {readonly level: string; readonly fields: object; readonly message: string}[];
  messages(level?: string): readonly string[];
};

export function collectedLog(): CollectedLog {
  const lines: CollectedLog['lines'] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({level, fields, message});
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
