/** Reads cases of the agentgateway controller's translator suites: manifests, then `# Output` and what they become. */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parse, parseAllDocuments} from 'yaml';

const goldens = resolve(import.meta.dirname, '../../../../shared/goldens/agentgateway/translator');

/** Why no case can be read, if so. */
export const missing = existsSync(goldens) ? undefined : `no golden cases at ${goldens}`;

export type Manifest = Readonly<Record<string, unknown>>;
export type ExpectedResource = {
  readonly gateway?: {readonly Name: string; readonly Namespace: string};
  /** One member, named after the kind; its body is protobuf JSON. */
  readonly resource: Readonly<Record<string, Manifest>>;
};
export type ExpectedStatus = {
  readonly kind: string;
  readonly metadata: {readonly name: string; readonly namespace?: string};
  readonly status: Manifest;
};
export type GoldenCase = {
  readonly folder: string;
  readonly name: string;
  readonly manifests: readonly Manifest[];
  readonly output: readonly ExpectedResource[];
  readonly status: readonly ExpectedStatus[];
};

/** All cases of a folder, sorted by name. */
export function readCases(folder: string): readonly GoldenCase[] {
  const files = readdirSync(join(goldens, folder)).sort();
  return files.filter((file) => file.endsWith('.yaml') && !file.startsWith('_')).map((file) => readCase(folder, file));
}

function readCase(folder: string, file: string): GoldenCase {
  const text = readFileSync(join(goldens, folder, file), 'utf8');
  const cut = text.search(/^---\n# Output$/m);
  if (cut < 0) throw new Error(`${folder}/${file}: no output`);
  const defaults = join(goldens, folder, '_defaults.yaml');
  const manifests = new Map<string, Manifest>();
  for (const manifest of [
    ...(existsSync(defaults) ? manifestsIn(readFileSync(defaults, 'utf8')) : []),
    ...manifestsIn(text.slice(0, cut)),
  ]) {
    manifests.set(identity(manifest), manifest);
  }
  // The shape is that of the golden files' own description.
  const expected = parse(text.slice(cut + '---\n'.length)) as Partial<Pick<GoldenCase, 'output' | 'status'>>;
  return {
    folder,
    name: file.slice(0, -'.yaml'.length),
    manifests: [...manifests.values()],
    output: expected.output ?? [],
    status: expected.status ?? [],
  };
}

function manifestsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document): readonly Manifest[] => {
    const value: unknown = document.toJS();
    return typeof value === 'object' && value !== null ? [{...value}] : [];
  });
}

function identity({kind, metadata}: Manifest): string {
  const {namespace = '', name} = metadata as {readonly namespace?: string; readonly name: string}; // as all objects have
  return `${String(kind)}/${namespace}/${name}`;
}
