/** Runs two stand-ins for Envoy until it is killed; prints their pids once they serve. */
import {resolve} from 'node:path';
import {createEnvoySupervisor} from '../../src/provision/envoy-supervisor.ts';
import {recordingLog} from './recording-log.ts';

const [, , folder = '', a = '', b = ''] = process.argv;
const supervisor = createEnvoySupervisor({
  binary: resolve(import.meta.dirname, 'fake-envoy.mjs'),
  args: [],
  level: 'warning',
  folder,
  log: recordingLog(),
  envoyLog: recordingLog(),
  bootstrap: (gateway, adminPort) =>
    JSON.stringify({adminPort, listen: gateway.ports.map((port) => `127.0.0.1:${port}`)}),
});
const gateway = (name: string, port: string) => ({
  key: `default/${name}`,
  namespace: 'default',
  name,
  scope: `envoy/default/${name}`,
  ports: [Number(port)],
  addresses: ['127.0.0.1'],
});
supervisor.apply([gateway('a', a), gateway('b', b)]);
await supervisor.settled(10_000);
process.stdout.write(JSON.stringify(supervisor.views().map(({pid}) => pid)));
