import {expect, it} from 'vitest';
import {balancedAddresses} from '../../src/api/load-balancer.ts';

it('reads names before addresses', () => {
  const ingress = [
    {ip: '192.0.2.1'},
    {hostname: 'lb.example.com', ip: '192.0.2.2'},
    {hostname: '', ip: '192.0.2.3'},
    {},
  ];
  expect(balancedAddresses({loadBalancer: {ingress}})).toEqual([
    {type: 'IPAddress', value: '192.0.2.1'},
    {type: 'Hostname', value: 'lb.example.com'},
    {type: 'IPAddress', value: '192.0.2.3'},
  ]);
});

it.each([
  undefined,
  null,
  'x',
  {},
  {loadBalancer: null},
  {loadBalancer: {ingress: {}}},
  {loadBalancer: {ingress: [null, 7]}},
])('finds nothing in %j', (status) => {
  expect(balancedAddresses(status)).toEqual([]);
});
