import type {Log} from './supervised-process.ts';

/** Forwards a line in the format `%l %n %_` of Envoy's `--log-format`; anything else counts as information. */
export function forwardEnvoyLine(log: Log, gateway: string, line: string): void {
  if (line.trim() === '') return;
  const found = /^(trace|debug|info|warning|error|critical) (\S+) (.*)$/.exec(line);
  const [, level, logger, message] = found ?? [];
  if (level === undefined || message === undefined) {
    log.info({gateway}, line);
    return;
  }
  const fields = {gateway, logger};
  switch (level) {
    case 'trace':
    case 'debug':
      log.debug(fields, message);
      return;
    case 'warning':
      log.warn(fields, message);
      return;
    case 'error':
    case 'critical':
      log.error(fields, message);
      return;
    default:
      log.info(fields, message);
  }
}
