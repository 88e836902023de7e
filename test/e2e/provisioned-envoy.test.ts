/** The configuration that Envoys of Gateways in a cluster are started with, judged by a real Envoy. */
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {expect, it} from 'vitest';
import type {Provisioning} from '../../collections/settings.ts';
import type {EnvoyParameters} from '../../src/api/gateway-parameters.ts';
import {ecCertificate} from '../api/test-certificates.ts';
import {gatewayYaml} from '../collections/gateway/world.ts';
import {ofEnvoy, provisioning, startCluster} from '../collections/infra/world.ts';
import {describeWithEnvoy, envoyBinary} from './harness/envoy.ts';
import {envoyPod} from './harness/envoy-pod.ts';

const gateway = gatewayYaml(`
listeners: [{name: http, port: 80, protocol: HTTP}]
infrastructure: {parametersRef: {group: gateway.kgateway.dev, kind: GatewayParameters, name: parameters}}`);

const everything: EnvoyParameters = {
  envoyContainer: {
    bootstrap: {
      logFormat: {json: {text: '%j'}},
      dnsResolver: {udpMaxQueries: 5},
      enableReadinessProbeProxyProtocol: true,
    },
  },
  stats: {matcher: {exclusionList: [{safeRegex: 'a.*'}, {prefix: 'b', ignoreCase: true}, {contains: 'c'}]}},
};
const ca = ecCertificate;
const audience = 'agentgateway';

describeWithEnvoy('the bootstrap of a provisioned Envoy', () => {
  it.each<[string, EnvoyParameters, Partial<Provisioning['xds']>]>([
    ['in plain text', {}, {}],
    ['by TLS', {}, {ca}],
    ['with a token in plain text', {}, {audience}],
    ['by TLS to an address', {}, {ca, audience, host: '192.0.2.1'}],
    ['with all that parameters and settings can say', everything, {ca, audience}],
  ])('is accepted %s', async (_, parameters, trust) => {
    const world = startCluster(gateway, {xds: {...provisioning.xds, ...trust}});
    world.apply(ofEnvoy(parameters));
    const {args} = await envoyPod(world);
    const run = promisify(execFile)(envoyBinary(), [...args, '--mode', 'validate'], {timeout: 30_000});
    expect((await run).stdout.trim()).toBe(`configuration '${args[1]}' OK`);
  });
});
