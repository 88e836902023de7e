import {destination, pino} from 'pino';
import {type LogComponent, logComponents, type LogLevel, logLevels, type StaticConfig} from './static-config.ts';

/** What components write to: the fields first, then the fact as a sentence. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** One log per component, each with its level. */
export type Logs = (component: LogComponent) => Log;

/** Levels, while the process runs. What Envoys write is kept or not by them; how much these write, they were told when they began. */
export type LogControl = {
  /** By component, all of them. */
  list(): Readonly<Record<string, string>>;
  /** Changes the levels of the components named. Returns what is wrong, where something is; then nothing is changed. */
  change(levels: Readonly<Record<string, string>>): string | undefined;
};

type Sink = {write(line: string): void};

/** Logs to standard error by default, so that standard output is left to what a command prints. */
export function createLogs(logging: StaticConfig['logging'], sink?: Sink): Logs & {readonly levels: LogControl} {
  const text = logging.format === 'text' || (logging.format === 'auto' && process.stderr.isTTY);
  const out = sink ?? standardError();
  const root = pino(
    {base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: {level: (label) => ({level: label})}},
    text ? {write: (line: string) => out.write(toText(line))} : out,
  );
  const levelOf = (component: LogComponent): LogLevel => logging.components[component] ?? logging.level;
  const made = new Map(
    logComponents.map((component) => [component, root.child({component}, {level: levelOf(component)})]),
  );
  const control: LogControl = {
    list: () => Object.fromEntries([...made].map(([component, {level}]) => [component, level])),
    change(wanted) {
      const changes: (readonly [LogComponent, LogLevel])[] = [];
      for (const [name, text] of Object.entries(wanted)) {
        const component = logComponents.find((one) => one === name);
        const level = logLevels.find((one) => one === text);
        if (component === undefined)
          return `${name}: there is no such component; there are ${logComponents.join(', ')}`;
        if (level === undefined) return `${name}: must be one of ${logLevels.join(', ')}, is ${JSON.stringify(text)}`;
        changes.push([component, level]);
      }
      for (const [component, level] of changes) {
        const log = made.get(component);
        if (log !== undefined) log.level = level;
      }
      return undefined;
    },
  };
  const logOf = (component: LogComponent): Log => made.get(component) ?? root;
  return Object.assign(logOf, {levels: control});
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
