import { Type } from 'typebox';
import { defineQuery, UInt16, UInt64 } from '../run-query.ts';
import { bridgesInside, windowParameters } from './fragments.ts';

const optional = Type.Union([UInt64, Type.Null()]);
const sum = (column: string) => `sumOrNullIf(t.${column}, t.state != 'unknown' AND t.suspect = 0)`;

/**
 * The polling threads of a datapath over a window: sums of known rows wholly inside, NULL where nothing was counted; place
 * and busy share of the last row.
 */
export const pmdSums = defineQuery({
  name: 'pmd-sums',
  sql: `SELECT t.core AS core, argMax(t.numa, t.slot) AS numa, argMax(t.isolated, t.slot) AS isolated,
  argMax(tuple(t.busy_ppm), t.slot).1 AS busyPpm, ${sum('rx_packets_inc')} AS rxPackets, ${sum('tx_packets_inc')} AS txPackets,
  ${sum('upcalls_inc')} AS upcalls, ${sum('lost_upcalls_inc')} AS lostUpcalls, ${sum('used_cycles_inc')} AS usedCycles,
  ${sum('busy_cycles_inc')} AS busyCycles, ${sum('sleep_us_inc')} AS sleepUs
FROM pmd_slot AS t
WHERE t.host = {host:String} AND t.datapath = {datapath:String} AND ${bridgesInside}
GROUP BY core
ORDER BY core
LIMIT 1024`,
  parameters: { ...windowParameters, host: 'String', datapath: 'String' },
  row: Type.Object({
    core: UInt16,
    numa: UInt16,
    isolated: Type.Integer(),
    busyPpm: optional,
    rxPackets: optional,
    txPackets: optional,
    upcalls: optional,
    lostUpcalls: optional,
    usedCycles: optional,
    busyCycles: optional,
    sleepUs: optional,
  }),
  deadlineMs: 10_000,
  rowsMax: 1_024,
});
