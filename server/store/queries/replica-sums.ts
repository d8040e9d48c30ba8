import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { datapathParameters, inDatapathPage } from './datapath-page.ts';
import { instant, windowParameters } from './fragments.ts';

const known = "t.state != 'unknown' AND t.suspect = 0";
const inside = `${known} AND toUnixTimestamp(t.slot) >= {from:UInt32} AND toUnixTimestamp(t.slot) + t.slots <= {to:UInt32}`;

/**
 * Copies and taken packets of datapaths over the rows wholly inside a window. `uncertain` is summed over all rows that
 * touch it; `unbounded` counts those that give no bound. `toldFrom` to `toldTo` is what those rows reach over, `told` how many
 * slots they cover.
 */
export const replicaSums = defineQuery({
  name: 'replica-sums',
  sql: `SELECT t.host AS host, t.datapath AS datapath, countIf(${inside}) AS known,
  sumIf(assumeNotNull(t.copies_inc), ${inside}) AS copies, sumIf(assumeNotNull(t.consumed_inc), ${inside}) AS consumed,
  sumIf(assumeNotNull(t.uncertain), ${known} AND isNotNull(t.uncertain)) AS uncertain,
  countIf(NOT (${known}) OR isNull(t.uncertain)) AS unbounded,
  toUnixTimestamp(min(t.slot)) AS toldFrom, toUInt32(max(toUnixTimestamp(t.slot) + t.slots)) AS toldTo, sum(t.slots) AS told
FROM replica_slot AS t
WHERE t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32} AND ${inDatapathPage('datapath')}
GROUP BY host, datapath
ORDER BY host, datapath
LIMIT 1001`,
  parameters: { ...windowParameters, ...datapathParameters },
  row: Type.Object({
    host: Text,
    datapath: Text,
    known: UInt64,
    copies: UInt64,
    consumed: UInt64,
    uncertain: UInt64,
    unbounded: UInt64,
    toldFrom: UInt32,
    toldTo: UInt32,
    told: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 1_001,
});
