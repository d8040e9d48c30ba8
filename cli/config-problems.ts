import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';

export interface ConfigProblem {
  /** Dotted key: server.port. */
  readonly key: string;
  readonly problem: string;
}

interface SchemaNode {
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly description?: string;
}

// Eight by default; a configuration is told of every mistake at once.
Settings.Set({ maxErrors: 1000 });

/** Every mistake of a configuration, one a key, each with what would be right. */
export function configProblems(schema: TSchema, value: unknown): ConfigProblem[] {
  const problems = new Map<string, string>();
  for (const error of Value.Errors(schema, value)) {
    const path = pointerParts(error.instancePath);
    if (error.keyword === 'additionalProperties') {
      for (const name of error.params.additionalProperties) {
        problems.set([...path, name].join('.'), unknownKey(schema as SchemaNode, path, name));
      }
    } else if (error.keyword !== 'boolean') {
      const key = path.join('.');
      // A choice of several forms gives an error a form: say once what the key wants.
      problems.set(
        key,
        problems.has(key) ? wanted(schema as SchemaNode, path) : describe(error, schema as SchemaNode, path),
      );
    }
  }
  return [...problems].map(([key, problem]) => ({ key, problem }));
}

function describe(error: { message: string }, schema: SchemaNode, path: readonly string[]): string {
  const doc = nodeAt(schema, path)?.description;
  return doc === undefined ? error.message : `${error.message} (${doc})`;
}

function wanted(schema: SchemaNode, path: readonly string[]): string {
  const node = nodeAt(schema, path);
  const choices = node?.anyOf?.map((choice) => choice.const) ?? [];
  if (choices.length > 0 && choices.every((choice) => choice !== undefined))
    return `must be one of ${choices.join(', ')}`;
  return `does not fit: ${node?.description ?? 'see docs/configuration.md'}`;
}

function unknownKey(schema: SchemaNode, path: readonly string[], name: string): string {
  const known = Object.keys(nodeAt(schema, path)?.properties ?? {});
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const likely = near !== undefined && near.distance <= Math.max(2, Math.floor(name.length / 3));
  return likely ? `unknown key; did you mean ${near.candidate}?` : `unknown key; known are ${known.join(', ')}`;
}

function nodeAt(schema: SchemaNode, path: readonly string[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, part) => node?.properties?.[part], schema);
}

function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
