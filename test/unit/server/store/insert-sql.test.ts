import { describe, expect, test } from 'vitest';
import { exactlyOnceSettings, insertBytesSql, insertFileSql } from '../../../../server/store/insert-sql.ts';

const insert = { table: 'tick', columns: ['host', 'slot'], path: "/data/it's.native", token: 'log-a:0:1-2:tick:f' };

/** Names and values of the SETTINGS clause. */
function settingsOf(sql: string): Record<string, string> {
  const clause = / SETTINGS (.*) FORMAT Native$/.exec(sql)?.[1] ?? '';
  return Object.fromEntries(clause.split(', ').map((setting) => setting.split(' = ') as [string, string]));
}

describe('an insert', () => {
  test('says the same whether the engine opens the file or is sent its bytes', () => {
    const file = insertFileSql(insert);
    expect(file).toMatch(/^INSERT INTO tick \(host, slot\) FROM INFILE '\/data\/it\\'s\.native' SETTINGS /);
    expect(insertBytesSql(insert)).toBe(file.replace(/FROM INFILE '.*native' /, ''));
  });

  test('has its token and all that the token needs in its own SETTINGS clause', () => {
    const settings = settingsOf(insertBytesSql(insert));
    expect(settings).toMatchObject({
      insert_deduplication_token: "'log-a:0:1-2:tick:f'",
      ...{ insert_deduplicate: '1', deduplicate_blocks_in_dependent_materialized_views: '1' },
      // On by default in servers of today: they would make blocks of their own, which the token does not name.
      async_insert: '0',
    });
    expect(Object.keys(settings)).toEqual(exactlyOnceSettings);
  });

  test('without a token gets one that no other insert has', () => {
    const { token: _, ...untold } = insert;
    const tokens = [1, 2, 3].map(() => settingsOf(insertBytesSql(untold))['insert_deduplication_token']);
    expect(new Set(tokens).size).toBe(3);
  });

  test.each([
    { ...insert, table: 'tick; DROP' },
    { ...insert, columns: ['a b'] },
    { ...insert, token: "x' , a = 'b" },
  ])('is refused when a name or token is not plain', (wrong) => {
    for (const sql of [insertFileSql, insertBytesSql]) expect(() => sql(wrong)).toThrow();
  });
});
