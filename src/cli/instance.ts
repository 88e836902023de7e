/** The running instance, by its admin endpoint. */
import {loadConfig} from '../config/load-config.ts';
import {CommandFailed} from './failure.ts';

export type InstanceOptions = {
  readonly admin?: string;
  readonly config?: string;
  readonly collections?: readonly string[];
};

const defaultAddress = '127.0.0.1:19000';

export function instanceAddress({admin, config}: InstanceOptions): string {
  return admin ?? (config === undefined ? defaultAddress : loadConfig(config).admin.address);
}

/** Nobody answers where an instance is looked for. */
export class NoInstance extends CommandFailed {}

/** The body of an admin endpoint; a 404 that lists collections becomes a message. Throws CommandFailed, NoInstance among them. */
export async function askInstance(path: string, options: InstanceOptions): Promise<string> {
  if (options.collections !== undefined) {
    throw new CommandFailed(
      '--collections goes with -f: a running instance has the collections that it was started with',
    );
  }
  const address = instanceAddress(options);
  let response: Response;
  try {
    response = await fetch(`http://${address}${path}`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NoInstance(
      `no sluice answers at ${address} (${reason}); name another with --admin, or a folder of manifests with -f`,
    );
  }
  const body = await response.text();
  if (response.ok) return body;
  const {error, collections}: {readonly error?: string; readonly collections?: readonly string[]} = parse(body);
  if (collections !== undefined)
    throw new CommandFailed(unknownCollection(error ?? 'there is no such collection', collections));
  throw new CommandFailed(`${address}${path}: ${response.status}: ${error ?? body.trim()}`);
}

export function unknownCollection(error: string, names: readonly string[]): string {
  return `${error}; there are\n${names.map((name) => `  ${name}`).join('\n')}`;
}

function parse(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
