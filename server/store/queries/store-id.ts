import { Type } from 'typebox';
import { defineQuery, Text } from '../run-query.ts';

/** What tells this store from any other: two databases never have a table with the same id. */
export const storeId = defineQuery({
  name: 'store-id',
  sql: "SELECT toString(uuid) AS id FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migration'",
  parameters: {},
  row: Type.Object({ id: Text }),
  deadlineMs: 10_000,
  rowsMax: 1,
});
