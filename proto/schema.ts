/** Loads .proto files: our own from proto/, Envoy's from the package @grpc/grpc-js-xds. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import protobuf from 'protobufjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const dependencies = join(here, '../node_modules/@grpc/grpc-js-xds/deps');
const includes = [here, ...['envoy-api', 'xds', 'googleapis'].map((name) => join(dependencies, name))];

/** Files that only declare options (validation rules, annotations): the wire knows nothing of them. */
const optionFiles = [
  'google/protobuf/descriptor.proto',
  'validate/',
  'envoy/annotations/',
  'udpa/annotations/',
  'xds/annotations/',
];

/** The files and all they import, unresolved. Throws where one is in none of the include folders. */
export function loadSchema(files: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, path) => {
    if (optionFiles.some((prefix) => path.startsWith(prefix))) return null;
    // protobufjs brings the well-known types itself.
    if (path.startsWith('google/protobuf/')) return path;
    const found = includes.map((folder) => join(folder, path)).find((candidate) => existsSync(candidate));
    if (found === undefined) throw new Error(`${path}: in none of ${includes.join(', ')}`);
    return found;
  };
  return root.loadSync([...files]);
}
