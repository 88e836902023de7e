/**
 * Bundles the command line into dist/, or the folder given: one chunk per command, so that each start reads only what it
 * needs. The folder stands alone; it needs no node_modules.
 */
import {build} from 'esbuild';
import {chmod, readdir, rm, stat, writeFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';

const root = import.meta.dirname;
const outdir = resolve(root, process.argv[2] ?? 'dist');

const {metafile} = await build({
  metafile: true,
  absWorkingDir: root,
  entryPoints: [{in: 'src/cli/main.ts', out: 'sluice'}],
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
