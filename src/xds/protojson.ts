/**
 * Protobuf JSON of encoded resources (https://protobuf.dev/programming-guides/json): lowerCamelCase names, enums by
 * name, bytes in base64, durations as "1.5s", wrappers and Structs as plain values, an Any as `{"@type": …}`.
 *
 * The static modules keep no field types, so this works on their descriptors (src/gen/proto/*.descriptor.js). It is
 * slower than they are and meant for people: `translate`, the admin pages, tests.
 */
import protobuf, {type INamespace, type Type} from 'protobufjs/light.js';
import protojson from 'protobufjs/ext/protojson.js';

export type ProtoJson = {
  /**
   * The resource of that type as JSON, `@type` first as in an Any. One that is, or holds in an Any, a type of no
   * schema comes as `{"@type", "value"}` with `value` in base64. Throws where the bytes are not of that type.
   */
  readonly toProtoJson: (typeUrl: string, bytes: Uint8Array) => unknown;
  /** The inverse; names in lowerCamelCase or snake_case. Throws on unknown types, fields and enum names. */
  readonly fromProtoJson: (json: {readonly '@type': string; readonly [field: string]: unknown}) => {
    readonly typeUrl: string;
    readonly bytes: Uint8Array;
  };
};

/** The name behind the last slash, as in `type.googleapis.com/envoy.config.listener.v3.Listener`. */
function typeName(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
}

function base64(bytes: Uint8Array): string {
  return protobuf.util.base64.encode(bytes, 0, bytes.length);
}

/** An Any inside the resource names a type that its schema does not have. */
function isUnknownType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('no such type');
}

/** Types are looked up in the schemas in order; an Any inside a resource, in the schema of that resource. */
export function createProtoJson(schemas: readonly INamespace[]): ProtoJson {
  const roots = schemas.map((schema) => protobuf.Root.fromJSON(schema));

  /** The Any type of the first schema that has the type: a resource is treated as if it were packed in one. */
  function anyFor(typeUrl: string): Type | undefined {
    const root = roots.find((candidate) => candidate.lookup(typeName(typeUrl)) instanceof protobuf.Type);
    return root?.lookupType('google.protobuf.Any');
  }

  return {
    toProtoJson: (typeUrl, bytes) => {
      const opaque = {'@type': typeUrl, value: base64(bytes)};
      const any = anyFor(typeUrl);
      if (any === undefined) return opaque;
      try {
        return protojson.toJson(any, {type_url: typeUrl, value: bytes});
      } catch (error) {
        if (isUnknownType(error)) return opaque;
        throw error;
      }
    },
    fromProtoJson: (json) => {
      const typeUrl = json['@type'];
      const any = anyFor(typeUrl);
      if (any === undefined) throw new Error(`no schema has the type ${typeUrl}`);
      const packed = any.toObject(protojson.fromJson(any, json), {defaults: true, bytes: Uint8Array});
      return {typeUrl, bytes: packed['value'] as Uint8Array}; // bytes of the wire: what the field of an Any holds
    },
  };
}
