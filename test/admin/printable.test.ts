import {describe, expect, it} from 'vitest';
import {printable} from '../../src/admin/printable.ts';

const decode = (type: string, bytes: Uint8Array) => ({
  '@type': type,
  length: bytes.length,
  privateKey: {inlineString: 'k'},
});
const print = (value: unknown) => printable(value, decode);

describe('printable', () => {
  it('hides the data of Secrets, not their names', () => {
    const secret = {
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: {
        name: 'tls',
        annotations: {note: 'n', 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"tls.key":"c2VjcmV0"}}'},
      },
      data: {'tls.crt': 'Y2VydA==', 'tls.key': 'c2VjcmV0'},
      stringData: {password: 'secret'},
    };
    expect(print(secret)).toEqual({
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: {name: 'tls', annotations: {note: 'n'}},
      data: {'tls.crt': '[redacted]', 'tls.key': '[redacted]'},
      stringData: {password: '[redacted]'},
    });
  });

  it('hides private keys wherever they are', () => {
    expect(
      print([{key: 'a/b', certificate: 'c', privateKey: 'k'}, {deep: {private_key: 'k'}}, {privateKey: undefined}]),
    ).toEqual([
      {key: 'a/b', certificate: 'c', privateKey: '[redacted]'},
      {deep: {private_key: '[redacted]'}},
      {privateKey: undefined},
    ]);
  });

  it('decodes xDS resources and hides keys in them', () => {
    expect(print({key: 'k', type: 't', name: 'n', bytes: Uint8Array.of(1, 2, 3)})).toEqual({
      key: 'k',
      type: 't',
      name: 'n',
      size: 3,
      resource: {'@type': 't', length: 3, privateKey: '[redacted]'},
    });
  });

  it('prints other bytes in base64, and leaves the rest as it is', () => {
    expect(print({bytes: Uint8Array.of(255), n: 1n, list: [null, true, 's', 0.5]})).toEqual({
      bytes: '/w==',
      n: '1',
      list: [null, true, 's', 0.5],
    });
  });
});
