/** The image: what is in it, and who runs it. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import packageJson from '../../package.json' with {type: 'json'};
import {base, deploy, type Deployment, objectsIn} from './manifests.ts';

type Instruction = {readonly word: string; readonly rest: string};

const lines = readFileSync(join(deploy, 'Dockerfile'), 'utf8').split('\n');
const instructions = lines
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line): Instruction => {
    const [word = '', ...rest] = line.split(' ');
    return {word, rest: rest.join(' ')};
  });
const arguments_ = new Map(
  instructions.flatMap(({word, rest}) => (word === 'ARG' ? [rest.split('=') as [string, string]] : [])), // all have a default
);
const stages: Instruction[][] = [];
for (const instruction of instructions) {
  if (instruction.word === 'FROM') stages.push([]);
  stages.at(-1)?.push(instruction);
}
const [build = [], run = []] = stages;
const imageOf = (stage: readonly Instruction[]): string =>
  (stage[0]?.rest ?? '').split(' ')[0]?.replace(/^\$\{(.+)\}$/, (_, name: string) => arguments_.get(name) ?? '') ?? '';
const all = (stage: readonly Instruction[], word: string): readonly string[] =>
  stage.filter((instruction) => instruction.word === word).map(({rest}) => rest);

const deployment = objectsIn(base).find(({kind}) => kind === 'Deployment') as Deployment; // there is one
const {spec} = deployment.spec.template;

describe('the image', () => {
  it('is built in one stage, and run in another that has nothing to build with', () => {
    expect(stages).toHaveLength(2);
    expect(imageOf(run)).toMatch(/distroless\/nodejs\d+-debian\d+:nonroot$/);
    expect(all(run, 'RUN')).toEqual([]);
    expect(all(run, 'COPY')).toEqual(['--from=build --chown=0:0 /sluice /sluice']);
    expect(all(build, 'RUN').at(-1)).toMatch(/^node build\.mjs \/sluice /);
  });

  it('has a Node.js that the program runs on', () => {
    const floor = Number(/>=(\d+)/.exec(packageJson.engines.node)?.[1]);
    for (const stage of [build, run]) {
      expect(Number(/node(?:js|:)(\d+)/.exec(imageOf(stage))?.[1])).toBeGreaterThanOrEqual(floor);
    }
  });

  it('is run by nobody in particular, without a shell', () => {
    const {runAsUser, runAsGroup} = spec.securityContext;
    expect(all(run, 'USER')).toEqual([`${String(runAsUser)}:${String(runAsGroup)}`]);
    expect(JSON.parse(all(run, 'ENTRYPOINT')[0] ?? '')).toEqual(['/nodejs/bin/node', '/sluice/sluice.js']);
    expect(JSON.parse(all(run, 'CMD')[0] ?? '')).toEqual([spec.containers[0].args[0]]);
  });

  it('opens the ports of the Pod', () => {
    const ports = spec.containers[0].ports.map(({containerPort}) => containerPort);
    expect(all(run, 'EXPOSE').join(' ').split(' ').map(Number)).toEqual(ports);
  });

  it('is made of what the build reads, and of nothing else', () => {
    const copied = all(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
    const ignored = readFileSync(join(deploy, 'Dockerfile.dockerignore'), 'utf8').split('\n');
    const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
    expect(copied.sort()).toEqual(allowed.sort());
  });
});
