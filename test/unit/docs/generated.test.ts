import { describe, expect, it } from 'vitest';
import { ConfigSchema } from '../../../cli/config.ts';
import { columnSqlName, columnType } from '../../../core/catalogue/columns.ts';
import { kinds } from '../../../core/catalogue/kinds.ts';

/**
 * Documents made from schemas. A difference is mended by `npx vitest run --project unit test/unit/docs -u`, and read before
 * it is committed.
 */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly SchemaNode[];
  readonly const?: unknown;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function allowed(node: SchemaNode): string {
  if (node.anyOf !== undefined)
    return node.anyOf.map((form) => (form.const === undefined ? allowed(form) : String(form.const))).join(', ');
  if (node.minimum !== undefined) return `${node.minimum} to ${node.maximum}`;
  return node.type === 'array' ? 'list' : (node.type ?? '');
}

function configRows(node: SchemaNode, path: readonly string[]): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, part]) => {
    const key = [...path, name];
    if (part.properties !== undefined) return configRows(part, key);
    // The default of collector.host is the machine's own name: not for a document.
    const standard = key.join('.') === 'collector.host' ? 'host name' : (JSON.stringify(part.default) ?? 'none');
    return [row(`\`${key.join('.')}\``, allowed(part), standard, part.description ?? '')];
  });
}

describe('documents made from schemas', () => {
  it('docs/configuration.md', async () => {
    const text = [
      '# Configuration',
      '',
      'One YAML file, given with `--config` or `FOURNINES_CONFIG`. Every key but some of `bus.kafka` has a default; unknown keys',
      'are refused. What the command line says (`--data`, `--port`) and the environment (`FOURNINES_DATA`, `FOURNINES_PORT`) goes',
      'over the file. `fournines config print` shows what is in effect.',
      '',
      row('key', 'allowed', 'default', 'meaning'),
      row('---', '---', '---', '---'),
      ...configRows(ConfigSchema as SchemaNode, []),
      '',
    ].join('\n');
    await expect(text).toMatchFileSnapshot('../../../docs/configuration.md');
  });

  it('docs/kinds.md', async () => {
    const text = [
      '# Kinds of rows',
      '',
      'What a host sends and the store keeps: one table a kind. A counter `x` has its increment over the row in `x_inc`, NULL',
      'exactly when the state is unknown.',
      ...kinds.flatMap((kind) => [
        '',
        `## ${kind.name}`,
        '',
        kind.doc,
        '',
        row('column', 'type', 'meaning'),
        row('---', '---', '---'),
        ...kind.columns.map((column) => row(`\`${columnSqlName(column)}\``, columnType(column), column.doc)),
      ]),
      '',
    ].join('\n');
    await expect(text).toMatchFileSnapshot('../../../docs/kinds.md');
  });
});
