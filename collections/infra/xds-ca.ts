import type {Provisioning} from '../settings.ts';
import type {Identity} from './identity.ts';
import {type Manifest, manifest} from './manifest.ts';
import {checksum} from './text.ts';
import type {Mounted} from './workload.ts';

/** What proxies check the certificate of the control plane with: a ConfigMap, and where their Pods have it. */
export type XdsCa = Mounted & {
  readonly object: Manifest;
  /** Of the Pods of a proxy that is not known to read it again: they are started anew when it changes. */
  readonly annotations: {readonly [name: string]: string};
};

export const xdsCaFolder = '/etc/xds-tls';
const key = 'ca.crt';

/** Path of the file in a Pod. */
export const xdsCaFile = `${xdsCaFolder}/${key}`;

/** Undefined where the control plane is spoken to in plain text. */
export function xdsCaOf(identity: Identity, {ca}: Provisioning['xds']): XdsCa | undefined {
  if (ca === undefined) return undefined;
  const name = `${identity.name}-xds-ca`;
  return {
    object: manifest('v1', 'ConfigMap', identity, {name, body: {data: {[key]: ca}}}),
    volume: {name: 'xds-ca', configMap: {name, items: [{key, path: key}]}},
    volumeMount: {name: 'xds-ca', mountPath: xdsCaFolder, readOnly: true},
    annotations: {'checksum/xds-ca': checksum(ca)},
  };
}
