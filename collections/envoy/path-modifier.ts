/** ReplaceFullPath and ReplacePrefixMatch of rewrites and redirects (Gateway API v1, HTTPPathModifier). */
import type {envoy} from '../../src/gen/proto/envoy.js';
import type {PathModifier, RouteMatch} from '../gateway/ir.ts';
import {prefixWithoutSlash} from './route-match.ts';

type Regex = envoy.type.matcher.v3.IRegexMatchAndSubstitute;

/** At most one of the two is set; with none the path stays. */
export type PathChange = {readonly prefixRewrite?: string; readonly regexRewrite?: Regex};

/**
 * Replaces the prefix that the match has matched, or the whole path. Whether prefix or replacement end in a slash
 * makes no difference; Envoy's own prefix rewrite is used where its result is right.
 */
export function pathChange(modifier: PathModifier | undefined, path: RouteMatch['path']): PathChange {
  if (modifier === undefined) return {};
  switch (modifier.type) {
    case 'ReplaceFullPath':
      return {regexRewrite: substitution('^/.*$', modifier.value)};
    case 'ReplacePrefixMatch': {
      // Validation allows it beside exactly one prefix match only.
      if (path.type !== 'PathPrefix') return {};
      const prefix = prefixWithoutSlash(path.value);
      const replacement = prefixWithoutSlash(modifier.value);
      if (prefix === '') return replacement === '' ? {} : {prefixRewrite: `${replacement}/`};
      if (replacement !== '') return {prefixRewrite: replacement};
      // Without the prefix, `/prefix/x` would become `//x` and `/prefix` an empty path.
      return {regexRewrite: substitution(`^${quote(prefix)}/*`, '/')};
    }
  }
}

function substitution(regex: string, replacement: string): Regex {
  return {pattern: {regex}, substitution: replacement.replaceAll('\\', '\\\\')};
}

const quote = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
