/** Random Deployments, and random strategic merge patches for them, of few names and values. */
import * as fc from 'fast-check';
import type {JsonObject} from '../../src/api/json.ts';

const name = fc.constantFrom('a', 'b', 'c');
const text = fc.constantFrom('1', '2', '3');
const port = fc.constantFrom(1, 2, 3);

type Records = Record<string, fc.Arbitrary<unknown>>;

/** Each field may be absent. */
const some = (fields: Records): fc.Arbitrary<JsonObject> =>
  // All fields are made of JSON.
  fc.record(fields, {requiredKeys: []}) as fc.Arbitrary<JsonObject>;
const named = (key: string, values: fc.Arbitrary<unknown>, fields: Records): fc.Arbitrary<JsonObject> =>
  fc.tuple(values, some(fields)).map(([value, rest]) => ({...rest, [key]: value}) as JsonObject); // as above

const unique = (item: fc.Arbitrary<JsonObject>, key: string, minLength = 0): fc.Arbitrary<readonly JsonObject[]> =>
  fc.uniqueArray(item, {minLength, maxLength: 3, selector: (one) => one[key]});
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({weight: 5, arbitrary: value}, {weight: 1, arbitrary: fc.constant(null)});

const env = named('name', name, {value: text});
const ports = fc
  .tuple(port, fc.constantFrom('x', 'y'))
  .map(([containerPort, title]) => ({containerPort, name: `${title}-${containerPort}`}));
const resources = some({requests: some({cpu: text}), limits: some({memory: fc.constantFrom('5', '6')})});
const security = some({runAsUser: fc.constantFrom(1, 2), runAsNonRoot: fc.boolean()});

const container = fc
  .tuple(
    name,
    text,
    some({
      env: unique(env, 'name'),
      args: fc.array(text, {minLength: 1, maxLength: 3}),
      ports: unique(ports, 'containerPort'),
      resources,
      securityContext: security,
    }),
  )
  .map(([own, image, rest]) => ({...rest, name: own, image}));

const volume = fc.oneof(
  name.map((own) => ({name: own, emptyDir: {}})),
  name.map((own) => ({name: own, configMap: {name: 'x'}})),
);

export const deploymentArbitrary: fc.Arbitrary<JsonObject> = fc
  .record({
    labels: some({x: text, y: text}),
    containers: unique(container, 'name', 1),
    volumes: unique(volume, 'name'),
    spec: some({
      nodeSelector: some({x: text, y: text}),
      tolerations: fc.constantFrom([{key: 'a', operator: 'Exists'}], []),
      imagePullSecrets: unique(named('name', name, {}), 'name'),
      securityContext: some({fsGroup: fc.constantFrom(1, 2)}),
    }),
  })
  .map(({labels, containers, volumes, spec}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name: 'merged', namespace: 'default', labels},
    spec: {
      selector: {matchLabels: {app: 'a'}},
      template: {metadata: {labels: {app: 'a'}}, spec: {...spec, containers, volumes}},
    },
  }));

/**
 * Items of a list that is merged: what to have, what to delete, and, before them, that all else goes (behind them API
 * servers refuse it, but only where there is an order too).
 */
const listPatch = (
  item: fc.Arbitrary<JsonObject>,
  key: string,
  keys: fc.Arbitrary<unknown>,
): fc.Arbitrary<readonly JsonObject[]> =>
  fc
    .array(
      fc.oneof(
        {weight: 5, arbitrary: item},
        {weight: 2, arbitrary: keys.map((value) => ({[key]: value, $patch: 'delete'}) as JsonObject)}, // as above
        {weight: 1, arbitrary: fc.constant<JsonObject>({$patch: 'replace'})},
      ),
      {minLength: 1, maxLength: 3},
    )
    .map((items) => items.toSorted((a, b) => Number(b['$patch'] === 'replace') - Number(a['$patch'] === 'replace')))
    .map((items) => {
      const seen = new Set<unknown>();
      return items.filter((one) => one[key] === undefined || (!seen.has(one[key]) && seen.add(one[key])));
    });

/** `whole`: what may take the place of all that is there. */
const objectPatch = (fields: fc.Arbitrary<JsonObject>, whole: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc.oneof(
    {weight: 6, arbitrary: fields},
    {weight: 1, arbitrary: fc.constant<JsonObject>({$patch: 'delete'})},
    {weight: 1, arbitrary: whole.map((rest) => ({...rest, $patch: 'replace'}))},
  );

/** An order of at least two, of items by key: of fewer it is none. */
const order = (key: string): fc.Arbitrary<readonly JsonObject[]> =>
  fc.shuffledSubarray(['a', 'b', 'c'], {minLength: 2}).map((names) => names.map((one) => ({[key]: one})));

const containerPatch = named('name', name, {
  image: text,
  env: nullable(listPatch(named('name', name, {value: nullable(text)}), 'name', name)),
  '$setElementOrder/env': order('name'),
  args: nullable(fc.array(text, {minLength: 1, maxLength: 3})),
  ports: listPatch(ports, 'containerPort', port),
  resources: nullable(
    objectPatch(some({requests: objectPatch(some({cpu: nullable(text)}), some({cpu: text}))}), resources),
  ),
  securityContext: objectPatch(some({runAsUser: nullable(fc.constantFrom(1, 2))}), security),
});

const volumePatch = fc.oneof(
  volume,
  name.map((own) => ({name: own, emptyDir: {}, $retainKeys: ['name', 'emptyDir']})),
  name.map((own) => ({name: own, configMap: {name: 'y'}, $retainKeys: ['name', 'configMap']})),
);

export const patchArbitrary: fc.Arbitrary<JsonObject> = fc
  .record({
    metadata: some({
      labels: objectPatch(some({x: nullable(text), w: text}), some({w: text})),
      annotations: nullable(some({note: nullable(text)})),
    }),
    template: some({
      containers: listPatch(containerPatch, 'name', name),
      volumes: listPatch(volumePatch, 'name', name),
      '$setElementOrder/volumes': order('name'),
      nodeSelector: nullable(objectPatch(some({x: nullable(text)}), some({x: text}))),
      tolerations: nullable(fc.constantFrom([{key: 'b', operator: 'Exists'}], [])),
      imagePullSecrets: listPatch(named('name', name, {}), 'name', name),
      securityContext: objectPatch(
        some({fsGroup: nullable(fc.constantFrom(1, 2))}),
        some({fsGroup: fc.constantFrom(1, 2)}),
      ),
      topologySpreadConstraints: listPatch(
        name.map((topologyKey) => ({topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule'})),
        'topologyKey',
        name,
      ),
    }),
  })
  .map(({metadata, template}) => ({metadata, spec: {template: {spec: template}}}));
