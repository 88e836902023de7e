/** Our text of the agentgateway schema against the facts table of the wire, field by field, both ways. */
import {existsSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import protobuf from 'protobufjs';
import {describe, expect, test} from 'vitest';
import {loadSchema} from '../../proto/schema.ts';

type FactField = {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly label: 'singular' | 'optional' | 'repeated' | 'map';
  readonly jsonName: string;
  readonly keyType?: string;
  readonly oneof?: string;
};
type Facts = {
  readonly messages: readonly {
    readonly name: string;
    readonly package: string;
    readonly fields: readonly FactField[];
  }[];
  readonly enums: readonly {
    readonly name: string;
    readonly package: string;
    readonly values: readonly {readonly name: string; readonly number: number}[];
  }[];
};

const table = fileURLToPath(new URL('../../../shared/agentgateway/agw-proto.json', import.meta.url));
const packages = ['agentgateway.dev.resource', 'istio.workload'];

function label(field: protobuf.Field): FactField['label'] {
  if (field instanceof protobuf.MapField) return 'map';
  if (field.repeated) return 'repeated';
  return field.options?.['proto3_optional'] === true ? 'optional' : 'singular';
}

function describeField(field: protobuf.Field): FactField {
  const oneof = field.partOf;
  return {
    name: field.protoName,
    number: field.id,
    type: field.resolvedType?.fullName.slice(1) ?? field.type,
    label: label(field),
    jsonName: field.jsonName,
    ...(field instanceof protobuf.MapField && {keyType: field.keyType}),
    ...(oneof !== null && !oneof.isProto3Optional && {oneof: oneof.name}),
  };
}

/** A field of the table without what is not compared. */
function factField({name, number, type, label: kind, jsonName, keyType, oneof}: FactField): FactField {
  return {
    name,
    number,
    type,
    label: kind,
    jsonName,
    ...(keyType !== undefined && {keyType}),
    // protobufjs turns the names of oneofs into lowerCamelCase; they are not on the wire.
    ...(oneof !== undefined && {oneof: protobuf.util.camelCase(oneof)}),
  };
}

/** All messages and enums below a namespace, by full name. */
function below(space: protobuf.NamespaceBase): (protobuf.Type | protobuf.Enum)[] {
  return space.nestedArray.flatMap((child) => [
    ...(child instanceof protobuf.Type || child instanceof protobuf.Enum ? [child] : []),
    ...(child instanceof protobuf.Namespace ? below(child) : []),
  ]);
}

describe.skipIf(!existsSync(table))('the agentgateway schema (skipped where the facts table is not at hand)', () => {
  const facts: Facts = existsSync(table) ? JSON.parse(readFileSync(table, 'utf8')) : {messages: [], enums: []};
  const root = loadSchema(['agentgateway/resource.proto', 'agentgateway/workload.proto']);
  root.resolveAll();
  const ours = packages.flatMap((name) => {
    const space = root.lookup(name);
    return space instanceof protobuf.Namespace ? below(space) : [];
  });
  /** As `describeField` says it, by number. */
  const sorted = (fields: readonly FactField[]) => [...fields].sort((one, other) => one.number - other.number);

  test('has the messages of the facts, each field with its name, number, type and label', () => {
    const want = facts.messages
      .filter((message) => packages.includes(message.package))
      .map(({name, fields}) => [name, sorted(fields.map(factField))] as const);
    const got = ours
      .filter((type) => type instanceof protobuf.Type)
      .map((type) => [type.fullName.slice(1), sorted(type.fieldsArray.map(describeField))] as const);
    expect(want.length).toBeGreaterThan(200);
    expect(Object.fromEntries(got)).toEqual(Object.fromEntries(want));
  });

  test('has the enums of the facts, each value with its number', () => {
    const want = facts.enums
      .filter((entry) => packages.includes(entry.package))
      .map(({name, values}) => [name, Object.fromEntries(values.map((value) => [value.name, value.number]))] as const);
    const got = ours
      .filter((type) => type instanceof protobuf.Enum)
      .map((type) => [type.fullName.slice(1), type.values] as const);
    expect(want.length).toBeGreaterThan(60);
    expect(Object.fromEntries(got)).toEqual(Object.fromEntries(want));
  });
});
