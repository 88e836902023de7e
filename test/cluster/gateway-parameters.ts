/** What a Gateway of the namespace `shop` says of the Envoys that are to run for it, and the CRD that takes. */
import type {KubeObject} from '../rig/objects.ts';
import {named} from './shop.ts';

/** As small as a CRD can be: what is in its objects is up to who reads them. */
export const parametersCrd: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {name: 'gatewayparameters.gateway.kgateway.dev'},
  spec: {
    group: 'gateway.kgateway.dev',
    scope: 'Namespaced',
    names: {kind: 'GatewayParameters', plural: 'gatewayparameters', singular: 'gatewayparameters'},
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
      },
    ],
  },
};

/** `rollout`: an annotation of the Pods; `deployment`: what is said of the Deployment. */
export const parameters = (rollout: number, deployment: object): KubeObject => ({
  ...named('gateway.kgateway.dev/v1alpha1', 'GatewayParameters', 'web'),
  spec: {
    kube: {
      deployment,
      podTemplate: {extraAnnotations: {rollout: String(rollout)}},
      podDisruptionBudget: {spec: {maxUnavailable: 1}},
      horizontalPodAutoscaler: {spec: {minReplicas: 1, maxReplicas: 3}},
    },
  },
});

/** Of a Gateway: `infrastructure.parametersRef`. */
export const parametersRef = {group: 'gateway.kgateway.dev', kind: 'GatewayParameters', name: 'web'};
