import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Applier} from './apply.ts';
import {objectsOf} from './objects.ts';

/** Applies every file of the folder. The policy comes last, so that it judges changes only. */
export async function installCrds(folder: string, applier: Applier): Promise<void> {
  const objects = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => objectsOf(readFileSync(join(folder, file), 'utf8')));
  const crds = objects.filter(({kind}) => kind === 'CustomResourceDefinition');
  if (crds.length === 0) throw new Error(`${folder} holds no CRDs`);
  await Promise.all(crds.map((crd) => applier.apply(crd)));
  await applier.apply(objects.filter(({kind}) => kind !== 'CustomResourceDefinition'));
}
