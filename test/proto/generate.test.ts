/** The generated modules are those of the .proto files and of modules.ts. */
import protobuf from 'protobufjs';
import {describe, expect, test} from 'vitest';
import {protoModules} from '../../proto/modules.ts';
import {pruned} from '../../proto/prune.ts';
import {loadSchema} from '../../proto/schema.ts';
import agentgateway from '../../src/gen/proto/agentgateway.descriptor.js';
import discovery from '../../src/gen/proto/discovery.descriptor.js';
import envoy from '../../src/gen/proto/envoy.descriptor.js';

const generated: Readonly<Record<string, protobuf.INamespace>> = {agentgateway, discovery, envoy};

test.each(protoModules)('src/gen/proto/$name is up to date (otherwise: npm run gen)', (module) => {
  const fresh = JSON.stringify(pruned(loadSchema(module.files), module));
  expect(fresh === JSON.stringify(generated[module.name])).toBe(true);
});

describe('pruning', () => {
  const schema = `
    syntax = "proto3";
    package p;
    message Root { Used used = 1; Dropped dropped = 2; Outer.Inner inner = 3; string left_out = 4; q.Other other = 5; }
    message Used { Kind kind = 1; oneof one { string a = 2; Dropped b = 3; } optional bool flag = 4; }
    enum Kind { NONE = 0; SOME = 1; }
    message Dropped { Behind behind = 1; }
    message Behind {}
    message Outer { message Inner {} Behind behind = 1; }
  `;
  const other = 'syntax = "proto3"; package p.q; message Other {}';
  const load = () => {
    const root = new protobuf.Root();
    protobuf.parse(other, root);
    return protobuf.parse(schema, root).root;
  };
  const leaveOut = ['p.Dropped', 'p.Root.left_out', 'p.q.*'];

  test('keeps what the roots reach, less what is left out', () => {
    const root = protobuf.Root.fromJSON(pruned(load(), {name: 'm', roots: ['p.Root'], leaveOut}));
    expect(root.lookupType('p.Root').fieldsArray.map((field) => field.name)).toEqual(['used', 'inner']);
    const used = root.lookupType('p.Used');
    expect(used.fieldsArray.map((field) => field.name)).toEqual(['kind', 'a', 'flag']);
    expect(used.oneofs['one']?.oneof).toEqual(['a']);
    expect(Boolean(used.fields['flag']?.hasPresence)).toBe(true);
    expect(root.lookupEnum('p.Kind').values).toEqual({NONE: 0, SOME: 1});
    expect(['p.Dropped', 'p.Behind', 'p.q'].filter((name) => root.lookup(name) !== null)).toEqual([]);
    // The message around a kept one is a mere name.
    expect(root.lookup('p.Outer')).not.toBeInstanceOf(protobuf.Type);
    expect(root.lookupType('p.Outer.Inner').fieldsArray).toEqual([]);
  });

  test('an entry that leaves nothing out is an error', () => {
    const select = {name: 'm', roots: ['p.Root'], leaveOut: [...leaveOut, 'p.Root.gone']};
    expect(() => pruned(load(), select)).toThrow('module m: nothing to leave out for p.Root.gone');
  });
});
