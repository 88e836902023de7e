import {readdirSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {describe, expect, it} from 'vitest';
import {shortcomings} from '../../src/cli/check.ts';
import {readOffline, statusDocuments} from '../../src/cli/offline.ts';
import {defaultConfig, loadConfig} from '../../src/config/load-config.ts';

const deploy = resolve(import.meta.dirname, '../../deploy');
const examples = readdirSync(join(deploy, 'examples')).filter((file) => /(?<!^sluice)\.yaml$/.test(file));

/** Certificates are not part of the repository, and what misses them says so. */
const missingSecret = /Secret \S+ does not exist|ListenersNotResolved|none of its listeners can be programmed/;

describe('what is in deploy', () => {
  it.each([...examples.map((file) => join('examples', file)), 'quickstart/manifests'])(
    '%s has no problems',
    async (path) => {
      const offline = await readOffline({file: [join(deploy, path)]});
      expect(offline.problems).toEqual([]);
      expect(offline.objects.length).toBeGreaterThan(0);
      const told = statusDocuments(offline).flatMap(shortcomings);
      expect(told.filter((line) => !missingSecret.test(line))).toEqual([]);
    },
  );

  it('examples/sluice.yaml says what the defaults are', () => {
    const folder = join(deploy, 'examples');
    const {logging, ...config} = loadConfig(join(folder, 'sluice.yaml'));
    const {logging: defaultLogging, ...defaults} = defaultConfig(folder);
    expect(config).toEqual(defaults);
    expect({...logging, components: {}}).toEqual(defaultLogging);
  });

  it('quickstart/sluice.yaml is a configuration', () => {
    const config = loadConfig(join(deploy, 'quickstart/sluice.yaml'));
    expect(config.processes.map(({name}) => name)).toEqual(['hello', 'world']);
    expect(config.stateDir).toBe(join(deploy, 'quickstart/.sluice'));
  });
});
