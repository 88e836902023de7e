import {describe, expect, it} from 'vitest';
import {formatMetrics, xdsMetrics} from '../../src/admin/metrics.ts';
import type {ClientView} from '../../src/xds/api.ts';

describe('metrics', () => {
  it('are in the text format of Prometheus', () => {
    const text = formatMetrics([
      {
        name: 'a_total',
        help: 'As.',
        type: 'counter',
        samples: [{labels: {x: 'q"\\\n', y: 'z'}, value: 3}, {value: 0.5}],
      },
      {name: 'b', help: 'Bs.', type: 'gauge', samples: []},
    ]);
    expect(text).toBe(
      [
        '# HELP a_total As.',
        '# TYPE a_total counter',
        String.raw`a_total{x="q\"\\\n",y="z"} 3`,
        'a_total 0.5',
        '# HELP b Bs.',
        '# TYPE b gauge',
        '',
      ].join('\n'),
    );
  });

  it('sum clients by scope', () => {
    const client = (scope: string, pending: number): ClientView => ({
      client: 1,
      scope,
      node: {id: 'n', cluster: 'c', metadata: {}, userAgent: ''},
      connectedAt: new Date(0),
      types: [{type: 't', sent: 1, acknowledged: 1, rejected: ['r'], pending}],
    });
    const text = formatMetrics(
      xdsMetrics(
        [client('envoy/a', 1), client('envoy/a', 2), client('envoy/b', 0)],
        new Map([['type.googleapis.com/x.Y', {messages: 1, resources: 2, removed: 3, bytes: 4}]]),
      ),
    );
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'sluice_xds_clients{scope="envoy/a"} 2',
      'sluice_xds_clients{scope="envoy/b"} 1',
      'sluice_xds_pending{scope="envoy/a"} 3',
      'sluice_xds_pending{scope="envoy/b"} 0',
      'sluice_xds_rejected{scope="envoy/a"} 2',
      'sluice_xds_rejected{scope="envoy/b"} 1',
      'sluice_xds_messages_total{type="x.Y"} 1',
      'sluice_xds_resources_total{type="x.Y"} 2',
      'sluice_xds_removed_total{type="x.Y"} 3',
      'sluice_xds_bytes_total{type="x.Y"} 4',
    ]);
  });
});
