import { join } from 'node:path';
import { portSlot } from '../../core/catalogue/kinds.ts';
import { decodeMessage } from '../../core/wire/message.ts';
import { writeBlocks } from '../../server/ingest/batch-writer.ts';
import { joinBlocks } from '../../server/ingest/block-joiner.ts';
import type { FileFormat } from '../../server/store/insert-sql.ts';
import { type Bench, columns, deadlineMs, fileInsert, type Rival } from './roads.ts';

/**
 * The engine's work alone: all rows as one file of each form, written beforehand by the engine itself, so that only the
 * insert is timed.
 */
export async function fileForms({ engine, folder, records }: Bench): Promise<Rival[]> {
  const joined = join(folder, 'all.native');
  const blocks = records.flatMap(({ value }) => decodeMessage(value).blocks);
  await writeBlocks(joined, joinBlocks(portSlot, blocks));
  await engine.insertFile({ table: 'port_slot', columns, path: joined }, { deadlineMs });
  await engine.command('CREATE TABLE nowhere AS port_slot ENGINE = Null');
  const file = (format: FileFormat) => join(folder, `rows.${format.toLowerCase()}`);
  for (const format of ['Native', 'RowBinary', 'ArrowStream', 'JSONCompactEachRow', 'JSONEachRow'] as const) {
    // As the wire has them: plain strings.
    const select = columns.map((column) =>
      ['host', 'port', 'counted_in'].includes(column) ? `toString(${column}) AS ${column}` : column,
    );
    const statement = `SELECT ${select.join(', ')} FROM port_slot INTO OUTFILE '${file(format)}' FORMAT ${format}`;
    await engine.command(statement, { deadlineMs });
  }
  await engine.command('TRUNCATE TABLE port_slot');
  await engine.command('TRUNCATE TABLE port_1m');
  const insert = (name: string, format: FileFormat, parallel: boolean, table = 'port_slot'): Rival => ({
    name,
    run: async () => {
      const startedAtMs = performance.now();
      await engine.command(fileInsert({ path: file(format), format, parallel, table }), { deadlineMs });
      return { total: performance.now() - startedAtMs };
    },
  });
  return [
    insert('file: Native', 'Native', false),
    insert('file: RowBinary', 'RowBinary', true),
    insert('file: ArrowStream', 'ArrowStream', true),
    insert('file: JSONCompactEachRow', 'JSONCompactEachRow', true),
    insert('file: JSONEachRow', 'JSONEachRow', true),
    insert('file: JSONEachRow, 1 parser', 'JSONEachRow', false),
    insert('read only: Native', 'Native', false, 'nowhere'),
    insert('read only: JSONEachRow', 'JSONEachRow', true, 'nowhere'),
  ];
}
