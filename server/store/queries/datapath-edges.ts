import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { datapathParameters, inDatapathPage } from './datapath-page.ts';
import { knownSums, wholeInStep } from './datapath-sums.ts';
import { instant, stepOf, windowParameters } from './fragments.ts';

const rowsMax = 60_000;
/** Neighbours of a window are looked for so far outside it, s; one behind a longer gap is as good as none. */
const reachSeconds = 600;

/**
 * The rows at the ends of what datapath-sums adds up, and their neighbours across those ends, in order of time. `step`
 * numbers the step whose sums hold the row, -1: none. `starts` and `ends`: 1 where the row is the first or last of a
 * stretch without a hole.
 */
export const datapathEdges = defineQuery({
  name: 'datapath-edges',
  sql: `SELECT host, datapath, since AS \`from\`, until AS \`to\`, step, in_packets AS inPackets, out_packets AS outPackets,
  port_drops AS portDrops, interval_ns AS intervalNs, read_span_ns AS readSpanNs, late_ns AS lateNs, hold,
  toUInt8(step >= 0 AND (before_step != step OR before_until != since)) AS starts,
  toUInt8(step >= 0 AND (after_step != step OR after_since != until)) AS ends
FROM (
  SELECT *, lagInFrame(step, 1, toInt32(-1)) OVER w AS before_step, lagInFrame(until, 1, toUInt32(0)) OVER w AS before_until,
    leadInFrame(step, 1, toInt32(-1)) OVER w AS after_step, leadInFrame(since, 1, toUInt32(0)) OVER w AS after_since
  FROM (
    SELECT t.host AS host, t.datapath AS datapath, toUnixTimestamp(t.slot) AS since,
      toUInt32(toUnixTimestamp(t.slot) + t.slots) AS until,
      if(${knownSums} AND ${wholeInStep}, toInt32(intDiv(${stepOf('t.slot')} - {from:UInt32}, {step:UInt32})), toInt32(-1)) AS step,
      if(${knownSums}, t.in_packets, NULL) AS in_packets, if(${knownSums}, t.out_packets, NULL) AS out_packets,
      if(${knownSums}, t.port_drops, NULL) AS port_drops, t.interval_ns AS interval_ns, t.read_span_ns AS read_span_ns,
      t.late_ns AS late_ns, t.hold AS hold
    FROM datapath_slot AS t
    WHERE t.slot >= ${instant('from')} - INTERVAL ${reachSeconds} SECOND AND t.slot < ${instant('to')} + INTERVAL 1 SECOND
      AND ${inDatapathPage('datapath')}
  )
  WINDOW w AS (PARTITION BY host, datapath ORDER BY since, until ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
)
WHERE starts OR ends OR (after_step >= 0 AND after_since = until AND after_step != step)
  OR (before_step >= 0 AND before_until = since AND before_step != step)
ORDER BY host, datapath, since, until`,
  parameters: { ...windowParameters, step: 'UInt32', ...datapathParameters },
  row: Type.Object({
    host: Text,
    datapath: Text,
    from: UInt32,
    to: UInt32,
    step: Type.Integer({ minimum: -1 }),
    inPackets: Type.Union([UInt64, Type.Null()]),
    outPackets: Type.Union([UInt64, Type.Null()]),
    portDrops: Type.Union([UInt64, Type.Null()]),
    intervalNs: UInt64,
    readSpanNs: UInt64,
    lateNs: Type.String({ pattern: '^-?[0-9]+$' }),
    hold: UInt64,
    starts: Type.Integer(),
    ends: Type.Integer(),
  }),
  deadlineMs: 20_000,
  rowsMax,
});
