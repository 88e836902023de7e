/** Parameters of proxies, and the CRDs that it takes for them to be stored: any fields will do here. */
import {agentgatewayGroup} from '../../../src/api/agentgateway-parameters.ts';
import {kgatewayGroup} from '../../../src/api/gateway-parameters.ts';
import type {KubeObject} from '../../rig/objects.ts';
import {object, type Spec} from './case.ts';

export const parametersKinds = {
  envoy: {group: kgatewayGroup, kind: 'GatewayParameters'},
  agentgateway: {group: agentgatewayGroup, kind: 'AgentgatewayParameters'},
} as const;

export const parameters = (dialect: keyof typeof parametersKinds, spec: Spec): KubeObject => {
  const {group, kind} = parametersKinds[dialect];
  return object(`${group}/v1alpha1`, kind, 'parameters', {spec});
};

export const parametersRef = (dialect: keyof typeof parametersKinds): Spec => ({
  ...parametersKinds[dialect],
  name: 'parameters',
});

export const parametersCrds: readonly KubeObject[] = Object.values(parametersKinds).map(({group, kind}) => {
  const plural = kind.toLowerCase();
  const anything = {type: 'object', 'x-kubernetes-preserve-unknown-fields': true};
  return object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.${group}`, {
    spec: {
      group,
      scope: 'Namespaced',
      names: {kind, plural, singular: plural, listKind: `${kind}List`},
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          schema: {openAPIV3Schema: {type: 'object', properties: {spec: anything, status: anything}}},
          subresources: {status: {}},
        },
      ],
    },
  });
});
