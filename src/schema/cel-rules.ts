/**
 * The CEL rules of a structural schema as a tree of checks that visits only what is there and has rules at or below
 * it. Rules are planned when the first value arrives, verdicts are cached by what the rule reads of the value.
 */
import {isCelError, parse, plan} from '@bufbuild/cel';
import {celEnvironment} from './cel-env.ts';
import {addReads, noReads, readsText} from './cel-reads.ts';
import {toCel} from './cel-values.ts';
import {isRecord} from './record.ts';
import type {CelRule, CrdNode} from './structural.ts';
import type {Path, Violation} from './violation.ts';

/** Appends what is violated. `path` is where `value` stands; it is changed during the call and restored. */
export type RuleCheck = (value: unknown, path: (string | number)[], found: Violation[]) => void;

/** Verdicts kept per schema node; longer texts are not worth keeping. */
const MAX_VERDICTS = 4096;
const MAX_TEXT = 2048;

/** The check of a schema node, undefined where no rule stands at or below it. */
export function ruleCheck(node: CrdNode): RuleCheck | undefined {
  if (!hasRules(node)) return undefined;
  let made: RuleCheck | undefined;
  return (value, path, found) => {
    made ??= makeCheck(node);
    made(value, path, found);
  };
}

function makeCheck(node: CrdNode): RuleCheck {
  const own = ownCheck(node);
  const properties = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const check = ruleCheck(child);
    return check === undefined ? [] : [{name, check}];
  });
  const items = node.items === undefined ? undefined : ruleCheck(node.items);
  const {additionalProperties} = node;
  const values = typeof additionalProperties === 'object' ? ruleCheck(additionalProperties) : undefined;

  return (value, path, found) => {
    own?.(value, path, found);
    const visit = (key: string | number, child: unknown, check: RuleCheck): void => {
      if (child === undefined) return;
      path.push(key);
      check(child, path, found);
      path.pop();
    };
    if (Array.isArray(value)) {
      if (items !== undefined) value.forEach((item, index) => visit(index, item, items));
    } else if (isRecord(value)) {
      for (const {name, check} of properties) visit(name, value[name], check);
      if (values !== undefined) for (const [key, child] of Object.entries(value)) visit(key, child, values);
    }
  };
}

/** The rules at the node itself. */
function ownCheck(node: CrdNode): RuleCheck | undefined {
  const rules = rulesAt(node).map((rule) => ({rule, fails: planned(rule)}));
  if (rules.length === 0) return undefined;
  const reads = noReads();
  for (const {fails} of rules) {
    if (fails.expr !== undefined) addReads(fails.expr, reads);
  }
  const text = readsText(reads);
  const convert = toCel(node);
  const verdicts = new Map<string, readonly CelRule[]>();

  const failing = (value: unknown): readonly CelRule[] => {
    const self = convert(value);
    return rules.filter(({fails}) => fails.test(self)).map(({rule}) => rule);
  };
  return (value, path, found) => {
    const key = text(value);
    let verdict = verdicts.get(key);
    if (verdict === undefined) {
      verdict = failing(value);
      if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
      if (key.length <= MAX_TEXT) verdicts.set(key, verdict);
    }
    for (const rule of verdict)
      found.push({path: rulePath(path, rule), message: rule.message ?? `failed rule: ${rule.rule}`});
  };
}

/** `fieldPath` moves the report to a child: `.name`. */
function rulePath(path: Path, rule: CelRule): Path {
  const names = rule.fieldPath?.split('.').filter((name) => name !== '') ?? [];
  return [...path, ...names];
}

/** Rules that compare with the former object (`oldSelf`) say nothing about an object alone. */
function rulesAt(node: CrdNode): readonly CelRule[] {
  return (node['x-kubernetes-validations'] ?? []).filter(({rule}) => !/\boldSelf\b/.test(rule));
}

function hasRules(node: CrdNode): boolean {
  if (rulesAt(node).length > 0) return true;
  const {additionalProperties, items, properties} = node;
  if (items !== undefined && hasRules(items)) return true;
  if (typeof additionalProperties === 'object' && hasRules(additionalProperties)) return true;
  return Object.values(properties ?? {}).some(hasRules);
}

type Planned = {
  readonly expr: ReturnType<typeof parse>['expr'];
  readonly test: (self: ReturnType<typeof convertAny>) => boolean;
};
const convertAny = toCel(undefined);

const plans = new Map<string, Planned>();

/** A rule fails if it says anything but true; an error inside it is a failure too, as in an API server. */
function planned({rule}: CelRule): Planned {
  const known = plans.get(rule);
  if (known !== undefined) return known;
  const parsed = parse(rule);
  const evaluate = plan(celEnvironment, parsed);
  const made: Planned = {
    expr: parsed.expr,
    test: (self) => {
      const result = evaluate({self});
      return isCelError(result) || result !== true;
    },
  };
  plans.set(rule, made);
  return made;
}
