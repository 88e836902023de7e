import {describe, expect, it} from 'vitest';
import {backendProtocol, findServicePort} from '../../src/api/service-port.ts';

describe('findServicePort', () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: 'dns'},
    spec: {
      ports: [
        {name: 'udp', port: 53, protocol: 'UDP' as const},
        {name: 'tcp', port: 53, protocol: 'TCP' as const},
        {name: 'other', port: 54, protocol: 'UDP' as const},
      ],
    },
  };

  it('takes the TCP port where a number has several', () => {
    expect(findServicePort(service, 53)?.name).toBe('tcp');
  });

  it('finds no port of another protocol', () => {
    expect(findServicePort(service, 54)).toBeUndefined();
  });
});

describe('backendProtocol', () => {
  it.each([
    [undefined, 'http1'],
    ['http', 'http1'],
    ['example.com/own', 'http1'],
    ['kubernetes.io/h2c', 'h2c'],
    ['grpc', 'h2c'],
    ['kubernetes.io/ws', 'websocket'],
    ['kubernetes.io/wss', undefined],
  ])('of appProtocol %j is %j', (appProtocol, expected) => {
    expect(backendProtocol(appProtocol)).toBe(expected);
  });
});
