/** Bundles the command line into dist/: one chunk per command, so that each start reads only what it needs. */
import {build} from 'esbuild';
import {chmod, rm} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const outdir = process.argv[2] ?? 'dist';

await rm(new URL(`${outdir}/`, import.meta.url), {recursive: true, force: true});
await build({
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
  banner: {js: "import {createRequire as sluiceRequire} from 'node:module';const require=sluiceRequire(import.meta.url);"},
});
await chmod(new URL(`${outdir}/sluice.js`, import.meta.url), 0o755);
