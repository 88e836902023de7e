/** Turns the bytes of an xDS resource into JSON. */
export type Decode = (type: string, bytes: Uint8Array) => unknown;

const redacted = '[redacted]';

/** Fields that hold something secret wherever they are, in the messages of proxies and in objects: whatever it is, or a text. */
const keyFields = new Set(['privateKey', 'private_key']);
const secretFields = new Set([
  'signingKey',
  'secretAccessKey',
  'sessionToken',
  'clientSecret',
  'password',
  'htpasswdContent',
  'credential',
  'secret',
]);
/** Fields that are harmless elsewhere: keys of users, and credentials for backends. */
const heldSecrets = new Set(['apiKeys.key', 'auth.key', 'credentials.value']);

/** Kept by kubectl: the object as it was applied, and so the data of a Secret. */
const appliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * A row as it may be shown to anybody: xDS resources decoded, other bytes in base64, and no key material. Rows are
 * trees, so this ends.
 */
export function printable(value: unknown, decode: Decode, field = ''): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => printable(item, decode, field));
  if (typeof value === 'bigint') return value.toString();
  if (!isRecord(value)) return value;
  const {type, bytes} = value;
  if (bytes instanceof Uint8Array && typeof type === 'string') {
    const {bytes: _bytes, ...rest} = value;
    return {...fields(rest, decode, field), size: bytes.length, resource: printable(decode(type, bytes), decode)};
  }
  return fields(value['kind'] === 'Secret' ? withoutSecretData(value) : value, decode, field);
}

function fields(record: Readonly<Record<string, unknown>>, decode: Decode, holder: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      isSecret(name, value, record, holder) ? redacted : printable(value, decode, name),
    ]),
  );
}

function isSecret(name: string, value: unknown, record: Readonly<Record<string, unknown>>, holder: string): boolean {
  if (keyFields.has(name)) return value !== undefined;
  const isContent = typeof value === 'string' || value instanceof Uint8Array || isDataSource(value);
  if (!isContent) return false;
  // Beside a certificate, it is its key.
  return secretFields.has(name) || heldSecrets.has(`${holder}.${name}`) || (name === 'key' && 'cert' in record);
}

/** Of Envoy: where a text is, which may be right here. */
const isDataSource = (value: unknown): boolean =>
  isRecord(value) && ('inlineString' in value || 'inlineBytes' in value);

function withoutSecretData(secret: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const hidden = (data: unknown): unknown =>
    isRecord(data) ? Object.fromEntries(Object.keys(data).map((key) => [key, redacted])) : data;
  const {data, stringData, metadata, ...rest} = secret;
  return {
    ...rest,
    ...(metadata !== undefined && {metadata: withoutAppliedAnnotation(metadata)}),
    ...(data !== undefined && {data: hidden(data)}),
    ...(stringData !== undefined && {stringData: hidden(stringData)}),
  };
}

function withoutAppliedAnnotation(metadata: unknown): unknown {
  if (!isRecord(metadata) || !isRecord(metadata['annotations'])) return metadata;
  const {[appliedAnnotation]: _applied, ...annotations} = metadata['annotations'];
  return {...metadata, annotations};
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
