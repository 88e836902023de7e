import {destination, pino} from 'pino';
import type {LogComponent, StaticConfig} from './static-config.ts';

/** What components write to: the fields first, then the fact as a sentence. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** One log per component, each with its level. */
export type Logs = (component: LogComponent) => Log;

type Sink = {write(line: string): void};

/** Logs to standard error by default, so that standard output is left to what a command prints. */
export function createLogs(logging: StaticConfig['logging'], sink?: Sink): Logs {
  const text = logging.format === 'text' || (logging.format === 'auto' && process.stderr.isTTY);
  const out = sink ?? standardError();
  const root = pino(
    {base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: {level: (label) => ({level: label})}},
    text ? {write: (line: string) => out.write(toText(line))} : out,
  );
  const made = new Map<LogComponent, Log>();
  return (component) => {
    const log = made.get(component) ?? root.child({component}, {level: logging.components[component] ?? logging.level});
    made.set(component, log);
    return log;
  };
}

/** Goes on when nobody reads any more, such as a terminal that was closed: proxies are still to be ended in order. */
function standardError(): Sink {
  const out = destination({fd: 2, sync: true});
  out.on('error', () => {});
  return out;
}

export const silentLogs: Logs = () => ({debug: nothing, info: nothing, warn: nothing, error: nothing});
function nothing(): void {}

/** `06:50:01.123 INFO  envoy      started pid=4711` out of a line of JSON. */
export function toText(line: string): string {
  const {level, time, component, msg, ...fields}: Record<string, unknown> = JSON.parse(line);
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`);
  const clock = String(time).slice(11, 23);
  return `${clock} ${String(level).toUpperCase().padEnd(5)} ${String(component).padEnd(9)} ${String(msg)}${rest.join('')}\n`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
