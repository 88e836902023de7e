/** What is no YAML, no JSON, or no text. */
import {type BadManifest, EMPTY_ROUTE, load, object} from './bad-manifest.ts';

const YAML: readonly BadManifest[] = [
  load(
    'yaml-indentation.yaml',
    object('v1', 'Service', 'yaml-indentation', 'spec:\n  ports:\n   - port: 80\n  - port: 81'),
    ':9 (document 1, Service yaml-indentation/bad): invalid YAML: bad indentation of a mapping entry',
  ),
  load(
    'yaml-tab.yaml',
    'apiVersion: v1\nkind: Service\nmetadata:\n\tname: a\n',
    ':4 (document 1, Service default/a): invalid YAML: tab characters must not be used in indentation',
  ),
  load(
    'yaml-unclosed-bracket.yaml',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a\n',
    ':4 (document 1, Service): invalid YAML: deficient indentation',
  ),
  load(
    'yaml-unclosed-quote.yaml',
    'apiVersion: v1\nkind: "Service\n',
    ':3 (document 1, Service): invalid YAML: deficient indentation',
  ),
  load(
    'yaml-duplicate-key.yaml',
    object('v1', 'Service', 'yaml-duplicate-key', 'spec:\n  type: ClusterIP\n  type: NodePort'),
    ':8 (document 1, Service yaml-duplicate-key/bad): invalid YAML: duplicate key',
  ),
  load(
    'yaml-unknown-alias.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: *nowhere\n',
    ':3 (document 1, Namespace): invalid YAML: unidentified alias "nowhere"',
  ),
  load(
    'yaml-unknown-tag.yaml',
    'apiVersion: v1\nkind: Namespace\nmetadata: !secret {name: a}\n',
    ':3 (document 1, Namespace): invalid YAML: unknown mapping tag !<!secret>',
  ),
  load(
    'yaml-mapping-in-value.yaml',
    'apiVersion: v1\nkind: Service: x\n',
    ':2 (document 1): invalid YAML: bad indentation of a mapping entry',
  ),
  load(
    'yaml-second-document.yaml',
    `${EMPTY_ROUTE.replaceAll('NS', 'good-neighbour')}---\nkind: [\n---\n`,
    ':9 (document 2): invalid YAML: deficient indentation',
  ),
  load('yaml-scalar.yaml', 'just some words\n', ':1 (document 1): must be an object, is the string "just some words"'),
  load('yaml-list.yaml', '- apiVersion: v1\n', ':1 (document 1): must be an object, is a list'),
  load(
    'yaml-not-kubernetes.yaml',
    'name: compose\nservices: {}\n',
    ':1 (document 1): apiVersion: is required\n:1 (document 1): kind: is required',
  ),
  load(
    'yaml-control-character.yaml',
    'apiVersion: v1\nkind: "\u0001"\n',
    ':2 (document 1): invalid YAML: expected valid JSON character',
  ),
  load(
    'yaml-deep.yaml',
    () => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: ${'['.repeat(100_000)}\n`,
    ':4 (document 1, ConfigMap): invalid YAML: nested deeper than 64 levels',
  ),
  load(
    'yaml-alias-bomb.yaml',
    () => {
      const levels = Array.from({length: 9}, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`);
      return ['l0: &l0 lol', ...levels, 'apiVersion: v1', 'kind: ConfigMap', ''].join('\n');
    },
    ':1 (document 1, ConfigMap): invalid YAML: aliases expand to more than 100000 values',
  ),
  load(
    'yaml-alias-cycle.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: &a {name: x, labels: *a}\n',
    ':1 (document 1, ConfigMap): invalid YAML: aliases nest deeper than 64 levels',
  ),
];

const FILES: readonly BadManifest[] = [
  load(
    'json-trailing-comma.json',
    '{"apiVersion": "v1",\n "kind": "Namespace",}\n',
    ':2 (document 1): invalid JSON: expected a name in double quotes, found "}"',
  ),
  load('json-comment.json', '// a comment\n{}\n', ':1 (document 1): invalid JSON: expected a value, found "/"'),
  load(
    'json-cut-off.json',
    '{"apiVersion": "v1", "kind": "Name',
    ':1 (document 1): invalid JSON: a string is not closed',
  ),
  load(
    'json-two-documents.json',
    '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}\n{}\n',
    ':2 (document 1): invalid JSON: unexpected text after the end of the document',
  ),
  load(
    'json-duplicate-key.json',
    '{"apiVersion": "v1",\n "kind": "Namespace",\n "kind": "Service"}\n',
    ':3 (document 1): invalid JSON: duplicate key "kind"',
  ),
  load('json-empty.json', '', ':1 (document 1): invalid JSON: expected a value, found the end of the file'),
  load(
    'json-deep.json',
    () => `{"apiVersion": "v1", "kind": "ConfigMap", "data": ${'['.repeat(100_000)}`,
    ':1 (document 1): invalid JSON: nested deeper than 64 levels',
  ),
  load('latin1.yaml', () => Buffer.from('# caf\u00e9\napiVersion: v1\n', 'latin1'), ': is not UTF-8 text'),
  load('utf16.yaml', () => Buffer.from('\ufeffapiVersion: v1\n', 'utf16le'), ': is not UTF-8 text'),
  load(
    'ten-megabytes.yaml',
    () => object('v1', 'ConfigMap', 'ten-megabytes', `data:\n  a: ${'x'.repeat(10 * 1024 * 1024)}`),
    ':1 (document 1, ConfigMap ten-megabytes/bad): the object is too large: 10.0 MiB, the limit is 8.0 MiB',
  ),
  load(
    'ten-megabytes.json',
    () => {
      const data = {a: 'x'.repeat(10 * 1024 * 1024)};
      return JSON.stringify({apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'bad', namespace: 'json'}, data});
    },
    ':1 (document 1, ConfigMap json/bad): the object is too large: 10.0 MiB, the limit is 8.0 MiB',
  ),
];

export const BAD_SYNTAX: readonly BadManifest[] = [...YAML, ...FILES];
