import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {groupKind, objectKey} from '../../src/api/object.ts';
import {formatProblem} from '../../src/api/problem.ts';
import {type Changes, type ManifestFile, ManifestFiles} from '../../src/files/manifest-files.ts';
import type {AnyObject} from '../../src/schema/objects.ts';

const file = (name: string, root = 0): ManifestFile => ({path: `/${name}`, shown: name, root});
const route = (name: string, host = 'a.b'): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}}\nspec: {hostnames: [${host}]}\n`;
const brokenRoute = (name: string): string => route(name, 'A_B');

class Rig {
  readonly manifests = new ManifestFiles({rereads: true});

  put(name: string, text: string): string[] {
    this.manifests.update(file(name), {is: 'text', text});
    return this.changes();
  }

  changes(): string[] {
    return told(this.manifests.commit());
  }
}

/** `+web@2 a.b`: set, with generation and first hostname; `-web`: removed; anything else is a problem. */
function told({problems, removed, set}: Changes): string[] {
  const line = (object: AnyObject): string => {
    const host = object.kind === 'HTTPRoute' ? object.spec.hostnames?.[0] : undefined;
    return `+${object.metadata.name}@${object.metadata.generation} ${host}`;
  };
  return [...set.map(line), ...removed.map(({key}) => `-${key}`), ...problems.map(formatProblem)];
}

describe('changes of a file', () => {
  it('sets, changes and removes objects', () => {
    const rig = new Rig();
    expect(rig.put('a.yaml', `${route('x')}---\n${route('w')}`)).toEqual(['+x@1 a.b', '+w@1 a.b']);
    expect(rig.put('a.yaml', `${route('x', 'c.d')}---\n${route('w')}`)).toEqual(['+x@2 c.d']);
    expect(rig.put('a.yaml', route('w'))).toEqual(['-default/x']);
    rig.manifests.remove('/a.yaml');
    expect(rig.changes()).toEqual(['-default/w']);
  });

  it('starts a generation anew for an object that was gone', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x'));
    rig.put('a.yaml', route('x', 'c.d'));
    rig.put('a.yaml', '');
    expect(rig.put('a.yaml', route('x'))).toEqual(['+x@1 a.b']);
  });

  it('keeps the generation where only metadata changes', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x'));
    const labelled = route('x').replace('{name: x}', '{name: x, labels: {a: b}}');
    expect(rig.put('a.yaml', labelled)).toEqual(['+x@1 a.b']);
  });

  it('ignores the generation, resource version, managed fields and status that a dump of a cluster brings along', () => {
    const rig = new Rig();
    const dumped = route('x').replace(
      '{name: x}',
      '{name: x, generation: 7, resourceVersion: "5", managedFields: [{}]}',
    );
    expect(rig.put('a.yaml', `${dumped}status: {parents: nonsense}\n`)).toEqual(['+x@1 a.b']);
    expect(rig.put('a.yaml', route('x'))).toEqual([]);
  });

  it('says nothing of comments, order of fields, style, or a move to another file', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x'));
    expect(rig.put('a.yaml', `# why\n---\n${route('x')}`)).toEqual([]);
    const reordered = route('x').split('\n').reverse().join('\n');
    expect(rig.put('a.yaml', reordered)).toEqual([]);
    rig.manifests.update(file('b.yaml'), {is: 'text', text: route('x')});
    rig.manifests.remove('/a.yaml');
    expect(rig.changes()).toEqual([]);
  });

  it('takes v1beta1 and v1 for one object', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x').replace('/v1', '/v1beta1'));
    expect(rig.put('a.yaml', route('x', 'c.d'))).toEqual(['+x@2 c.d']);
  });
});

describe('what is broken', () => {
  it('keeps its last good object, is told once, and heals', () => {
    const rig = new Rig();
    rig.put('a.yaml', `${route('x')}---\n${route('w')}`);
    const problem =
      'a.yaml:4 (document 1, HTTPRoute default/x): spec.hostnames[0]: must match ' +
      String.raw`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$, is "A_B"`;
    expect(rig.put('a.yaml', `${brokenRoute('x')}---\n${route('w')}`)).toEqual([problem]);
    expect(rig.put('a.yaml', `${brokenRoute('x')}---\n${route('w', 'c.d')}`)).toEqual(['+w@2 c.d']);
    expect(rig.manifests.problems().map(formatProblem)).toEqual([problem]);
    expect(rig.put('a.yaml', `${route('x')}---\n${route('w', 'c.d')}`)).toEqual([]);
    expect(rig.manifests.problems()).toEqual([]);
    expect(rig.put('a.yaml', `${brokenRoute('x')}---\n${route('w', 'c.d')}`)).toEqual([problem]);
  });

  it('keeps the object of a document that does not parse, by the name its lines show', () => {
    const rig = new Rig();
    const named = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
    rig.put('a.yaml', `${named('x')}---\n${named('w')}`);
    const changes = rig.put('a.yaml', `${named('x')}  oops\n`);
    expect(changes).toEqual([
      '-w',
      "a.yaml:5 (document 1, Namespace x): invalid YAML: expected ':' after a mapping key",
    ]);
  });

  it('keeps everything where a document does not say what it is', () => {
    const rig = new Rig();
    rig.put('a.yaml', `${route('x')}---\n${route('w')}`);
    expect(rig.put('a.yaml', '{')).toEqual([
      'a.yaml:1 (document 1): invalid YAML: unexpected end of the stream within a flow collection',
    ]);
    expect(rig.put('a.yaml', route('w', 'c.d'))).toEqual(['+w@2 c.d', '-default/x']);
  });

  it('keeps the objects of a file that cannot be read', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x'));
    rig.manifests.update(file('a.yaml'), {is: 'failed', message: 'permission denied'});
    expect(rig.changes()).toEqual(['a.yaml: permission denied']);
    rig.manifests.update(file('a.yaml'), {is: 'failed', message: 'permission denied'});
    expect(rig.changes()).toEqual([]);
    expect(rig.put('a.yaml', route('x'))).toEqual([]);
    expect(rig.manifests.problems()).toEqual([]);
  });

  it('keeps the items of a List apart', () => {
    const rig = new Rig();
    const list = (...hosts: string[]): string =>
      JSON.stringify({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRouteList',
        items: hosts.map((host, index) => ({metadata: {name: `r${index}`}, spec: {hostnames: [host]}})),
      });
    expect(rig.put('a.json', list('a.b', 'c.d'))).toEqual(['+r0@1 a.b', '+r1@1 c.d']);
    const changes = rig.put('a.json', list('a.c', 'C'));
    expect(changes[0]).toBe('+r0@2 a.c');
    expect(changes[1]).toMatch(
      /^a\.json:1 \(document 1, HTTPRoute default\/r1\): items\[1\]\.spec\.hostnames\[0\]: must match/,
    );
    expect(changes.length).toBe(2);
  });
});

describe('two definitions of one object', () => {
  const twice = (first: string, second: string): string =>
    `${second} (document 1, HTTPRoute default/x): defined twice: ${first} (document 1) comes first and is used, this one is not`;

  it('uses the first file by path, whichever came first in time', () => {
    const rig = new Rig();
    expect(rig.put('b.yaml', route('x', 'b.b'))).toEqual(['+x@1 b.b']);
    expect(rig.put('a.yaml', route('x', 'a.a'))).toEqual(['+x@2 a.a', twice('a.yaml:1', 'b.yaml:1')]);
    expect(rig.put('b.yaml', route('x', 'b.c'))).toEqual([]);
  });

  it('uses the second when the first goes', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x', 'a.a'));
    rig.put('b.yaml', route('x', 'b.b'));
    rig.manifests.remove('/a.yaml');
    expect(rig.changes()).toEqual(['+x@2 b.b']);
    expect(rig.manifests.problems()).toEqual([]);
  });

  it('prefers the path that was configured first', () => {
    const manifests = new ManifestFiles({rereads: true});
    manifests.update(file('a.yaml', 1), {is: 'text', text: route('x', 'a.a')});
    manifests.update(file('b.yaml', 0), {is: 'text', text: route('x', 'b.b')});
    expect(told(manifests.commit())).toEqual(['+x@1 b.b', twice('b.yaml:1', 'a.yaml:1')]);
  });

  it('keeps the first while it is broken', () => {
    const rig = new Rig();
    rig.put('a.yaml', route('x', 'a.a'));
    rig.put('b.yaml', route('x', 'b.b'));
    const changes = rig.put('a.yaml', brokenRoute('x'));
    expect(changes.filter((line) => line.startsWith('+'))).toEqual([]);
  });
});

describe('any history', () => {
  const names = fc.constantFrom('v', 'w', 'x');
  const document = fc.tuple(names, fc.constantFrom('a.a', 'b.b')).map(([name, host]) => route(name, host));
  const step = fc.record({
    name: fc.constantFrom('a.yaml', 'b.yaml', 'c.yaml'),
    text: fc.option(fc.array(document, {maxLength: 3}).map((texts) => texts.join('---\n'))),
    commit: fc.boolean(),
  });

  it('ends as if the last state were read at once', () => {
    fc.assert(
      fc.property(fc.array(step, {maxLength: 30}), (steps) => {
        const manifests = new ManifestFiles({rereads: true});
        const seen = new Map<string, AnyObject>();
        const take = (): void => {
          const {removed, set} = manifests.commit();
          for (const object of set) seen.set(`${groupKind(object)} ${objectKey(object)}`, object);
          for (const {groupKind: kind, key} of removed) expect(seen.delete(`${kind} ${key}`)).toBe(true);
        };
        const last = new Map<string, string>();
        for (const {commit, name, text} of steps) {
          if (text === null) {
            manifests.remove(`/${name}`);
            last.delete(name);
          } else {
            manifests.update(file(name), {is: 'text', text});
            last.set(name, text);
          }
          if (commit) take();
        }
        take();

        const fresh = new ManifestFiles({rereads: false});
        for (const [name, text] of last) fresh.update(file(name), {is: 'text', text});
        const {problems, set} = fresh.commit();
        const plain = (objects: Iterable<AnyObject>): unknown[] =>
          [...objects]
            .map(({metadata: {generation: _generation, ...metadata}, ...rest}) => ({...rest, metadata}))
            .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
        expect(plain(seen.values())).toEqual(plain(set));
        const lines = (found: typeof problems): string[] => found.map(formatProblem).sort();
        expect(lines(manifests.problems())).toEqual(lines(problems));
      }),
      {numRuns: 200},
    );
  });
});
