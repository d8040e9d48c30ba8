import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';
import { bridgesInside, Direction, Place, windowParameters } from './fragments.ts';
import { heldOwners } from './owner-steps.ts';

/**
 * What rules said of the lost packets of a host over a window, by port and cause: rows wholly inside it, the newest word of
 * each; one about another number than the row has now is void. What nobody has said is not in it.
 */
export const ownerSums = defineQuery({
  name: 'owner-sums',
  sql: `SELECT t.port AS port, t.direction AS direction, t.cause AS cause, t.place AS place, sum(t.provider) AS provider,
  sum(t.tenant) AS tenant, sum(t.contract) AS contract
FROM (${heldOwners(`t.host = {host:String} AND t.place != 'filtered' AND ${bridgesInside}`)}) AS t
GROUP BY port, direction, cause, place
HAVING provider + tenant + contract > 0
ORDER BY port, toUInt8(direction), cause, place`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({
    port: Text,
    direction: Direction,
    cause: Text,
    place: Place,
    provider: UInt64,
    tenant: UInt64,
    contract: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 50_000,
});
