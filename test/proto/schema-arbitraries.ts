/** Random messages of a type, made from its descriptor: valid for the encoders, a few fields and levels deep. */
import * as fc from 'fast-check';
import protobuf from 'protobufjs';

type Message = Record<string, unknown>;

const mapKey = fc.string({unit: fc.constantFrom('a', 'b', 'é', '/', '1'), minLength: 1, maxLength: 4});
/** -0 is a value of its own on the wire, but not in JSON. */
const float = fc.float({noNaN: true, noDefaultInfinity: true}).map((value) => value + 0);

/** Types whose JSON is not that of their fields, so that not all field values are allowed. */
const wellKnown: Readonly<Record<string, fc.Arbitrary<Message>>> = {
  '.google.protobuf.Duration': fc.record({
    seconds: fc.integer({min: 0, max: 315_576_000_000}),
    nanos: fc.integer({min: 0, max: 999_999_999}),
  }),
  '.google.protobuf.Timestamp': fc.record({seconds: fc.integer({min: 0, max: 253_402_300_799})}),
  '.google.protobuf.Struct': fc.record({fields: fc.dictionary(mapKey, fc.record({stringValue: fc.string()}))}),
  '.google.protobuf.Value': fc.record({numberValue: float}),
  '.google.protobuf.ListValue': fc.record({values: fc.array(fc.record({boolValue: fc.boolean()}))}),
  '.google.protobuf.Any': fc.constant({}),
};

function scalar(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return fc.string();
    case 'bytes':
      return fc.uint8Array({maxLength: 8});
    case 'bool':
      return fc.boolean();
    case 'double':
    case 'float':
      return float;
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return fc.integer();
    case 'uint32':
    case 'fixed32':
      return fc.integer({min: 0, max: 0xffffffff});
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return fc.maxSafeInteger();
    case 'uint64':
    case 'fixed64':
      return fc.maxSafeNat();
    default:
      throw new Error(`no arbitrary for ${type}`);
  }
}

function value(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum) return fc.constantFrom(...Object.values(type.values));
  const single = type === null ? scalar(field.type) : message(type, depth - 1);
  if (field instanceof protobuf.MapField) return fc.dictionary(mapKey, single, {maxKeys: 2});
  return field.repeated ? fc.array(single, {maxLength: 2}) : single;
}

/** At most four fields a message, and of a oneof one member. */
export function message(type: protobuf.Type, depth: number): fc.Arbitrary<Message> {
  const known = wellKnown[type.fullName];
  if (known !== undefined) return known;
  const usable = type.fieldsArray.filter((field) => depth > 0 || !(field.resolvedType instanceof protobuf.Type));
  return fc.subarray(usable, {maxLength: Math.min(4, usable.length)}).chain((picked) => {
    const fields = picked.filter(
      (field, position) =>
        field.partOf === null || picked.findIndex((other) => other.partOf === field.partOf) === position,
    );
    return fc.record(Object.fromEntries(fields.map((field) => [field.name, value(field, depth)])));
  });
}
