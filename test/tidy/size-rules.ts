import type { Finding, Node, SourceFile } from './source-file.ts';
import { childOf, textOf } from './source-file.ts';

const fileLinesMax = 400;
const functionLinesMax = 70;
/** Without the list of errors, which is as long as what can go wrong. */
export const coreLinesMax = 2880;

/** A list may be as long as what it lists; anything else here has a reason and shall shrink. */
export type Exceptions = Readonly<Record<string, string>>;

export function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

export function longFiles(file: SourceFile, exceptions: Exceptions): Finding[] {
  const lines = linesOf(file.text);
  if (lines <= fileLinesMax || file.path in exceptions) return [];
  return [{ path: file.path, line: 1, what: `${lines} lines; ${fileLinesMax} is where to split` }];
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
/** A describe block is a list of tests, not a function with a purpose; so is a function that declares a suite. */
const suiteCalls = /^(describe|suite)$/;
const testCalls = /^(describe|suite|test|it)$/;

export function longFunctions(file: SourceFile, exceptions: Exceptions): Finding[] {
  const lists = new Set(file.nodes.filter((node) => isCallOf(node, suiteCalls)).flatMap((call) => argumentsOf(call)));
  return file.nodes.flatMap((node) => {
    if (!functionTypes.has(node.type) || lists.has(node) || isListOnly(node)) return [];
    const lines = file.lineOf(node.end) - file.lineOf(node.start) + 1;
    const name = `${file.path}#${nameOf(file, node)}`;
    if (lines <= functionLinesMax || name in exceptions) return [];
    return [
      {
        path: file.path,
        line: file.lineOf(node.start),
        what: `${name} has ${lines} lines; ${functionLinesMax} is where to split`,
      },
    ];
  });
}

/** `return [ … ]` and nothing else (the columns of a table), or a suite of tests that several files run. */
function isListOnly(node: Node): boolean {
  const body = childOf(node, 'body');
  if (body?.type === 'ArrayExpression') return true;
  const statements: unknown = body?.['body'];
  if (!Array.isArray(statements)) return false;
  const [only]: Node[] = statements;
  if (statements.length === 1 && only?.type === 'ReturnStatement')
    return childOf(only, 'argument')?.type === 'ArrayExpression';
  return statements.some((statement: Node) => isCallOf(childOf(statement, 'expression'), testCalls));
}

function argumentsOf(call: Node): Node[] {
  const args = call['arguments'];
  return Array.isArray(args) ? args : [];
}

/** `describe(…)`, and also `describe.each(…)(…)` or `describe.skipIf(…)(…)`. */
function isCallOf(node: Node | undefined, names: RegExp): boolean {
  if (node?.type !== 'CallExpression') return false;
  let callee = childOf(node, 'callee');
  while (callee?.type === 'CallExpression' || callee?.type === 'MemberExpression') {
    callee = childOf(callee, callee.type === 'CallExpression' ? 'callee' : 'object');
  }
  return names.test(textOf(callee, 'name'));
}

/** The function's own name, or that of the variable, property or method that holds it. */
function nameOf(file: SourceFile, node: Node): string {
  const own = textOf(childOf(node, 'id'), 'name');
  if (own !== '') return own;
  const holder = file.nodes.find((other) => childOf(other, 'init') === node || childOf(other, 'value') === node);
  const key = holder && (childOf(holder, 'id') ?? childOf(holder, 'key'));
  return textOf(key, 'name') || 'anonymous';
}
