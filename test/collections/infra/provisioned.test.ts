/** For which Gateways objects are made, and what is said of the others. */
import {describe, expect, it} from 'vitest';
import {settings} from '../../../collections/inputs.ts';
import {defaultSettings} from '../../../collections/settings.ts';
import type {Dialect} from '../../../src/api/dialect.ts';
import {gatewayYaml} from '../gateway/world.ts';
import {at, ofAgentgateway, ofEnvoy, provisioning, startCluster} from './world.ts';

const http = 'listeners: [{name: http, port: 80, protocol: HTTP}]';
const refTo = (kind: string, group: string, name = 'parameters'): string =>
  `${http}\ninfrastructure: {parametersRef: {group: ${group}, kind: ${kind}, name: ${name}}}`;
const specs: Readonly<Record<Dialect, string>> = {
  agentgateway: refTo('AgentgatewayParameters', 'agentgateway.dev'),
  envoy: refTo('GatewayParameters', 'gateway.kgateway.dev'),
};
const gateway = (spec: string, className: Dialect): string => gatewayYaml(spec, {className});

const classYaml = (dialect: Dialect, ref: string): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ${dialect}}
spec: {controllerName: sluice.dev/${dialect}, parametersRef: ${ref}}
`;

describe.each<Dialect>(['agentgateway', 'envoy'])('a Gateway of %s', (dialect) => {
  it('is managed, in a cluster that we provision and nowhere else', () => {
    const world = startCluster(gateway(http, dialect));
    expect(world.mode()).toMatchObject({mode: 'managed', namespace: 'default', name: 'gw'});
    expect(world.made()).toContain('Deployment/gw');
    world.graph.commit((tx) => tx.set(settings, {...defaultSettings, provider: 'file', provisioning}));
    expect([world.mode(), world.made()]).toEqual([undefined, []]);
    world.graph.commit((tx) => tx.set(settings, {...defaultSettings, provider: 'kubernetes'}));
    expect([world.mode(), world.made()]).toEqual([undefined, []]);
  });

  it('is left to who runs its proxies', () => {
    const world = startCluster('');
    const yaml = gateway(http, dialect);
    world.apply(
      yaml.replace('namespace: default}', 'namespace: default, annotations: {sluice.dev/self-managed: "true"}}'),
    );
    expect(world.mode()?.mode).toBe('self-managed');
    expect(world.made()).toEqual([]);
    expect(world.condition('Accepted')?.status).toBe('True');
  });

  it('waits for its parameters, and has what it had when they go', () => {
    const world = startCluster(gateway(specs[dialect], dialect));
    const kind = dialect === 'envoy' ? 'GatewayParameters' : 'AgentgatewayParameters';
    const message = `infrastructure.parametersRef: there is no ${kind} default/parameters`;
    const refused = {status: 'False', reason: 'InvalidParameters', message};
    expect(world.condition('Accepted')).toMatchObject(refused);
    expect(world.condition('Programmed')).toMatchObject({status: 'False', reason: 'Invalid', message});
    expect(world.mode()).toMatchObject({mode: 'withheld', problem: {reason: 'InvalidParameters', message}});
    world.apply(dialect === 'envoy' ? ofEnvoy({}) : ofAgentgateway({}));
    expect(world.condition('Accepted')).toMatchObject({status: 'True', reason: 'Accepted'});
    expect(world.mode()?.mode).toBe('managed');
    world.remove(
      dialect === 'envoy' ? 'gateway.kgateway.dev/GatewayParameters' : 'agentgateway.dev/AgentgatewayParameters',
      'default/parameters',
    );
    expect(world.mode()?.mode).toBe('withheld');
    expect(world.condition('Accepted')).toMatchObject(refused);
  });

  it('is told that parameters of the other kind are not for it', () => {
    const other = dialect === 'envoy' ? 'agentgateway' : 'envoy';
    const world = startCluster(gateway(specs[other], dialect));
    world.apply(ofEnvoy({}), ofAgentgateway({}));
    expect(world.condition('Accepted')).toMatchObject({
      status: 'False',
      reason: 'InvalidParameters',
      message: expect.stringContaining(`${dialect} takes `),
    });
  });

  it('is told where an overlay cannot be laid over what runs for it', () => {
    const overlay = {spec: {template: {spec: {containers: [{image: 'x'}]}}}};
    const world = startCluster(gateway(specs[dialect], dialect));
    world.apply(ofEnvoy({deploymentOverlay: overlay}), ofAgentgateway({deployment: overlay}));
    const field = {
      envoy: 'GatewayParameters default/parameters: spec.kube.deploymentOverlay',
      agentgateway: 'AgentgatewayParameters default/parameters: spec.deployment',
    }[dialect];
    const message = `${field}.spec.template.spec.containers: every item must have name, by which the list is merged`;
    expect(world.mode()).toMatchObject({mode: 'withheld', problem: {message}});
    expect(world.made()).toEqual([]);
    expect(world.condition('Accepted')).toMatchObject({status: 'False', reason: 'InvalidParameters', message});
    expect(world.graph.errors()).toEqual([]);
    world.apply(ofEnvoy({}), ofAgentgateway({}));
    expect(world.condition('Accepted')?.status).toBe('True');
    expect(world.made()).toContain('Deployment/gw');
  });

  it('has the parameters of its class, which must name a namespace', () => {
    const [group, kind] =
      dialect === 'envoy'
        ? ['gateway.kgateway.dev', 'GatewayParameters']
        : ['agentgateway.dev', 'AgentgatewayParameters'];
    const ref = (more: string): string => `{group: ${group}, kind: ${kind}, name: parameters${more}}`;
    const overlay = {spec: {type: 'ClusterIP'}};
    const world = startCluster(classYaml(dialect, ref('')) + gateway(http, dialect));
    world.apply(ofEnvoy({serviceOverlay: overlay}), ofAgentgateway({service: overlay}));
    expect(world.condition('Accepted')).toMatchObject({
      reason: 'InvalidParameters',
      message: `GatewayClass ${dialect}: parametersRef.namespace: is required`,
    });
    world.apply(classYaml(dialect, ref(', namespace: default')));
    expect(world.condition('Accepted')).toMatchObject({reason: 'Accepted'});
    expect(at(world.object('Service/gw'), 'spec.type')).toBe('ClusterIP');
  });

  it('keeps what runs for it while its class is gone, but not when it is of another', () => {
    const world = startCluster(gateway(http, dialect));
    world.remove('gateway.networking.k8s.io/GatewayClass', dialect);
    expect(world.mode()).toEqual({key: 'default/gw', namespace: 'default', name: 'gw', mode: 'withheld'});
    world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ${dialect}}
spec: {controllerName: example.com/other}
`);
    expect(world.mode()).toBeUndefined();
  });
});

describe('selfManaged of GatewayParameters', () => {
  it('counts where the Gateway does not say otherwise', () => {
    const ref = '{group: gateway.kgateway.dev, kind: GatewayParameters, name: of-class, namespace: default}';
    const own = startCluster(classYaml('envoy', ref) + gateway(specs.envoy, 'envoy'));
    own.apply(ofEnvoy('self', 'of-class'), ofEnvoy({}));
    expect(own.mode()?.mode).toBe('managed');
    own.apply(ofEnvoy('self'), ofEnvoy({}, 'of-class'));
    expect(own.mode()?.mode).toBe('self-managed');
    own.apply(gateway(http, 'envoy'), ofEnvoy('self', 'of-class'));
    expect(own.mode()?.mode).toBe('self-managed');
    own.apply(ofEnvoy({}, 'of-class'));
    expect(own.mode()?.mode).toBe('managed');
  });
});
