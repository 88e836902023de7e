import type {JsonObject} from '../../src/api/json.ts';
import type {Provisioning} from '../settings.ts';
import {checkedWith, type ControlPlane} from './envoy-xds-cluster.ts';
import {xdsCaFile, xdsCaFolder} from './xds-ca.ts';
import {xdsTokenFile, xdsTokenFolder} from './xds-token.ts';

export type EnvoyXds = {
  readonly controlPlane: ControlPlane;
  /** Texts by file name: secrets of which only the paths are said, so that they stay the same when these are replaced. */
  readonly files: {readonly [name: string]: string};
};

/** How an Envoy in a Pod reaches its control plane, and the files beside its bootstrap in `folder` that takes. */
export function envoyXds({host, port, ca, audience}: Provisioning['xds'], folder: string): EnvoyXds {
  const [caName, tokenName] = ['xds-ca', 'xds-token'];
  const [caSecret, tokenSecret] = [`${caName}.json`, `${tokenName}.json`];
  return {
    controlPlane: {
      host,
      port,
      ...(ca !== undefined && {ca: {secret: {name: caName, file: `${folder}/${caSecret}`, watched: xdsCaFolder}}}),
      ...(audience !== undefined && {
        token: {name: tokenName, file: `${folder}/${tokenSecret}`, watched: xdsTokenFolder},
      }),
    },
    files: {
      ...(ca !== undefined && {[caSecret]: text({name: caName, validation_context: checkedWith(host, xdsCaFile)})}),
      ...(audience !== undefined && {
        [tokenSecret]: text({name: tokenName, generic_secret: {secret: {filename: xdsTokenFile}}}),
      }),
    },
  };
}

/** A discovery response in a file, as Envoy reads them. */
function text(secret: JsonObject): string {
  const type = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
  return `${JSON.stringify({resources: [{'@type': type, ...secret}]}, undefined, 2)}\n`;
}
