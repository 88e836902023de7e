/** What a container prints, line by line with the time of each, as `kubectl logs` asks for it. */
import {appendFileSync} from 'node:fs';
import {StringDecoder} from 'node:string_decoder';

export type LogQuery = {
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly tailLines?: number;
  readonly timestamps?: boolean;
};

export type ContainerLog = {
  /** Takes bytes of one stream; the function that is returned takes what comes, and undefined at its end. */
  writer(): (part: Buffer | undefined) => void;
  /** Lines with their ends. */
  read(query: LogQuery): string;
  /** Lines to come. Returns how to stop that. */
  follow(query: LogQuery, listener: (text: string) => void): () => void;
};

type Line = {readonly time: number; readonly text: string};

const keptLines = 20_000;

/** `file`: gets all of it, for people. */
export function containerLog(file: string): ContainerLog {
  let lines: Line[] = [];
  const listeners = new Set<(line: Line) => void>();

  const add = (text: string): void => {
    const line = {time: Date.now(), text};
    lines.push(line);
    if (lines.length >= 2 * keptLines) lines = lines.slice(-keptLines);
    appendFileSync(file, print(line, true));
    for (const listener of listeners) listener(line);
  };
  return {
    writer() {
      const decoder = new StringDecoder('utf8');
      let rest = '';
      return (part) => {
        const whole = (rest + (part === undefined ? decoder.end() : decoder.write(part))).split('\n');
        rest = part === undefined ? '' : (whole.pop() ?? '');
        for (const text of whole) if (part !== undefined || text !== '') add(text);
      };
    },
    read({since = 0, tailLines, timestamps = false}) {
      const wanted = lines.filter(({time}) => time >= since);
      const last = tailLines === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - tailLines));
      return last.map((line) => print(line, timestamps)).join('');
    },
    follow({timestamps = false}, listener) {
      const each = (line: Line): void => listener(print(line, timestamps));
      listeners.add(each);
      return () => void listeners.delete(each);
    },
  };
}

const print = ({time, text}: Line, timestamps: boolean): string =>
  timestamps ? `${new Date(time).toISOString()} ${text}\n` : `${text}\n`;
