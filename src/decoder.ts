/** The schemas of all resources, for people to read them. Large: import this file only when it is needed. */
import agentgatewaySchema from './gen/proto/agentgateway.descriptor.js';
import envoySchema from './gen/proto/envoy.descriptor.js';
import {createProtoJson} from './xds/protojson.ts';

const {toProtoJson} = createProtoJson([envoySchema, agentgatewaySchema]);

/** An encoded resource as protobuf JSON. */
export const decodeResource: (type: string, bytes: Uint8Array) => unknown = toProtoJson;
