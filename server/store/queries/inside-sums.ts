import { Type } from 'typebox';
import { defineQuery, Text, UInt64 } from '../run-query.ts';
import { datapathParameters, inDatapathPage } from './datapath-page.ts';
import { bridgesInside, instant, windowParameters } from './fragments.ts';

const rowsMax = 50_000;

/** Rows of drop_slot that name a datapath as their port. */
export const ofDatapath = `t.place = 'beside' AND ${inDatapathPage('port')} AND (t.host, t.port) IN (
    SELECT host, datapath FROM datapath_slot WHERE slot >= ${instant('from')} AND slot < ${instant('to')} GROUP BY host, datapath)`;

/**
 * Drops inside datapaths by cause, over the rows wholly inside a window. `unknown`: slots of the window's rows in which
 * nobody knows them.
 */
export const insideSums = defineQuery({
  name: 'inside-sums',
  sql: `SELECT t.host AS host, t.port AS datapath, t.cause AS cause,
  sumIf(assumeNotNull(t.packets_inc), t.state != 'unknown' AND t.suspect = 0 AND ${bridgesInside}) AS packets,
  sumIf(t.slots, t.state = 'unknown' OR t.suspect = 1) AS unknown
FROM drop_slot AS t
WHERE t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32} AND ${ofDatapath}
GROUP BY host, datapath, cause
ORDER BY host, datapath, cause`,
  parameters: { ...windowParameters, ...datapathParameters },
  row: Type.Object({ host: Text, datapath: Text, cause: Text, packets: UInt64, unknown: UInt64 }),
  deadlineMs: 10_000,
  rowsMax,
});
