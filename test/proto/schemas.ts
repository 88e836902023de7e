/** Protobuf JSON over both families, for the tests of this folder. */
import agentgatewaySchema from '../../src/gen/proto/agentgateway.descriptor.js';
import envoySchema from '../../src/gen/proto/envoy.descriptor.js';
import {createProtoJson} from '../../src/xds/protojson.ts';

export const {toProtoJson, fromProtoJson} = createProtoJson([envoySchema, agentgatewaySchema]);

export const typeUrl = (name: string): string => `type.googleapis.com/${name}`;
