/** What is in deploy/kubernetes, as objects. */
import {readdirSync, readFileSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import {CORE_SCHEMA, load, loadAll} from 'js-yaml';

export const deploy = resolve(import.meta.dirname, '../../deploy');
export const kubernetes = join(deploy, 'kubernetes');

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

export type Kustomization = {
  readonly kind: 'Kustomization' | 'Component';
  readonly resources: readonly string[];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly files: readonly string[];
  }[];
  readonly images?: readonly {readonly name: string; readonly newName: string; readonly newTag: string}[];
};

export const foldersWith = (file: string): readonly string[] =>
  readdirSync(kubernetes, {recursive: true, encoding: 'utf8'})
    .filter((path) => basename(path) === file)
    .map((path) => join(kubernetes, path, '..'))
    .sort();

/** Written by us, and checked by what is done with it. */
export const kustomizationOf = (folder: string): Kustomization =>
  load(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'), {schema: CORE_SCHEMA}) as Kustomization;

export const manifestsOf = (file: string): readonly Manifest[] =>
  loadAll(readFileSync(file, 'utf8'), {schema: CORE_SCHEMA}) as readonly Manifest[];

/** Everything that the kustomization of a folder has in files of its own; what it generates has the name that it is given. */
export function objectsIn(folder: string): readonly Manifest[] {
  const {resources, configMapGenerator = []} = kustomizationOf(folder);
  const files = resources.filter((path) => path.endsWith('.yaml'));
  const generated = configMapGenerator.map(({name, namespace, files: paths}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name, namespace},
    data: Object.fromEntries(paths.map((path) => [basename(path), readFileSync(join(folder, path), 'utf8')])),
  }));
  return [...files.flatMap((file) => manifestsOf(join(folder, file))), ...generated];
}

export const base = join(kubernetes, 'base');

export type Labels = Readonly<Record<string, string>>;

export type Container = {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {readonly fieldRef: {readonly fieldPath: string}};
  }[];
  readonly ports: readonly {readonly name: string; readonly containerPort: number}[];
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly resources: {readonly requests: Labels; readonly limits: Labels};
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly {readonly name: string; readonly mountPath: string; readonly readOnly?: boolean}[];
};
type Probe = {readonly httpGet: {readonly path: string; readonly port: string}};

export type Deployment = Manifest & {
  readonly spec: {
    readonly replicas: number;
    readonly selector: {readonly matchLabels: Labels};
    readonly template: {
      readonly metadata: {readonly labels: Labels; readonly annotations: Labels};
      readonly spec: {
        readonly serviceAccountName: string;
        readonly automountServiceAccountToken: boolean;
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly topologySpreadConstraints: readonly {readonly labelSelector: {readonly matchLabels: Labels}}[];
        readonly containers: readonly [Container];
        readonly volumes: readonly {readonly name: string; readonly configMap: {readonly name: string}}[];
        readonly [field: string]: unknown;
      };
    };
  };
};

export type Role = Manifest & {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
};

/** What a role allows, one thing a line: `list /secrets`, `get /secrets NAME`. */
export const permissionsOf = ({rules}: Role): readonly string[] =>
  rules
    .flatMap(({apiGroups, resources, resourceNames = [''], verbs}) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${group}/${resource} ${name}`.trimEnd())),
        ),
      ),
    )
    .sort();
