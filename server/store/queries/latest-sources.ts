import { Type } from 'typebox';
import { sourceStates } from '../../../core/catalogue/kinds.ts';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { instant } from './fragments.ts';

/** The last row of each source of a host since `from`. */
export const latestSources = defineQuery({
  name: 'latest-sources',
  sql: `SELECT t.source AS source, toUnixTimestamp(t.slot) AS at, t.state AS state, t.duration_ns AS durationNs,
  t.rows AS rows, t.errors AS errors, t.code AS code
FROM source_slot AS t
WHERE t.host = {host:String} AND t.slot >= ${instant('from')}
ORDER BY t.source, t.slot DESC
LIMIT 1 BY t.source
LIMIT 1000`,
  parameters: { host: 'String', from: 'UInt32' },
  row: Type.Object({
    source: Text,
    at: UInt32,
    state: Type.Union(sourceStates.map((state) => Type.Literal(state))),
    durationNs: UInt64,
    rows: UInt32,
    errors: UInt64,
    code: Text,
  }),
  deadlineMs: 5_000,
  rowsMax: 1_000,
});
