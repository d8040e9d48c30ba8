import { isPure } from './import-rules.ts';
import { childOf, dottedName, type Finding, type Node, type SourceFile, textOf } from './source-file.ts';

function finding(file: SourceFile, node: Node, what: string): Finding {
  return { path: file.path, line: file.lineOf(node.start), what };
}

const impureNames =
  /^(Date\.now|Math\.random|performance\.|process\.|globalThis\.process|crypto\.|localStorage|fetch$)/;

/** Pure code has no clock, no chance and no process; `new Date(ns)` is arithmetic, `new Date()` is a clock. */
export function pureCalls(file: SourceFile): Finding[] {
  if (!isPure(file.path)) return [];
  return file.nodes.flatMap((node) => {
    if (node.type === 'NewExpression' && dottedName(childOf(node, 'callee')) === 'Date') {
      const args = node['arguments'];
      return Array.isArray(args) && args.length === 0 ? [finding(file, node, 'pure code must not read the clock')] : [];
    }
    if (node.type !== 'MemberExpression' && node.type !== 'CallExpression') return [];
    const name = dottedName(node.type === 'CallExpression' ? childOf(node, 'callee') : node);
    return name !== undefined && impureNames.test(name) ? [finding(file, node, `pure code must not use ${name}`)] : [];
  });
}

/** The only places that touch the process itself; everything else is handed what it needs. */
const processOwners =
  /^(cli\/|setup\/|setup\.mjs|bin\/|test\/|bench\/|[^/]+\.config\.ts$|server\/store\/embedded\/child\.ts$|native\/[^/]+\.mjs$)|\/(main|config)\.ts$/;
const processEffects = /^process\.(env|exit|exitCode|on|once)$/;

export function processEffectsOutside(file: SourceFile): Finding[] {
  if (processOwners.test(file.path)) return [];
  return file.nodes
    .filter((node) => node.type === 'MemberExpression' && processEffects.test(dottedName(node) ?? ''))
    .map((node) => finding(file, node, `${dottedName(node)} belongs into cli/ or a main.ts`));
}

const sqlOwners = /^(server\/(store|control)|bench|test)\//;
const sqlText = /\b(SELECT\s|INSERT\s+INTO\s|CREATE\s+(TABLE|MATERIALIZED|DATABASE)\s|ALTER\s+TABLE\s)/;

export function sqlOutsideStore(file: SourceFile): Finding[] {
  if (sqlOwners.test(file.path)) return [];
  return file.nodes
    .filter((node) => {
      if (node.type === 'Literal') return sqlText.test(textOf(node, 'value'));
      return node.type === 'TemplateElement' && sqlText.test(file.text.slice(node.start, node.end));
    })
    .map((node) => finding(file, node, 'SQL belongs into server/store/ or server/control/'));
}

const defaultExportOwners = /^[^/]+\.config\.ts$|^web\/[^/]+\.config\.ts$/;

export function defaultExports(file: SourceFile): Finding[] {
  if (defaultExportOwners.test(file.path)) return [];
  return file.nodes
    .filter((node) => node.type === 'ExportDefaultDeclaration')
    .map((node) => finding(file, node, 'export by name'));
}

/** The explicit lists; each is one line a member. */
const listFiles = /^(collector\/sources|alerts\/channels|server\/remediation\/actions)\/index\.ts$/;

export function barrels(file: SourceFile): Finding[] {
  if (listFiles.test(file.path)) return [];
  const name = file.path.split('/').at(-1) ?? '';
  if (/^index\.(ts|tsx|mjs)$/.test(name))
    return [{ path: file.path, line: 1, what: 'name the file after what it holds' }];
  return file.nodes
    .filter((node) => node.type === 'ExportAllDeclaration')
    .map((node) => finding(file, node, 'import from the file that has it instead of passing it on'));
}

const textDecisions = new Set(['includes', 'match', 'startsWith', 'endsWith', 'search', 'indexOf']);

/** Messages are for people and change; decide on code or retryable. */
export function decisionsOnMessages(file: SourceFile): Finding[] {
  return file.nodes
    .filter((node) => isMessageDecision(node))
    .map((node) => finding(file, node, 'decide on a code, not on a message'));
}

function isMessageDecision(node: Node): boolean {
  if (node.type === 'BinaryExpression' && /^[!=]==?$/.test(textOf(node, 'operator'))) {
    return isErrorMessage(childOf(node, 'left')) || isErrorMessage(childOf(node, 'right'));
  }
  if (node.type !== 'CallExpression') return false;
  const callee = childOf(node, 'callee');
  if (callee?.type !== 'MemberExpression') return false;
  const method = textOf(childOf(callee, 'property'), 'name');
  if (textDecisions.has(method)) return isErrorMessage(childOf(callee, 'object'));
  const args = node['arguments'];
  return method === 'test' && Array.isArray(args) && isErrorMessage(args[0]);
}

/** `error.message`, `err.message`, `cause.message`, `lastError?.message`: whatever is called an error. */
function isErrorMessage(node: Node | undefined): boolean {
  const name = dottedName(node) ?? '';
  return /(^|\.)(e|err|error|cause|reason|failure|[a-zA-Z]+Error)\.message$/.test(name);
}
