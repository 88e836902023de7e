/** Where the servers of a cluster run and listen: on loopback of this machine, or in a network namespace of their own. */
import {freePort} from '../e2e/harness/free-port.ts';
import {createNode, inNamespace, nodeAddress, nodeNamespace} from './network.ts';
import type {Endpoints} from './servers.ts';
import type {StartOptions} from './supervisor-methods.ts';

export type Site = {
  readonly endpoints: Endpoints;
  /** What a command line begins with to run there; nothing on loopback. */
  readonly inside: readonly string[];
  /** Of kube-apiserver, for Pods; undefined where there are none. */
  readonly podUrl?: string;
};

export async function makeSite(mode: StartOptions['mode'], id: string): Promise<Site> {
  switch (mode) {
    case 'loopback':
      return {
        inside: [],
        endpoints: {
          etcdPort: await freePort(),
          etcdPeerPort: await freePort(),
          apiAddress: '127.0.0.1',
          apiPort: await freePort(),
          // An address for documentation (RFC 5737); nobody goes there.
          advertiseAddress: '192.0.2.1',
        },
      };
    case 'pods': {
      await createNode(id);
      const apiPort = 6443;
      return {
        inside: inNamespace(nodeNamespace(id)),
        podUrl: `https://${nodeAddress}:${apiPort}`,
        endpoints: {
          etcdPort: 2379,
          etcdPeerPort: 2380,
          apiAddress: '0.0.0.0',
          apiPort,
          advertiseAddress: nodeAddress,
        },
      };
    }
  }
}
