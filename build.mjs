/**
 * Bundles the command line into dist/, or the folder given: one chunk per command, so that each start reads only what it
 * needs. What extensions and other programs import (package.json, `exports`) shares these chunks. The folder stands
 * alone; it needs no node_modules. With `--types`, declarations of what can be imported lie beside it.
 */
import {build} from 'esbuild';
import {execFileSync} from 'node:child_process';
import {chmod, cp, readdir, rm, stat, writeFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';

const root = import.meta.dirname;
const {values, positionals} = parseArgs({options: {types: {type: 'boolean'}}, allowPositionals: true});
const outdir = resolve(root, positionals[0] ?? 'dist');

const {metafile} = await build({
  metafile: true,
  absWorkingDir: root,
  entryPoints: {
    sluice: 'src/cli/main.ts',
    krt: 'src/krt/index.ts',
    collections: 'src/published/collections.ts',
    api: 'src/published/api.ts',
    envoy: 'src/published/envoy.ts',
    agentgateway: 'src/published/agentgateway.ts',
  },
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  sourcemap: 'linked',
  logLevel: 'warning',
  chunkNames: 'chunks/[name]-[hash]',
  // Packages written in CommonJS ask for their parts with `require`, which an ES module does not have.
  banner: {
    js: "import {createRequire as sluiceRequire} from 'node:module';const require=sluiceRequire(import.meta.url);",
  },
});

// A sluice that runs may still ask for chunks of an earlier build, so those stay for an hour.
const made = new Set(Object.keys(metafile.outputs).map((file) => resolve(root, file)));
for (const name of await readdir(join(outdir, 'chunks'))) {
  const file = join(outdir, 'chunks', name);
  if (!made.has(file) && (await stat(file)).mtimeMs < Date.now() - 3_600_000) await rm(file);
}
await writeFile(join(outdir, 'package.json'), '{"type": "module"}\n');
await chmod(join(outdir, 'sluice.js'), 0o755);
if (values.types) await emitTypes(join(outdir, 'types'));

/** Declarations lie as the sources do. */
async function emitTypes(folder) {
  await rm(folder, {recursive: true, force: true});
  const args = ['node_modules/typescript/bin/tsc', '-p', 'src/published', '--outDir', folder];
  execFileSync(process.execPath, args, {cwd: root, stdio: 'inherit'});
  // Those of generated modules are there already, which to the compiler is input and no output.
  for (const name of ['envoy', 'agentgateway']) {
    const file = `src/gen/proto/${name}.d.ts`;
    await cp(join(root, file), join(folder, file));
  }
}
