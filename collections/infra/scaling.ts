import type {JsonObject} from '../../src/api/json.ts';
import type {Identity} from './identity.ts';
import {type Manifest, manifest, type NamedOverlay, overlaid} from './manifest.ts';

export type ScalingOverlays = {
  readonly podDisruptionBudget?: readonly NamedOverlay[];
  readonly horizontalPodAutoscaler?: readonly NamedOverlay[];
  readonly verticalPodAutoscaler?: readonly NamedOverlay[];
};

/** What keeps enough proxies running. Each exists only where an overlay asks for it, and carries the labels of the workload. */
export function scaling(identity: Identity, workload: Manifest, overlays: ScalingOverlays): readonly Manifest[] {
  const target = {apiVersion: workload.apiVersion, kind: workload.kind, name: workload.metadata.name};
  const made = (
    apiVersion: string,
    kind: string,
    spec: JsonObject,
    wanted: readonly NamedOverlay[] = [],
  ): readonly Manifest[] =>
    wanted.every(({overlay}) => overlay === undefined)
      ? []
      : [overlaid(manifest(apiVersion, kind, identity, {labels: labelsOf(workload), body: {spec}}), wanted)];
  return [
    ...made(
      'policy/v1',
      'PodDisruptionBudget',
      {selector: {matchLabels: identity.selector}},
      overlays.podDisruptionBudget,
    ),
    ...made('autoscaling/v2', 'HorizontalPodAutoscaler', {scaleTargetRef: target}, overlays.horizontalPodAutoscaler),
    ...made('autoscaling.k8s.io/v1', 'VerticalPodAutoscaler', {targetRef: target}, overlays.verticalPodAutoscaler),
  ];
}

function labelsOf({metadata: {labels}}: Manifest): {readonly [name: string]: string} {
  const texts = Object.entries(labels ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}
