/**
 * What the real agentgateway proxy said and was told, against what the model of the proxy and the product say in the same
 * place. Needs the recordings, which are no part of this repository.
 */
import {existsSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import agentgatewaySchema from '../../src/gen/proto/agentgateway.descriptor.js';
import discoverySchema from '../../src/gen/proto/discovery.descriptor.js';
import {createProtoJson} from '../../src/xds/protojson.ts';
import {typeUrls} from '../../src/xds/type-urls.ts';
import {encodeRequest} from '../xds/support/wire-client.ts';
import {eventually} from './harness/eventually.ts';
import {gateway, http, prefixRule, route, type Manifest} from './harness/manifests.ts';
import {startSluice, type Sluice} from './harness/sluice.ts';
import {connectProxy, type Proxy} from './load/proxy.ts';

const folder = join(resolve(import.meta.dirname, '../..'), '..', 'shared/agentgateway/transcripts');
const requests = createProtoJson([discoverySchema]);
const resources = createProtoJson([agentgatewaySchema]);
const requestType = 'type.googleapis.com/envoy.service.discovery.v3.DeltaDiscoveryRequest';
/** The proxy's own Workload, of a Pod: where files are read there are no Pods. */
const ownWorkload = 'Kubernetes//Pod/default/gw-6d5f9c7b8d-abcde';

type Json = {readonly [field: string]: unknown};
type Request = Json & {
  readonly node?: {readonly metadata?: Json};
  readonly typeUrl?: string;
  readonly errorDetail?: {readonly message: string};
};
type Entry = {
  readonly stream: number;
  readonly dir: 'request' | 'response';
  readonly message: {
    readonly resources?: readonly {readonly name: string; readonly resource: Json & {readonly '@type': string}}[];
    readonly removed_resources?: readonly string[];
  };
};

/** SAFETY: the format is told in the README of that folder. */
const recording = (file: string, stream: number): readonly Entry[] =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
    .filter((entry) => entry.stream === stream);

/** SAFETY: requests are encoded and decoded again by their schema. */
const asJson = (bytes: Uint8Array): Request => requests.toProtoJson(requestType, bytes) as Request;

const recordedRequests = (file: string, stream: number): readonly Request[] =>
  recording(file, stream)
    .filter(({dir}) => dir === 'request')
    .map(({message}) => asJson(requests.fromProtoJson({'@type': requestType, ...message}).bytes));

const saidBy = ({model}: Proxy, from = 0): readonly Request[] =>
  model.requests.slice(from).map((request) => asJson(encodeRequest(request)));

/** Which fields a request has. Values do not count, but for the type and the keys of the node. */
const shapeOf = (request: Request): unknown => ({
  ...Object.fromEntries(Object.keys(request).map((field) => [field, true])),
  typeUrl: request.typeUrl,
  ...(request.node && {node: Object.keys(request.node), metadata: Object.keys(request.node.metadata ?? {}).toSorted()}),
});

const blamesOf = (request: Request | undefined): readonly Json[] =>
  JSON.parse(request?.errorDetail?.message ?? '[]') as readonly Json[]; // wire contract: a JSON array of objects

const routeTo = (path: string): Manifest => route('r1', [prefixRule(path, 's1')]);

/** What leads to the resources of the recordings: Gateway `gw`, Service `s1`, a Pod behind it, route `r1`. */
const gatewayAndService: readonly Manifest[] = [
  {
    ...gateway('gw', []),
    spec: {gatewayClassName: 'agentgateway', listeners: [http('http', 8080)]},
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {name: 's1', namespace: 'default'},
    spec: {clusterIP: 'None', ports: [{port: 80, targetPort: 8080}]},
  },
];

const sliceOf = (pod: string, port: number): Manifest => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {name: 's1-0', namespace: 'default', labels: {'kubernetes.io/service-name': 's1'}},
  addressType: 'IPv4',
  ports: [{port}],
  endpoints: [{addresses: ['127.0.0.1'], targetRef: {kind: 'Pod', namespace: 'default', name: pod}}],
});

describe.skipIf(!existsSync(folder))('recordings of the real proxy (skipped where they are not at hand)', () => {
  let sluice: Sluice;
  let proxy: Proxy;
  let refused: string | undefined;

  beforeAll(async () => {
    sluice = await startSluice({
      manifests: {
        'gateway.yaml': gatewayAndService,
        'slice.yaml': [sliceOf('w1', 9101)],
        'route.yaml': [routeTo('/')],
      },
      config: {envoy: {manage: false}},
      awaitPorts: [],
    });
    proxy = await connectProxy({
      mode: 'agentgateway',
      xdsPort: sluice.xdsPort,
      gateway: 'gw',
      verdict: (content) => ({bad: refused !== undefined && content.includes(refused)}),
    });
    await eventually(() => expect(proxy.model.ready).toBe(true));
    await proxy.quiet();
  });

  it('the model introduces itself and acknowledges as it did', () => {
    expect(saidBy(proxy).map(shapeOf)).toEqual(recordedRequests('first-connect-small.jsonl', 1).map(shapeOf));
  });

  it('the product serves what was served to it', () => {
    const recorded = recording('first-connect-small.jsonl', 1)
      .flatMap(({message}) => message.resources ?? [])
      .filter(({name}) => name !== ownWorkload);
    const contents = {...proxy.contents(typeUrls.address), ...proxy.contents(typeUrls.resource)};
    expect(Object.keys(contents).toSorted()).toEqual(recorded.map(({name}) => name).toSorted());
    for (const {name, resource} of recorded) {
      const {typeUrl, bytes} = resources.fromProtoJson(resource);
      // Fields beyond those of the recording say what is the default there.
      const wanted = resources.toProtoJson(typeUrl, bytes) as Json; // an object: the Any's fields
      expect(JSON.parse(contents[name] ?? 'null'), name).toMatchObject(wanted);
    }
  });

  it('on a new stream both go on as they did: a Workload gone, one new, a changed Route, and nothing else', async () => {
    proxy.disconnect();
    sluice.write('slice.yaml', [sliceOf('w2', 9101)]);
    sluice.write('route.yaml', [routeTo('/changed')]);
    await eventually(async () => {
      expect(await sluice.admin('/debug/collections/agentgateway-routes')).toContain('/changed');
      expect(await sluice.admin('/debug/collections/agentgateway-workloads')).toContain('w2');
    });
    const [from, first] = [proxy.model.requests.length, proxy.model.messages.length];
    proxy.reconnect();
    await eventually(() => expect(proxy.contents(typeUrls.address)).not.toHaveProperty(['Kubernetes//Pod/default/w1']));
    await proxy.quiet();

    const recorded = recordedRequests('reconnect-with-versions.jsonl', 2);
    expect(saidBy(proxy, from).slice(0, recorded.length).map(shapeOf)).toEqual(recorded.map(shapeOf));
    const answers = proxy.model.messages.slice(first);
    const told = recording('reconnect-with-versions.jsonl', 2).map(({message}) => message);
    expect(answers.flatMap((answer) => answer.resources.map(({name}) => name))).toEqual(
      told.flatMap((message) => message.resources?.map(({name}) => name) ?? []),
    );
    // The product removes in a response of its own, after the additions.
    expect(answers.flatMap(({removed}) => removed)).toEqual(told.flatMap((message) => message.removed_resources ?? []));
  });

  it('the model rejects as it did, and says on the next stream what it has kept', async () => {
    const name = 'route/default/r1.00.http';
    const kept = proxy.model.type(typeUrls.resource).versions.get(name);
    refused = '/refused';
    const from = proxy.model.requests.length;
    sluice.write('route.yaml', [routeTo('/refused')]);
    await eventually(() => expect(proxy.model.requests.length).toBe(from + 1));
    const [nack] = saidBy(proxy, from);
    const recorded = recordedRequests('nack-error.jsonl', 1).find((request) => blamesOf(request)[0]?.['key'] === name);
    expect(nack && shapeOf(nack)).toEqual(recorded && shapeOf(recorded));
    expect(Object.keys(nack?.errorDetail ?? {})).toEqual(Object.keys(recorded?.errorDetail ?? {}));
    expect(blamesOf(nack)).toEqual([{key: name, error: expect.any(String)}]);

    proxy.disconnect();
    const opening = proxy.model.requests.length;
    proxy.reconnect();
    await proxy.quiet();
    const [, ofResources] = saidBy(proxy, opening);
    expect(ofResources?.['initialResourceVersions']).toMatchObject({[name]: kept});
    expect(proxy.model.violations).toEqual([]);
  });
});
