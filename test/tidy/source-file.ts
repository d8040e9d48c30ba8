import { parseSync } from 'vite';

/** A node of the syntax tree; its other fields depend on the type and are asked for by name. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** In source order, parents first. */
  readonly nodes: readonly Node[];
  lineOf(offset: number): number;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The child node in a field, or undefined. */
export function childOf(node: Node, field: string): Node | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** A text field such as the name of an identifier, or ''. */
export function textOf(node: Node | undefined, field: string): string {
  const value = node?.[field];
  return typeof value === 'string' ? value : '';
}

function collect(value: unknown, into: Node[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into);
    return;
  }
  if (!isNode(value)) return;
  into.push(value);
  for (const field of Object.values(value)) if (typeof field === 'object') collect(field, into);
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}

const importTypes = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function isTypeOnly(node: Node): boolean {
  return node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type';
}

/** Parses one file. Code that does not parse is the type checker's matter, but is never taken as free of findings. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const nodes: Node[] = [];
  collect(program, nodes);
  const lineOf = lineCounter(text);
  const imports = nodes
    .filter((node) => importTypes.has(node.type))
    .flatMap((node) => {
      const source = childOf(node, 'source') ?? childOf(node, 'argument');
      const specifier = textOf(source, 'value');
      return specifier === '' ? [] : [{ specifier, isTypeOnly: isTypeOnly(node), line: lineOf(node.start) }];
    });
  return { path, text, imports, nodes, lineOf };
}

/** `a.b.c` for member expressions over names, `new X` apart; undefined for anything computed. */
export function dottedName(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'Identifier') return textOf(node, 'name');
  if (node.type === 'MetaProperty') return 'import.meta';
  if (node.type === 'ChainExpression') return dottedName(childOf(node, 'expression'));
  if (node.type !== 'MemberExpression') return undefined;
  const object = dottedName(childOf(node, 'object'));
  const property = childOf(node, 'property');
  const name = node['computed'] === true ? textOf(property, 'value') : textOf(property, 'name');
  return object === undefined || name === '' ? undefined : `${object}.${name}`;
}
