/** What extensions can import of Sluice. package.json has the same under `exports`, for editors and for programs. */
import * as krt from '../krt/index.ts';
import * as agentgateway from '../published/agentgateway.ts';
import * as api from '../published/api.ts';
import * as collections from '../published/collections.ts';
import * as envoy from '../published/envoy.ts';

const published: Readonly<Record<string, object>> = {
  'sluice/krt': krt,
  'sluice/collections': collections,
  'sluice/api': api,
  'sluice/envoy': envoy,
  'sluice/agentgateway': agentgateway,
};

export const publishedNames: readonly string[] = Object.keys(published);

/** The modules by the name under which they are imported. To use what they do not have is an error that says so. */
export function publishedModules(): Record<string, unknown> {
  return Object.fromEntries(Object.entries(published).map(([name, module]) => [name, guarded(name, module)]));
}

/** What is there is found at no cost, since the guard stands behind the exports, as their prototype. */
function guarded(name: string, module: object): object {
  const guard = new Proxy(Object.create(null), {
    get(_target, property) {
      // Asked for by `await`, and by the loader.
      if (typeof property === 'symbol' || property === 'then') return undefined;
      throw new ReferenceError(`${name} has no export ${property}; it has ${Object.keys(module).sort().join(', ')}`);
    },
  });
  const exports: object = Object.create(guard);
  // Tells the loader that this is a module as it is, and has no default export.
  return Object.assign(exports, module, {__esModule: true});
}
