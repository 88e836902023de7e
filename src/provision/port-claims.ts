import type {EnvoyGateway} from './envoy-process.ts';
import {whyNotBindable} from './port-check.ts';

type Bind = {readonly address: string; readonly port: number};

export type PortClaims = {
  /**
   * Why the Gateway's proxy cannot have its ports now; otherwise they are its own until released. Two Envoys would share
   * a port without an error and split its connections, so a proxy with a busy port is not started at all.
   */
  obstacle(gateway: EnvoyGateway): Promise<string | undefined>;
  /** Brings the claims of a running proxy up to its Gateway; ports that another Gateway has are left out and returned. */
  update(gateway: EnvoyGateway): readonly {readonly port: number; readonly holder: string}[];
  release(gateway: string): void;
};

/** Which Gateway of ours has which port. First come, first served. */
export function createPortClaims(): PortClaims {
  const claims = new Map<string, readonly Bind[]>();

  const holderOf = (gateway: string, {address, port}: Bind): string | undefined => {
    for (const [holder, binds] of claims) {
      if (holder !== gateway && binds.some((bind) => bind.port === port && overlap(bind.address, address)))
        return holder;
    }
    return undefined;
  };

  return {
    async obstacle(gateway) {
      const wanted = bindsOf(gateway);
      for (const bind of wanted) {
        const holder = holderOf(gateway.key, bind);
        if (holder !== undefined) return `port ${bind.port} is taken by Gateway ${holder}`;
      }
      claims.set(gateway.key, wanted);
      for (const {address, port} of wanted) {
        const reason = await whyNotBindable(address, port);
        if (reason !== undefined) {
          claims.delete(gateway.key);
          return reason;
        }
      }
      return undefined;
    },
    update(gateway) {
      const wanted = bindsOf(gateway);
      const lost = wanted.flatMap((bind) => {
        const holder = holderOf(gateway.key, bind);
        return holder === undefined ? [] : [{port: bind.port, holder}];
      });
      claims.set(
        gateway.key,
        wanted.filter((bind) => holderOf(gateway.key, bind) === undefined),
      );
      return lost;
    },
    release(gateway) {
      claims.delete(gateway);
    },
  };
}

const everywhere = ['0.0.0.0', '::'];
const overlap = (a: string, b: string): boolean => a === b || everywhere.includes(a) || everywhere.includes(b);

function bindsOf({addresses, ports}: EnvoyGateway): readonly Bind[] {
  const on = addresses.length === 0 ? ['0.0.0.0'] : addresses;
  return ports.flatMap((port) => on.map((address) => ({address, port})));
}
