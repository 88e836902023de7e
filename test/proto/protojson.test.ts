import {describe, expect, test} from 'vitest';
import {envoy} from '../../src/gen/proto/envoy.js';
import {fromProtoJson, toProtoJson, typeUrl} from './schemas.ts';

const {Listener} = envoy.config.listener.v3;
const listenerType = typeUrl('envoy.config.listener.v3.Listener');

describe('protobuf JSON', () => {
  test('a resource of an unknown type comes in base64', () => {
    expect(toProtoJson(typeUrl('example.Unknown'), new Uint8Array([1, 2, 3]))).toEqual({
      '@type': typeUrl('example.Unknown'),
      value: 'AQID',
    });
  });

  test('so does one that holds an unknown type', () => {
    const bytes = Listener.encode({
      listenerFilters: [{name: 'x', typedConfig: {type_url: typeUrl('example.Unknown'), value: new Uint8Array([1])}}],
    }).finish();
    expect(toProtoJson(listenerType, bytes)).toEqual({
      '@type': listenerType,
      value: Buffer.from(bytes).toString('base64'),
    });
  });

  test('bytes of another type are an error', () => {
    expect(() => toProtoJson(listenerType, new Uint8Array([0x0a, 200]))).toThrow(/out of range/);
  });

  test('metadata Structs are plain JSON', () => {
    const json = {
      '@type': typeUrl('envoy.config.core.v3.Node'),
      id: 'n',
      metadata: {role: 'default~gw', list: [1, true, null, {a: 'b'}]},
    };
    const {bytes} = fromProtoJson(json);
    expect(toProtoJson(typeUrl('envoy.config.core.v3.Node'), bytes)).toEqual(json);
  });

  test('an empty resource has empty bytes', () => {
    expect([...fromProtoJson({'@type': listenerType}).bytes]).toEqual([]);
    expect(toProtoJson(listenerType, new Uint8Array())).toEqual({'@type': listenerType});
  });

  test('unknown types, fields and enum names are refused on the way in', () => {
    expect(() => fromProtoJson({'@type': typeUrl('example.Unknown')})).toThrow(/no schema has the type/);
    expect(() => fromProtoJson({'@type': listenerType, colour: 'red'})).toThrow(/unknown field/);
    expect(() => fromProtoJson({'@type': listenerType, trafficDirection: 'UP'})).toThrow(/unknown enum value/);
  });
});
