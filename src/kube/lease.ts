/** The object that candidates agree by: coordination.k8s.io/v1 Lease, read with care and written whole. */
type Fields = Readonly<Record<string, unknown>>;

/** A Lease as an API server answered it. */
export type Lease = {
  /** All of it, to be sent back with what changes: others may have put something there. */
  readonly object: Fields;
  /** `''`: nobody. */
  readonly holder: string;
  /** How long others have to leave the holder alone after each renewal; 0 where it does not say. */
  readonly durationMs: number;
  /** How often it has changed hands. */
  readonly transitions: number;
  /** Differs between any two renewals. */
  readonly record: string;
};

export type Claim = {
  readonly holder: string;
  readonly durationMs: number;
  /** Microseconds since 1970. */
  readonly renewedAt: number;
  /** Where it begins a term rather than goes on with one: one more than that of the last. */
  readonly transitions?: number;
};

export function readLease(body: unknown): Lease {
  const object = fieldsOf(body);
  const spec = fieldsOf(object['spec']);
  const {holderIdentity, leaseDurationSeconds, leaseTransitions} = spec;
  return {
    object,
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1_000 : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    record: JSON.stringify(spec),
  };
}

export const newLease = (place: {readonly namespace: string; readonly name: string}, claim: Claim): Fields => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {namespace: place.namespace, name: place.name},
  spec: specOf(claim),
});

/** The Lease with the claim in it, of exactly the version that was read. */
export const claimed = ({object}: Lease, claim: Claim): Fields => ({
  ...object,
  spec: {...fieldsOf(object['spec']), ...specOf(claim)},
});

/** The Lease given back: whoever sees it may take it at once. */
export function released({object}: Lease, renewedAt: number): Fields {
  return {...object, spec: {...fieldsOf(object['spec']), holderIdentity: '', renewTime: microTime(renewedAt)}};
}

const specOf = ({holder, durationMs, renewedAt, transitions}: Claim): Fields => ({
  holderIdentity: holder,
  leaseDurationSeconds: Math.ceil(durationMs / 1_000),
  renewTime: microTime(renewedAt),
  ...(transitions !== undefined && {acquireTime: microTime(renewedAt), leaseTransitions: transitions}),
});

/** `2030-01-02T03:04:05.678901Z`, as metav1.MicroTime. */
export const microTime = (micros: number): string => {
  const ms = Math.floor(micros / 1_000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros - ms * 1_000).padStart(3, '0')}Z`;
};

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? {...value} : {});
