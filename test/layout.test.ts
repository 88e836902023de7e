import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {describe, expect, it} from 'vitest';

/**
 * The rules of ARCHITECTURE.md, section "Who may import whom", checked over the import statements: low never imports
 * high, and nothing goes round in circles.
 */
const root = resolve(import.meta.dirname, '..');

type Rule = {
  readonly folder: string;
  /** Folders or files of ours it may import from, besides itself. */
  readonly ours: readonly string[];
  readonly node: boolean;
};

const attachment = ['collections/inputs.ts', 'collections/resource.ts', 'collections/settings.ts'];
const graph = ['src/krt/index.ts', 'src/api', 'src/gen'];

/** The most specific folder counts; `src/app.ts`, `src/cli`, tests and benches may import everything. */
const rules: readonly Rule[] = [
  {folder: 'src/krt', ours: [], node: false},
  {folder: 'src/api', ours: [], node: false},
  {folder: 'src/gen', ours: ['src/api'], node: false},
  {folder: 'src/schema', ours: ['src/api', 'src/gen'], node: true},
  {folder: 'src/files', ours: ['src/krt/index.ts', 'src/api', 'src/schema', 'src/gen'], node: true},
  {folder: 'src/kube', ours: ['src/krt/index.ts', 'src/api', 'src/schema', 'src/gen'], node: true},
  {folder: 'src/xds', ours: ['src/krt/index.ts', 'src/gen'], node: true},
  {folder: 'src/status', ours: ['src/krt/index.ts', 'src/api', 'src/kube'], node: true},
  {folder: 'src/provision', ours: ['src/krt/index.ts', 'src/api', 'src/kube'], node: true},
  {
    folder: 'src/trust',
    ours: [
      'src/krt/index.ts',
      'src/api',
      'src/schema/record.ts',
      'src/files/folder-watch.ts',
      'src/files/read-file.ts',
      'src/kube',
      'src/xds/api.ts',
      'src/xds/tls-credentials.ts',
    ],
    node: true,
  },
  {folder: 'src/admin', ours: ['src/krt/index.ts', 'src/xds'], node: true},
  {folder: 'src/config', ours: ['src/api'], node: true},
  {folder: 'src/published', ours: [...graph, 'collections'], node: false},
  {folder: 'src/extensions', ours: ['src/krt/index.ts', 'src/published', 'collections'], node: true},
  {folder: 'collections/gateway', ours: [...graph, ...attachment], node: false},
  {folder: 'collections/envoy', ours: [...graph, ...attachment, 'collections/gateway'], node: false},
  {folder: 'collections/agentgateway', ours: [...graph, ...attachment, 'collections/gateway'], node: false},
  {folder: 'collections/infra', ours: [...graph, ...attachment, 'collections/gateway'], node: false},
  {
    folder: 'collections/status',
    ours: [...graph, ...attachment, 'collections/gateway', 'collections/infra'],
    node: false,
  },
  {folder: 'collections', ours: [...graph, 'collections'], node: false},
];

const files = ['src', 'collections'].flatMap((folder) =>
  readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => join(folder, file)),
);

/** Import targets of a file: paths from the root for our own, the specifier for packages and node modules. */
function importsOf(file: string): readonly {readonly target: string; readonly typeOnly: boolean}[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/\bimport\(\s*()['"]([^'"]+)['"]\s*\)/g);
  return [...statements, ...dynamic].map(([, typeOnly, specifier = '']) => ({
    target: specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier,
    typeOnly: typeOnly !== undefined && typeOnly !== '',
  }));
}

const within = (file: string, place: string): boolean => file === place || file.startsWith(`${place}/`);

const ruleOf = (file: string): Rule | undefined =>
  rules.filter(({folder}) => within(file, folder)).sort((a, b) => b.folder.length - a.folder.length)[0];

describe('layout', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it('has nothing at the top level but what is fixed', () => {
    const allowed = new Set(
      'package.json package-lock.json tsconfig.json vitest.config.ts build.mjs src collections proto bench test deploy README.md LICENSE ARCHITECTURE.md CONTRIBUTING.md node_modules dist coverage'.split(
        ' ',
      ),
    );
    const surplus = readdirSync(root).filter((name) => !name.startsWith('.') && !allowed.has(name));
    expect(surplus).toEqual([]);
  });

  it('lets no folder import what is above it', () => {
    const broken: string[] = [];
    for (const file of files) {
      const rule = ruleOf(file);
      if (rule === undefined) continue;
      for (const {target} of importsOf(file)) {
        const own = target.startsWith('src/') || target.startsWith('collections/') || target.startsWith('test/');
        const allowed = own
          ? within(target, rule.folder) || rule.ours.some((place) => within(target, place))
          : rule.node || !target.startsWith('node:');
        if (!allowed) broken.push(`${file} imports ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('has no barrel but that of the engine', () => {
    const barrels = files.filter((file) => file.endsWith('/index.ts'));
    expect(barrels.sort()).toEqual(['collections/index.ts', 'src/krt/index.ts']);
  });

  it('has no import cycles', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const {target, typeOnly} of importsOf(file)) {
        if (!typeOnly && files.includes(target)) visit(target, [...path, file]);
      }
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('keeps files small', () => {
    const long = files
      .filter((file) => !within(file, 'src/gen'))
      .map((file) => ({file, lines: readFileSync(join(root, file), 'utf8').split('\n').length}))
      .filter(({lines}) => lines > 500);
    expect(long).toEqual([]);
  });

  it('names files in kebab case', () => {
    const odd = files.filter((file) => !/^([a-z0-9-]+\/)*[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?\.ts$/.test(file));
    expect(odd).toEqual([]);
  });
});
