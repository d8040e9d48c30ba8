import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';

/** What is known of a host now: the last value of each fact, those that are gone left out. `atMs`: ms since 1970. */
export const latestFacts = defineQuery({
  name: 'latest-facts',
  sql: `SELECT name, argMax(t.value, t.at) AS value, argMax(t.witness, t.at) AS witness,
  toUInt64(toUnixTimestamp64Milli(max(t.at))) AS atMs
FROM host_fact AS t
WHERE t.host = {host:String}
GROUP BY name
HAVING value != ''
ORDER BY name
LIMIT 5000`,
  parameters: { host: 'String' },
  row: Type.Object({ name: Text, value: Text, witness: Text, atMs: UInt64 }),
  deadlineMs: 5_000,
  rowsMax: 5_000,
});
