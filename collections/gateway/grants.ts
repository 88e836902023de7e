import {objectKey} from '../../src/api/object.ts';
import {namespaceOf, type ReferenceFrom, type ReferenceTo} from '../../src/api/refs.ts';
import {type Context, derive, index} from '../../src/krt/index.ts';
import {referenceGrants} from '../inputs.ts';

/** One (from, to) pair of a ReferenceGrant. Key: `namespace/name/from/to` (indexes). */
export type GrantRow = {
  readonly key: string;
  readonly from: ReferenceFrom;
  /** Without a name: everything of that kind in the namespace. */
  readonly to: Omit<ReferenceTo, 'name'> & {readonly name?: string};
};

/** ReferenceGrants, taken apart. */
export const grants = derive('grants', {
  from: referenceGrants,
  rows: (_ctx, grant): readonly GrantRow[] =>
    grant.spec.from.flatMap((from, i) =>
      grant.spec.to.map((to, j) => ({
        key: `${objectKey(grant)}/${i}/${j}`,
        from,
        to: {...to, namespace: namespaceOf(grant)},
      })),
    ),
});

const pair = (from: ReferenceFrom, to: GrantRow['to']): string =>
  `${from.group}/${from.kind}/${from.namespace}>${to.group}/${to.kind}/${to.namespace}/${to.name ?? '*'}`;

/** Grants by who may refer to what; `*` stands for any name, which no object can have. */
export const grantsByPair = index(grants, 'pair', ({from, to}) => pair(from, to));

/**
 * Whether an object may refer to another: in its own namespace always, elsewhere where a ReferenceGrant of that
 * namespace says so (Gateway API v1, ReferenceGrant).
 */
export function granted(ctx: Context, {from, to}: {readonly from: ReferenceFrom; readonly to: ReferenceTo}): boolean {
  if (from.namespace === to.namespace) return true;
  const {name: _, ...anyName} = to;
  return ctx.exists(grantsByPair, pair(from, to)) || ctx.exists(grantsByPair, pair(from, anyName));
}
