import {type Mounted, tokenVolume} from './workload.ts';

const name = 'xds-token';

/** Where Pods have the token that their proxy shows to the control plane. */
export const xdsTokenFolder = '/var/run/secrets/xds-tokens';

/** Path of it in a Pod. The kubelet replaces it before it ends. */
export const xdsTokenFile = `${xdsTokenFolder}/${name}`;

/** Of the Pod's ServiceAccount, made for the audience. */
export const xdsToken = (audience: string): Mounted => ({
  volume: tokenVolume(name, audience),
  volumeMount: {name, mountPath: xdsTokenFolder, readOnly: true},
});
