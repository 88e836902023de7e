/** What is in the volumes of a Pod: paths and bytes, of the objects as they are now. */
import {fieldOf, found, type PodPlace, type Sources} from './environment.ts';
import {
  NotYet,
  type ConfigMap,
  type ConfigMapSource,
  type DownwardSource,
  type KeyToPath,
  type Pod,
  type ProjectedSource,
  type Secret,
  type TokenSource,
  type Volume,
} from './pod.ts';

/** By path inside of the volume. */
export type Files = ReadonlyMap<string, Buffer>;

export type VolumeSources = Sources & {
  readonly token: (pod: Pod, source: TokenSource) => Promise<string>;
};

/** Undefined for a volume that belongs to the Pod alone and starts empty. Throws NotYet for what is missing. */
export async function filesOf(
  pod: Pod,
  volume: Volume,
  place: PodPlace,
  sources: VolumeSources,
): Promise<Files | undefined> {
  if (volume.emptyDir !== undefined) return undefined;
  const files = new Map<string, Buffer>();
  const add = (part: Files): void => {
    for (const [path, content] of part) files.set(path, content);
  };
  const {secret, configMap, downwardAPI, projected} = volume;
  if (secret !== undefined) add(secretFiles(pod, {...secret, name: secret.secretName}, sources));
  else if (configMap !== undefined) add(configMapFiles(pod, configMap, sources));
  else if (downwardAPI !== undefined) add(downwardFiles(pod, downwardAPI, place));
  else if (projected === undefined) {
    const kinds = Object.keys(volume).filter((field) => field !== 'name');
    throw new NotYet('ContainerCreating', `volume ${volume.name}: ${kinds.join(', ')} is not supported by the rig`);
  }
  for (const source of projected?.sources ?? []) add(await projectedFiles(pod, source, place, sources));
  return files;
}

async function projectedFiles(
  pod: Pod,
  source: ProjectedSource,
  place: PodPlace,
  sources: VolumeSources,
): Promise<Files> {
  const {secret, configMap, downwardAPI, serviceAccountToken} = source;
  if (secret !== undefined) return secretFiles(pod, secret, sources);
  if (configMap !== undefined) return configMapFiles(pod, configMap, sources);
  if (downwardAPI !== undefined) return downwardFiles(pod, downwardAPI, place);
  if (serviceAccountToken !== undefined) {
    return new Map([[serviceAccountToken.path, Buffer.from(await sources.token(pod, serviceAccountToken))]]);
  }
  throw new NotYet('ContainerCreating', `projected ${Object.keys(source).join(', ')} is not supported by the rig`);
}

function secretFiles(pod: Pod, source: ConfigMapSource, {secret}: Sources): Files {
  const {data = {}}: Partial<Secret> = found('Secret', pod, source, secret) ?? {};
  const contents = new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
  return pick(contents, source);
}

function configMapFiles(pod: Pod, source: ConfigMapSource, {configMap}: Sources): Files {
  const {data = {}, binaryData = {}}: Partial<ConfigMap> = found('ConfigMap', pod, source, configMap) ?? {};
  const contents = new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)]));
  for (const [key, value] of Object.entries(binaryData)) contents.set(key, Buffer.from(value, 'base64'));
  return pick(contents, source);
}

function downwardFiles(pod: Pod, {items = []}: DownwardSource, place: PodPlace): Files {
  return new Map(
    items.map(({path, fieldRef}) => {
      if (fieldRef === undefined) {
        throw new NotYet('ContainerCreating', `downwardAPI ${path}: only fieldRef is supported by the rig`);
      }
      return [path, Buffer.from(fieldOf(pod, place, fieldRef.fieldPath))];
    }),
  );
}

/** All keys under their own names, or those of `items` at their paths. */
function pick(
  contents: Files,
  {items, name, optional}: {readonly items?: readonly KeyToPath[]} & ConfigMapSource,
): Files {
  if (items === undefined) return contents;
  const picked = new Map<string, Buffer>();
  for (const {key, path} of items) {
    const content = contents.get(key);
    if (content !== undefined) picked.set(path, content);
    else if (optional !== true) throw new NotYet('ContainerCreating', `${name} has no key ${key}`);
  }
  return picked;
}
