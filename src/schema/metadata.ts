/** Object metadata as an API server checks it: k8s.io/apimachinery validation of ObjectMeta. */
import type {ObjectMeta} from '../api/object.ts';
import {isRecord} from './record.ts';
import {kindOf} from './structure-messages.ts';
import {show, type Violation} from './violation.ts';

/** Which names a kind allows: `subdomain` for most, `label` for Namespace, `service` (RFC 1035) for Service. */
export type NameRule = 'subdomain' | 'label' | 'service';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const NAMES: Readonly<Record<NameRule, {readonly pattern: RegExp; readonly max: number; readonly words: string}>> = {
  subdomain: {pattern: new RegExp(`^${LABEL}(\\.${LABEL})*$`), max: 253, words: 'a lower-case DNS name'},
  label: {pattern: new RegExp(`^${LABEL}$`), max: 63, words: 'a lower-case DNS label'},
  service: {
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    max: 63,
    words: 'a lower-case DNS label that starts with a letter',
  },
};
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const MAX_ANNOTATIONS = 256 * 1024;

const KNOWN = new Set('name namespace uid creationTimestamp labels annotations'.split(' '));
/** Legal, but the server's own to write, or of no use here. `managedFields` alone can be most of an object. */
const DROPPED = new Set(
  'deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation managedFields ownerReferences resourceVersion selfLink'.split(
    ' ',
  ),
);
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export type Metadata = {readonly metadata: ObjectMeta; readonly violations: readonly Violation[]};

/** Checks metadata and keeps what Sluice reads. `namespace` is filled in where a namespaced object names none. */
export function readMetadata(value: unknown, names: NameRule, namespaced: boolean): Metadata {
  const violations: Violation[] = [];
  const complain = (field: string, message: string): void => {
    violations.push({path: field === '' ? ['metadata'] : ['metadata', field], message});
  };
  if (!isRecord(value)) {
    complain('', value === undefined || value === null ? 'is required' : `must be an object, is ${kindOf(value)}`);
    return {metadata: {name: ''}, violations};
  }

  const text = (field: string): string | undefined => {
    const found = value[field];
    if (found === undefined || found === null || typeof found === 'string') return found ?? undefined;
    complain(field, `must be a string, is ${kindOf(found)}`);
    return undefined;
  };
  const checkName = (field: string, name: string, rule: NameRule): void => {
    const {max, pattern, words} = NAMES[rule];
    if (name.length > max) complain(field, `must have at most ${max} characters, has ${name.length}`);
    else if (!pattern.test(name)) complain(field, `must be ${words}, is ${show(name)}`);
  };

  for (const field of Object.keys(value))
    if (!KNOWN.has(field) && !DROPPED.has(field)) complain(field, 'unknown field');

  const name = text('name') ?? '';
  if (name !== '') checkName('name', name, names);
  else if (value['name'] === undefined || value['name'] === null || value['name'] === '')
    complain('name', 'is required');

  const given = text('namespace') ?? '';
  if (given !== '') {
    if (namespaced) checkName('namespace', given, 'label');
    else complain('namespace', 'must not be set: this kind is not namespaced');
  }
  const created = text('creationTimestamp');
  if (created !== undefined && Number.isNaN(Date.parse(created))) {
    complain('creationTimestamp', `must be a time such as 2026-01-31T12:00:00Z, is ${show(created)}`);
  }
  const uid = text('uid');
  const labels = readMap(value['labels'], 'labels', violations, true);
  const annotations = readMap(value['annotations'], 'annotations', violations, false);

  const metadata: ObjectMeta = {
    name,
    ...(namespaced ? {namespace: given === '' ? 'default' : given} : {}),
    ...(uid === undefined ? {} : {uid}),
    ...(created === undefined ? {} : {creationTimestamp: created}),
    ...(labels === undefined ? {} : {labels}),
    ...(annotations === undefined ? {} : {annotations}),
  };
  return {metadata, violations};
}

/** Labels or annotations. */
function readMap(
  value: unknown,
  field: 'labels' | 'annotations',
  violations: Violation[],
  isLabels: boolean,
): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) {
    violations.push({path: ['metadata', field], message: `must be an object, is ${kindOf(value)}`});
    return undefined;
  }
  const kept: Record<string, string> = {};
  let size = 0;
  for (const [key, entry] of Object.entries(value)) {
    const path = ['metadata', field, key];
    if (typeof entry !== 'string') {
      violations.push({path, message: `must be a string, is ${kindOf(entry)}`});
      continue;
    }
    size += key.length + entry.length;
    const slash = key.indexOf('/');
    const prefix = key.slice(0, Math.max(slash, 0));
    const prefixFits = slash < 0 || (prefix.length <= NAMES.subdomain.max && NAMES.subdomain.pattern.test(prefix));
    if (!prefixFits || !QUALIFIED_NAME.test(key.slice(slash + 1, slash + 65))) {
      violations.push({
        path,
        message:
          'the key must be a name of at most 63 letters, digits, -, _ and ., with an optional DNS name and / before it',
      });
    } else if (isLabels && !(entry.length <= 63 && LABEL_VALUE.test(entry))) {
      violations.push({path, message: `must be at most 63 letters, digits, -, _ and ., is ${show(entry)}`});
    } else if (key !== LAST_APPLIED) {
      kept[key] = entry;
    }
  }
  if (!isLabels && size > MAX_ANNOTATIONS) {
    violations.push({
      path: ['metadata', field],
      message: `must have at most ${MAX_ANNOTATIONS} bytes in total, has ${size}`,
    });
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}
