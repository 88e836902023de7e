import {closeSync, fstatSync, ftruncateSync, openSync, readSync} from 'node:fs';
import {StringDecoder} from 'node:string_decoder';

export type LogTail = {
  /** Reads what has come by now. */
  poll(): void;
  /** Reads the rest, an unfinished line included, and closes. */
  end(): void;
};

/** The file is emptied when it has grown so far: its writer appends, so it goes on at the start. */
const emptyAt = 8 * 1024 * 1024;

/**
 * Forwards the lines that a process appends to its log file. A file, unlike a pipe, lets the process live on when the one
 * that reads it dies. `from`: where to begin, in bytes.
 */
export function tailLog(
  file: string,
  options: {readonly from: number; readonly intervalMs?: number},
  onLine: (line: string) => void,
): LogTail {
  let offset = options.from;
  let decoder = new StringDecoder('utf8');
  let rest = '';
  const fd = openSync(file, 'a+');
  const buffer = Buffer.alloc(64 * 1024);

  const poll = (): void => {
    if (fstatSync(fd).size < offset) offset = 0;
    for (;;) {
      const length = readSync(fd, buffer, 0, buffer.length, offset);
      if (length === 0) break;
      offset += length;
      const lines = (rest + decoder.write(buffer.subarray(0, length))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
    if (offset < emptyAt) return;
    ftruncateSync(fd, 0);
    offset = 0;
    decoder = new StringDecoder('utf8');
  };
  const timer = setInterval(poll, options.intervalMs ?? 100);
  return {
    poll,
    end() {
      clearInterval(timer);
      poll();
      if (rest !== '') onLine(rest);
      closeSync(fd);
    },
  };
}
