/**
 * Writes src/gen/gateway-api.ts (TypeScript types) and src/gen/schemas/*.json (structural schemas with their
 * CEL rules) from the CRDs of Gateway API, experimental channel. No description text is copied.
 *
 *     tsx src/schema/generate.ts [--crds DIR]
 *
 * Without `--crds` the CRDs are read from the Go module below, which `go mod download` brings into the module cache.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {CORE_SCHEMA, load} from 'js-yaml';
import {KINDS, writeTypes} from './generate-types.ts';
import {readZip} from './generate-zip.ts';
import type {CrdNode, KindSchema} from './structural.ts';

const MODULE = 'sigs.k8s.io/gateway-api';
const VERSION = 'v1.7.0';
const FOLDER = 'config/crd/experimental';
const SOURCE = `${MODULE} ${VERSION}, ${FOLDER}`;
type Crd = {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: {readonly kind: string; readonly plural: string};
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: {readonly openAPIV3Schema: CrdNode};
    }[];
  };
};

/** The CRD files, as text: of the given folder, or of the pinned module. */
function crdTexts(folder: string | undefined): string[] {
  if (folder !== undefined) {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8'));
  }
  const zip = readZip(readFileSync(moduleZip()));
  const prefix = `${MODULE}@${VERSION}/${FOLDER}/`;
  return [...zip.keys()]
    .filter((name) => name.startsWith(prefix) && name.endsWith('.yaml'))
    .sort()
    .map((name) => zip.get(name)?.().toString('utf8') ?? '');
}

/** The zip is there even where `go` is older than the module asks for: it then refuses only to unpack it. */
function moduleZip(): string {
  const printed = (() => {
    try {
      return execFileSync('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    } catch (error) {
      const stdout = error instanceof Error && 'stdout' in error ? error.stdout : undefined;
      if (typeof stdout === 'string' && stdout !== '') return stdout;
      throw error;
    }
  })();
  const answer = JSON.parse(printed) as {Zip?: string; Error?: string}; // documented output of `go help mod download`
  if (answer.Zip === undefined) throw new Error(`go mod download: ${answer.Error ?? 'no zip'}`);
  return answer.Zip;
}

function withoutDescriptions(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutDescriptions);
  if (node === null || typeof node !== 'object') return node;
  const entries = Object.entries(node).filter(([key, value]) => key !== 'description' || typeof value !== 'string');
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutDescriptions(value)]));
}

const {values} = parseArgs({options: {crds: {type: 'string'}}});
const crds = new Map<string, Crd>();
for (const text of crdTexts(values.crds)) {
  if (!text.includes('kind: CustomResourceDefinition')) continue;
  const crd = withoutDescriptions(load(text, {schema: CORE_SCHEMA})) as Crd; // the CRDs are ours to pin, checked below
  if (crd.spec.group === 'gateway.networking.k8s.io') crds.set(crd.spec.names.kind, crd);
}

const gen = resolve(import.meta.dirname, '../gen');
rmSync(join(gen, 'schemas'), {recursive: true, force: true});
mkdirSync(join(gen, 'schemas'), {recursive: true});
const written: KindSchema[] = [];
for (const kind of KINDS) {
  const crd = crds.get(kind);
  if (crd === undefined) throw new Error(`no CRD for ${kind}`);
  const versions: Record<string, CrdNode> = {};
  for (const version of crd.spec.versions) {
    if (version.served) versions[version.name] = version.schema.openAPIV3Schema;
  }
  const {group, scope} = crd.spec;
  const schema: KindSchema = {
    generated: `do not edit: src/schema/generate.ts, ${SOURCE}`,
    group,
    kind,
    namespaced: scope === 'Namespaced',
    versions,
  };
  written.push(schema);
  writeFileSync(join(gen, 'schemas', `${kind.toLowerCase()}.json`), `${JSON.stringify(schema)}\n`);
}
writeFileSync(join(gen, 'gateway-api.ts'), writeTypes(written, SOURCE));
console.log(`${written.length} kinds of ${MODULE} ${VERSION} written to ${gen}`);
