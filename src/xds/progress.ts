import type {ClientProgress, Difference} from './api.ts';
import type {ClientState} from './client-state.ts';
import type {Scope} from './store.ts';
import type {TypeState} from './type-state.ts';

type Progress = ClientProgress['types'];

/** What a client has, compared with what it is to have. */
export const progressOf = ({scope, types}: ClientState): Progress => types.map((state) => ofType(scope, state));

function ofType(scope: Scope, state: TypeState): Progress[number] {
  const {type, known, subscription} = state;
  const differences: Difference[] = [];
  let current = 0;
  const look = (name: string): void => {
    const wanted = scope.get(type, name)?.stamp.version;
    const {acked, sent, alive = false} = known.get(name) ?? {};
    if (wanted !== undefined && alive && acked?.version === wanted && sent === undefined) {
      current += 1;
      return;
    }
    differences.push({
      name,
      ...(wanted !== undefined && {wanted}),
      ...(acked !== undefined && {acknowledged: acked.version}),
      ...(sent !== undefined && {sent: sent.version}),
      rejected: wanted !== undefined && state.rejected.get(name) === wanted,
    });
  };
  const all = scope.all(type);
  for (const name of all.keys()) if (subscription.covers(name)) look(name);
  for (const name of known.names()) if (!all.has(name)) look(name);
  return {type, current, differences: differences.sort((a, b) => (a.name < b.name ? -1 : 1))};
}
