/** What a Gateway in a cluster says of where it is reached, and of what could not be made for it. */
import {describe, expect, it} from 'vitest';
import {provisionFailures, serviceAddresses} from '../../../collections/inputs.ts';
import {gatewayYaml, serviceYaml} from '../gateway/world.ts';
import {type ClusterWorld, startCluster} from './world.ts';

const http = 'listeners: [{name: http, port: 80, protocol: HTTP}]';

/** The Service of the Gateway, as the server has it. */
const service = (spec: string, name = 'gw', gateway = 'gw'): string =>
  serviceYaml(name, {spec}).replace(
    'namespace: default}',
    `namespace: default, labels: {gateway.networking.k8s.io/gateway-name: ${gateway}}}`,
  );
const balanced = 'type: LoadBalancer\nclusterIPs: [10.0.0.1]';

const balance = ({graph}: ClusterWorld, ...values: readonly string[]): void => {
  const addresses = values.map((value) => ({type: value.includes('example') ? 'Hostname' : 'IPAddress', value}));
  graph.commit((tx) => tx.set(serviceAddresses, {key: 'default/gw', addresses}));
};

const told = (world: ClusterWorld): string => {
  const {status, reason, message} = world.condition('Programmed') ?? {};
  return `${status} ${reason}: ${message}`;
};
const unassigned = 'False AddressNotAssigned: no address has been assigned yet';

describe('addresses', () => {
  it('are those of the load balancer, sorted, as soon as there are any', () => {
    const world = startCluster(gatewayYaml(http));
    expect([world.addresses(), told(world)]).toEqual([[], unassigned]);
    world.apply(service(balanced));
    expect([world.addresses(), told(world)]).toEqual([[], unassigned]);
    balance(world, 'lb.example.com', '192.0.2.1');
    expect(world.addresses()).toEqual(['IPAddress 192.0.2.1', 'Hostname lb.example.com']);
    expect(told(world)).toBe('True Programmed: ');
    balance(world);
    expect(told(world)).toBe(unassigned);
  });

  it('are those of the cluster where the Service has no load balancer', () => {
    const world = startCluster(gatewayYaml(http) + service('clusterIPs: ["fd00::1", 10.0.0.1]'));
    expect(world.addresses()).toEqual(['IPAddress 10.0.0.1', 'IPAddress fd00::1']);
    expect(told(world)).toBe('True Programmed: ');
    world.apply(service('clusterIP: None'));
    expect(told(world)).toBe(unassigned);
  });

  it('are not those of other Services', () => {
    const world = startCluster(
      gatewayYaml(http) + service('clusterIP: 10.0.0.1', 'gw', 'other') + serviceYaml('plain'),
    );
    expect(world.addresses()).toEqual([]);
  });

  it('are found by the short name of a Gateway with a long one', () => {
    const name = `${'long-'.repeat(20)}name`;
    const world = startCluster(gatewayYaml(http, {name}));
    const [short = ''] = world.made().flatMap((one) => /^Service\/(.*)$/.exec(one)?.[1] ?? []);
    world.apply(service('clusterIP: 10.0.0.1', short, short));
    expect(world.condition('Programmed', name)?.status).toBe('True');
  });

  it.each<[string, string, string[], string]>([
    ['one that was assigned', '[{value: 192.0.2.1}]', ['192.0.2.1'], 'True Programmed: '],
    [
      'one where another was assigned',
      '[{value: 192.0.2.9}]',
      ['192.0.2.1'],
      'False AddressNotUsable: addresses: 192.0.2.9 was asked for, 192.0.2.1 was assigned',
    ],
    ['one that has not come yet', '[{value: 192.0.2.9}]', [], unassigned],
    [
      'more than a Service takes',
      '[{value: 192.0.2.1}, {value: 192.0.2.2}]',
      ['192.0.2.1'],
      'False AddressNotUsable: addresses: the Service of Gateway default/gw takes one, 192.0.2.1; not used: 192.0.2.2',
    ],
    ['any', '[{type: IPAddress}]', ['192.0.2.1'], 'True Programmed: '],
    [
      'a name',
      '[{type: Hostname, value: a.example.com}]',
      ['192.0.2.1'],
      'False AddressNotUsable: addresses: a.example.com is not an IP address',
    ],
  ])('that are asked for: %s', (_, addresses, assigned, expected) => {
    const world = startCluster(gatewayYaml(`${http}\naddresses: ${addresses}`) + service(balanced));
    balance(world, ...assigned);
    expect(told(world)).toBe(expected);
    expect(world.condition('Accepted')?.status).toBe('True');
    expect(world.addresses()).toEqual(assigned.map((value) => `IPAddress ${value}`));
  });

  it('of a type that nobody knows are refused', () => {
    const world = startCluster(
      gatewayYaml(`${http}\naddresses: [{type: example.com/odd, value: x}, {value: 192.0.2.1}]`),
    );
    expect(world.condition('Accepted')).toMatchObject({status: 'False', reason: 'UnsupportedAddress'});
    expect(world.made()).toEqual([]);
  });

  it('of a Gateway whose proxies others run are those of Services that say so, or those asked for', () => {
    const world = startCluster('');
    const yaml = gatewayYaml(`${http}\naddresses: [{value: 192.0.2.1}, {value: 192.0.2.2}]`);
    world.apply(
      yaml.replace('namespace: default}', 'namespace: default, annotations: {sluice.dev/self-managed: "true"}}'),
    );
    expect(world.addresses()).toEqual(['IPAddress 192.0.2.1', 'IPAddress 192.0.2.2']);
    expect(told(world)).toBe('True Programmed: ');
    world.apply(service('clusterIP: 192.0.2.1', 'any-name'));
    expect(told(world)).toContain('192.0.2.2 was asked for, 192.0.2.1 was assigned');
  });
});

describe('what could not be made', () => {
  it('is told, until it could', () => {
    const world = startCluster(gatewayYaml(http) + service(balanced));
    balance(world, '192.0.2.1');
    world.graph.commit((tx) => tx.set(provisionFailures, {key: 'default/gw', message: 'Deployment default/gw: no'}));
    expect(told(world)).toBe('False DeploymentFailed: Deployment default/gw: no');
    expect(world.condition('Accepted')?.status).toBe('True');
    world.graph.commit((tx) => tx.delete(provisionFailures, 'default/gw'));
    expect(told(world)).toBe('True Programmed: ');
  });
});
