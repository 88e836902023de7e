import {gateways} from '../../collections/inputs.ts';
import {formatProblem} from '../api/problem.ts';
import {decodeResource} from '../decoder.ts';
import type {StatusDocument} from '../status/status-document.ts';
import {parentKey} from './parent-ref.ts';
import {CommandFailed} from './failure.ts';
import {type Offline, type OfflineOptions, readOffline, statusDocuments} from './offline.ts';
import {jsonLists, print, yamlLists} from './print.ts';

export type TranslateOptions = OfflineOptions & {readonly gateway?: string; readonly output: string};

/** A resource as it is printed. `resource` is the message as protobuf JSON, as a proxy would get it, keys included. */
export type PrintedResource = {
  readonly scope: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly resource: unknown;
};

/** Manifests in, resources and statuses out. What is wrong with manifests is part of the output, and told on stderr. */
export async function translate({gateway, output, ...options}: TranslateOptions): Promise<void> {
  const offline = await readOffline(options);
  if (gateway !== undefined) mustExist(offline, gateway);
  const lists = {
    resources: printedResources(offline, gateway),
    statuses: statusDocuments(offline).filter((document) => gateway === undefined || concerns(document, gateway)),
    problems: offline.problems,
  };
  await print(output === 'json' ? jsonLists(lists) : yamlLists(lists));
  for (const problem of offline.problems) process.stderr.write(`${formatProblem(problem)}\n`);
}

export function* printedResources({graph, outputs}: Offline, gateway?: string): Generator<PrintedResource> {
  for (const {scope, type, name, version, bytes} of graph.list(outputs.resources)) {
    // `<dialect>/<namespace>/<gateway>`
    if (gateway !== undefined && scope.slice(scope.indexOf('/') + 1) !== gateway) continue;
    yield {scope, type, name, version, resource: decodeResource(type, bytes)};
  }
}

/** The Gateway itself, and routes that name it as a parent. */
function concerns({kind, metadata, status}: StatusDocument, gateway: string): boolean {
  if (kind === 'Gateway') return `${metadata.namespace}/${metadata.name}` === gateway;
  return (status.parents ?? []).some(({parentRef}) => parentKey(parentRef, metadata.namespace ?? '') === gateway);
}

function mustExist({graph, outputs: {infra}}: Offline, gateway: string): void {
  if (graph.get(infra, gateway) !== undefined) return;
  if (graph.get(gateways, gateway) !== undefined) {
    throw new CommandFailed(`Gateway ${gateway} is of a class that is not managed here`);
  }
  const names = graph.list(infra).map(({key}) => `  ${key}`);
  throw new CommandFailed(
    names.length === 0
      ? `there is no Gateway ${gateway}`
      : `there is no Gateway ${gateway}; there are\n${names.join('\n')}`,
  );
}
