/** Reads cases of the agentgateway controller's deployer suite: manifests, and the objects that are to exist for their Gateway. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {loadAll} from 'js-yaml';
import type {KubeObject} from '../../../src/api/object.ts';

const folder = resolve(import.meta.dirname, '../../../../shared/goldens/agentgateway/deployer');

/** Why no case can be read, if so. */
export const missing = existsSync(folder) ? undefined : `no golden cases at ${folder}`;

export type DeployerCase = {
  readonly name: string;
  readonly manifests: readonly KubeObject[];
  readonly expected: readonly KubeObject[];
};

/** Sorted by name. */
export function readDeployerCases(): readonly DeployerCase[] {
  const names = readdirSync(folder).flatMap((file) => /^(.+)-out\.yaml$/.exec(file)?.[1] ?? []);
  return names.sort().map((name) => ({name, manifests: read(`${name}.yaml`), expected: read(`${name}-out.yaml`)}));
}

const read = (file: string): readonly KubeObject[] =>
  // Every document of the suite is an object.
  loadAll(readFileSync(join(folder, file), 'utf8')).map((document) => document as KubeObject);
