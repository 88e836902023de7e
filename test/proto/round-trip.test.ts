/** Property: static code, reflection and protobuf JSON agree on every type that goes over the wire. */
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import {describe, expect, test} from 'vitest';
import {protoModules} from '../../proto/modules.ts';
import * as agentgateway from '../../src/gen/proto/agentgateway.js';
import agentgatewaySchema from '../../src/gen/proto/agentgateway.descriptor.js';
import * as discovery from '../../src/gen/proto/discovery.js';
import discoverySchema from '../../src/gen/proto/discovery.descriptor.js';
import * as envoy from '../../src/gen/proto/envoy.js';
import envoySchema from '../../src/gen/proto/envoy.descriptor.js';
import {createProtoJson} from '../../src/xds/protojson.ts';
import {message} from './schema-arbitraries.ts';
import {typeUrl} from './schemas.ts';

type Codec = {
  encode(message: object): protobuf.Writer;
  decode(bytes: Uint8Array): object;
  fromObject(object: object): object;
  toObject(message: object): object;
};

const modules: Readonly<Record<string, {readonly code: object; readonly schema: protobuf.INamespace}>> = {
  agentgateway: {code: agentgateway, schema: agentgatewaySchema},
  discovery: {code: discovery, schema: discoverySchema},
  envoy: {code: envoy, schema: envoySchema},
};

/** The static class of a type. Its own types are of no use here, where the type is a variable. */
function codec(code: object, name: string): Codec {
  let found: unknown = code;
  for (const part of name.split('.')) found = (found as Record<string, unknown>)[part]; // a namespace of the module
  return found as Codec; // every generated class has these four
}

const cases = protoModules.flatMap(({name, roots}) => roots.map((root) => ({module: name, root})));

describe.each(cases)('$module $root', ({module, root: name}) => {
  const {code, schema} = modules[module] ?? {code: {}, schema: {}};
  const type = protobuf.Root.fromJSON(schema).resolveAll().lookup(name);

  test('random messages survive', () => {
    if (!(type instanceof protobuf.Type)) throw new Error(`${name} is not in the schema`);
    const {toProtoJson, fromProtoJson} = createProtoJson([schema]);
    const compiled = codec(code, name);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    fc.assert(
      fc.property(message(type, 4), (value) => {
        const bytes = compiled.encode(value).finish();
        expect(hex(type.encode(value).finish())).toBe(hex(bytes));
        expect(hex(compiled.encode(compiled.decode(bytes)).finish())).toBe(hex(bytes));
        const object = compiled.toObject(compiled.decode(bytes));
        expect(hex(compiled.encode(compiled.fromObject(object)).finish())).toBe(hex(bytes));
        const {'@type': url, ...json} = JSON.parse(JSON.stringify(toProtoJson(typeUrl(name), bytes)));
        expect(hex(fromProtoJson({'@type': url, ...json}).bytes)).toBe(hex(bytes));
      }),
      {numRuns: 25},
    );
  });
});
