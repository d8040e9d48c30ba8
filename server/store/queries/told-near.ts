import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { datapathParameters, inDatapathPage } from './datapath-page.ts';
import { instant, windowParameters } from './fragments.ts';
import { ofDatapath } from './inside-sums.ts';

const rowsMax = 60_000;
/** Instants that may be asked for at once. */
export const instantsMax = 2_000;

const near = `t.state != 'unknown' AND t.suspect = 0
    AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot <= ${instant('to')}
    AND arrayExists(i -> toUnixTimestamp(t.slot) <= i AND i <= toUnixTimestamp(t.slot) + t.slots,
      arrayMap(i -> toUInt32(i), splitByChar(',', {instants:String})))`;
const reading =
  'toUnixTimestamp(t.slot) AS `from`, toUInt32(toUnixTimestamp(t.slot) + t.slots) AS `to`, t.interval_ns AS intervalNs, ' +
  't.read_span_ns AS readSpanNs, t.late_ns AS lateNs';

/**
 * Known rows of copies, of taken packets and of drops inside datapaths that touch one of `instants` (unix seconds between
 * commas). `what` is copies, consumed or inside; `name` the cause of a drop.
 */
export const toldNear = defineQuery({
  name: 'told-near',
  sql: `SELECT * FROM (
  SELECT t.host AS host, t.datapath AS datapath, 'copies' AS what, '' AS name, ${reading}, assumeNotNull(t.copies_inc) AS packets
  FROM replica_slot AS t WHERE ${near} AND ${inDatapathPage('datapath')}
  UNION ALL
  SELECT t.host AS host, t.datapath AS datapath, 'consumed' AS what, '' AS name, ${reading}, assumeNotNull(t.consumed_inc) AS packets
  FROM replica_slot AS t WHERE ${near} AND ${inDatapathPage('datapath')}
  UNION ALL
  SELECT t.host AS host, t.port AS datapath, 'inside' AS what, t.cause AS name, ${reading}, assumeNotNull(t.packets_inc) AS packets
  FROM drop_slot AS t WHERE ${near} AND ${ofDatapath}
)
WHERE packets > 0 OR what = 'inside'
ORDER BY host, datapath, what, name, \`from\``,
  parameters: { ...windowParameters, instants: 'String', ...datapathParameters },
  row: Type.Object({
    host: Text,
    datapath: Text,
    what: Type.Union([Type.Literal('copies'), Type.Literal('consumed'), Type.Literal('inside')]),
    name: Text,
    from: UInt32,
    to: UInt32,
    intervalNs: UInt64,
    readSpanNs: UInt64,
    lateNs: Type.String({ pattern: '^-?[0-9]+$' }),
    packets: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax,
});
