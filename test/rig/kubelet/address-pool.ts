/** Addresses of a /16, handed out one after the other: one that was given back is not used again soon. */
export type AddressPool = {
  next(): string;
  /** Whether nobody had it. */
  take(address: string): boolean;
  release(address: string): void;
  readonly contains: (address: string) => boolean;
};

/** `prefix`: the first two numbers, `10.244`. `from`: where to begin, in addresses. */
export function addressPool(prefix: string, from: number): AddressPool {
  const taken = new Set<string>();
  let last = from - 1;
  const contains = (address: string): boolean => {
    const [, high, low, ...rest] = /^(\d+)\.(\d+)$/.exec(address.slice(prefix.length + 1)) ?? [];
    return address.startsWith(`${prefix}.`) && rest.length === 0 && Number(high) < 256 && Number(low ?? 256) < 256;
  };
  return {
    contains,
    next() {
      for (let tries = 0; tries < 65_536; tries++) {
        last = last >= 65_534 ? from : last + 1;
        const low = last % 256;
        const address = `${prefix}.${Math.floor(last / 256)}.${low}`;
        if (low === 0 || low === 255 || taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      throw new Error(`no address is left in ${prefix}.0.0/16`);
    },
    take(address) {
      if (taken.has(address)) return false;
      taken.add(address);
      return true;
    },
    release: (address) => void taken.delete(address),
  };
}
