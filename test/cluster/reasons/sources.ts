/** The reasons that collections give, found in their sources. */
import {readFileSync, readdirSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseAst} from 'vitest/node';

/** A place that gives a reason. */
export type Place = {
  /** Relative to collections. */
  readonly file: string;
  readonly reason: string;
};

const root = resolve(import.meta.dirname, '../../..');
const folders = ['gateway', 'status', 'infra'];

type Node = {readonly type: string; readonly [field: string]: unknown};
/** Of each function, which of its parameters are reasons. */
type Givers = Map<string, readonly number[]>;

/** `node.type` is what ESTree calls it. */
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const childrenOf = (node: Node): readonly Node[] => Object.values(node).flat().filter(isNode);

const nameOf = (node: unknown): string | undefined => {
  if (!isNode(node)) return undefined;
  if (node.type === 'AssignmentPattern') return nameOf(node['left']);
  return node.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
};

const isReasonName = (name: string | undefined): boolean => name?.startsWith('reason') === true;

/** In order, with what is nested. */
function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* walk(child);
}

function giversIn(program: Node): Givers {
  const givers: Givers = new Map();
  const note = (name: string | undefined, made: unknown): void => {
    if (name === undefined || !isNode(made) || !Array.isArray(made['params'])) return;
    const at = made['params'].flatMap((parameter: unknown, i) => (isReasonName(nameOf(parameter)) ? [i] : []));
    if (at.length > 0) givers.set(name, at);
  };
  for (const node of walk(program)) {
    if (node.type === 'FunctionDeclaration') note(nameOf(node['id']), node);
    if (node.type === 'VariableDeclarator') note(nameOf(node['id']), node['init']);
  }
  return givers;
}

/** Texts that an expression can be; a name or a field is given by somebody else. */
function textsOf(expression: unknown): readonly string[] {
  if (!isNode(expression)) return [];
  switch (expression.type) {
    case 'Literal':
      return typeof expression['value'] === 'string' ? [expression['value']] : [];
    case 'ConditionalExpression':
      return [...textsOf(expression['consequent']), ...textsOf(expression['alternate'])];
    case 'LogicalExpression':
      return [...textsOf(expression['left']), ...textsOf(expression['right'])];
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return textsOf(expression['expression']);
    case 'Identifier':
    case 'MemberExpression':
      return [];
    default:
      throw new Error(`a reason is no text: ${expression.type}`);
  }
}

function reasonsIn(program: Node, givers: Givers): readonly string[] {
  return [...walk(program)].flatMap((node): readonly string[] => {
    switch (node.type) {
      case 'Property':
        return isReasonName(nameOf(node['key'])) && !isPattern(node['value']) ? textsOf(node['value']) : [];
      case 'VariableDeclarator':
        return isReasonName(nameOf(node['id'])) ? textsOf(node['init']) : [];
      case 'CallExpression': {
        const given = node['arguments'];
        const at = givers.get(nameOf(node['callee']) ?? '') ?? [];
        return Array.isArray(given) ? at.flatMap((i) => textsOf(given[i])) : [];
      }
      default:
        return [];
    }
  });
}

/** `{reason = 'x'}` of what is taken apart. */
const isPattern = (value: unknown): boolean => isNode(value) && value.type.endsWith('Pattern');

const parsed = (text: string): Node => {
  const program: unknown = parseAst(text, {lang: 'ts'});
  if (!isNode(program)) throw new Error('this is no program');
  return program;
};

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Reasons in the text of a module, those that it gives again included; `others`: what it gets from other modules. */
export function reasonsOf(file: string, text: string, others: Givers = new Map()): readonly string[] {
  const program = parsed(text);
  try {
    return reasonsIn(program, new Map([...others, ...giversIn(program)]));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, {cause: error});
  }
}

/** All places. */
export function places(): readonly Place[] {
  const conditions = giversIn(parsed(textOf('src/api/conditions.ts')));
  return folders
    .flatMap((folder) => readdirSync(join(root, 'collections', folder)).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => reasonsOf(file, textOf(`collections/${file}`), conditions).map((reason) => ({file, reason})));
}
