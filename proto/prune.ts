/** Cuts a loaded schema down to what a module needs, as a protobufjs JSON descriptor. */
import protobuf from 'protobufjs';
import type {ProtoModule} from './modules.ts';

type Json = Record<string, unknown>;
type Selection = Pick<ProtoModule, 'name' | 'roots' | 'leaveOut'>;

const {Enum, Namespace, Type} = protobuf;

function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, '');
}

/** The left-out entries that matched something; one that never matches is a typing error in modules.ts. */
class LeaveOut {
  readonly used = new Set<string>();
  readonly entries: readonly string[];

  constructor(entries: readonly string[]) {
    this.entries = entries;
  }

  private hit(entry: string | undefined): boolean {
    if (entry !== undefined) this.used.add(entry);
    return entry !== undefined;
  }

  field(field: protobuf.Field): boolean {
    const owner = field.parent === null ? '' : nameOf(field.parent);
    if (this.hit(this.entries.find((entry) => entry === `${owner}.${field.protoName}`))) return true;
    const type = field.resolvedType;
    if (type === null) return false;
    const name = nameOf(type);
    return this.hit(
      this.entries.find((entry) => (entry.endsWith('.*') ? name.startsWith(entry.slice(0, -1)) : entry === name)),
    );
  }
}

/** The descriptor of everything reachable from the selection's roots, options removed. */
export function pruned(root: protobuf.Root, selection: Selection): Json {
  root.resolveAll();
  const leaveOut = new LeaveOut(selection.leaveOut);
  const reached = new Set<protobuf.ReflectionObject>();
  const waiting: protobuf.Type[] = selection.roots.map((name) => root.lookupType(name));
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (reached.has(type)) continue;
    reached.add(type);
    for (const field of type.fieldsArray) {
      const used = field.resolvedType;
      if (used === null || leaveOut.field(field)) continue;
      if (used instanceof Type) waiting.push(used);
      else reached.add(used);
    }
  }
  const nested = namespace(root, reached, leaveOut);
  const idle = selection.leaveOut.filter((entry) => !leaveOut.used.has(entry));
  if (idle.length > 0) throw new Error(`module ${selection.name}: nothing to leave out for ${idle.join(', ')}`);
  return {nested: nested ?? {}};
}

/** The kept children of a namespace by name, or undefined where nothing in it is kept. */
function namespace(
  parent: protobuf.NamespaceBase,
  reached: ReadonlySet<protobuf.ReflectionObject>,
  leaveOut: LeaveOut,
): Json | undefined {
  const kept: Json = {};
  for (const child of parent.nestedArray) {
    const json = object(child, reached, leaveOut);
    if (json !== undefined) kept[child.name] = json;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}

function object(
  child: protobuf.ReflectionObject,
  reached: ReadonlySet<protobuf.ReflectionObject>,
  leaveOut: LeaveOut,
): Json | undefined {
  if (child instanceof Enum) return reached.has(child) ? {edition: 'proto3', values: child.values} : undefined;
  if (!(child instanceof Namespace)) return undefined;
  const nested = namespace(child, reached, leaveOut);
  if (child instanceof Type && reached.has(child)) return {...message(child, leaveOut), ...(nested && {nested})};
  // A message that only houses kept ones stays as a mere name.
  return nested && {nested};
}

function message(type: protobuf.Type, leaveOut: LeaveOut): Json {
  const fields = type.fieldsArray.filter((field) => !leaveOut.field(field));
  const names = new Set(fields.map((field) => field.name));
  const oneofs: Json = {};
  for (const oneof of type.oneofsArray) {
    const members = oneof.oneof.filter((name) => names.has(name));
    if (members.length > 0) oneofs[oneof.name] = {oneof: members};
  }
  return {
    edition: 'proto3',
    ...(Object.keys(oneofs).length > 0 && {oneofs}),
    fields: Object.fromEntries(fields.map((field) => [field.name, fieldJson(field)])),
  };
}

function fieldJson(field: protobuf.Field): Json {
  const {options, ...json} = field.toJSON();
  return {...json, type: field.resolvedType?.fullName ?? field.type, ...kept(options)};
}

/** Of the options the wire and protobuf JSON know only these. */
function kept(options: Readonly<Record<string, unknown>> | undefined): Json {
  const known = ['packed', 'proto3_optional', 'json_name', 'jsonName'];
  const entries = Object.entries(options ?? {}).filter(([name]) => known.includes(name));
  return entries.length > 0 ? {options: Object.fromEntries(entries)} : {};
}
