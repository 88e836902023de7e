/** Lines of a watch. Kubernetes API concepts, "Efficient detection of changes". */
import {isRecord} from '../schema/record.ts';

/** An object as it came: nothing is known of it but that it is one. */
export type RawObject = Readonly<Record<string, unknown>>;

export type WatchEvent =
  | {readonly is: 'added' | 'modified' | 'deleted'; readonly object: RawObject}
  /** `endsInitial`: everything there is has been sent. */
  | {readonly is: 'bookmark'; readonly resourceVersion: string; readonly endsInitial: boolean}
  /** The watch is over, for a reason such as `Expired` (code 410). */
  | {readonly is: 'error'; readonly code: number; readonly reason: string; readonly message: string}
  | {readonly is: 'nonsense'; readonly message: string};

const CHANGES = {ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted'} as const;
const INITIAL_END = 'k8s.io/initial-events-end';

/** Never throws. */
export function readEvent(line: Buffer): WatchEvent {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return nonsense(line);
  }
  if (!isRecord(value) || !isRecord(value['object'])) return nonsense(line);
  const {type, object} = value;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return {is: CHANGES[type], object};
    case 'BOOKMARK': {
      const resourceVersion = versionOf(object);
      if (resourceVersion === undefined) return nonsense(line);
      const annotations = isRecord(object['metadata']) ? object['metadata']['annotations'] : undefined;
      return {
        is: 'bookmark',
        resourceVersion,
        endsInitial: isRecord(annotations) && annotations[INITIAL_END] === 'true',
      };
    }
    case 'ERROR': {
      const {code, reason, message} = object;
      return {
        is: 'error',
        code: typeof code === 'number' ? code : 0,
        reason: typeof reason === 'string' ? reason : '',
        message: typeof message === 'string' ? message : '',
      };
    }
    default:
      return nonsense(line);
  }
}

export function versionOf(object: RawObject): string | undefined {
  const {metadata} = object;
  const version = isRecord(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' && version !== '' ? version : undefined;
}

function nonsense(line: Buffer): WatchEvent {
  return {is: 'nonsense', message: `no watch event: ${JSON.stringify(line.toString('utf8', 0, 80))}`};
}
