import {kindInfo} from './kinds.ts';
import {isRecord} from './record.ts';

/** Which object a document speaks of, as far as it says so; valid or not. */
export type Identity = {
  /** `group/Kind namespace/name`; absent unless kind and name are there. The version does not matter. */
  readonly id?: string;
  /** For people: `HTTPRoute default/web`. */
  readonly object?: string;
};

export function identityOf(value: unknown): Identity {
  if (!isRecord(value)) return {};
  const {apiVersion, kind, metadata} = value;
  if (typeof kind !== 'string' || kind === '') return {};
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (typeof name !== 'string' || name === '') return {object: clip(kind)};
  const info = typeof apiVersion === 'string' ? kindInfo(apiVersion, kind) : undefined;
  const given = isRecord(metadata) ? metadata['namespace'] : undefined;
  const namespace =
    typeof given === 'string' && given !== '' ? given : info?.namespaced === true ? 'default' : undefined;
  const key = namespace === undefined || info?.namespaced === false ? name : `${namespace}/${name}`;
  const object = clip(`${kind} ${key}`);
  return info === undefined ? {object} : {id: `${info.group}/${kind} ${key}`, object};
}

/** Names of broken documents can be anything. */
function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}...`;
}
