import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { datapathParameters, inDatapathPage } from './datapath-page.ts';
import { rawWindow, stepOf, windowParameters } from './fragments.ts';

/** A row of datapath_slot is in a sum when its sums are known; they are NULL where a port came, went or was reset. */
export const knownSums = "t.state != 'unknown' AND t.suspect = 0 AND isNotNull(t.in_packets)";

/** And it lies wholly inside one step of the window. */
export const wholeInStep = `toUnixTimestamp(t.slot) >= {from:UInt32} AND toUnixTimestamp(t.slot) + t.slots <= {to:UInt32} AND
    ${stepOf('t.slot')} = ${stepOf('t.slot + t.slots - 1')}`;

const summed = `${knownSums} AND ${wholeInStep}`;

/**
 * The ledger of datapaths, stepped: sums of known rows that lie wholly inside their step, from raw rows. Listed is who
 * has any row that begins in the window.
 */
export const datapathSums = defineQuery({
  name: 'datapath-sums',
  sql: `SELECT t.host AS host, t.datapath AS datapath, ${stepOf('t.slot')} AS at,
  sumIf(t.slots, t.state = 'observed' AND ${summed}) AS observed, sumIf(t.slots, t.state = 'bridged' AND ${summed}) AS bridged,
  countIf(t.state = 'observed' AND t.suspect = 1) AS suspect,
  sumIf(assumeNotNull(t.in_packets), ${summed}) AS inPackets, sumIf(assumeNotNull(t.out_packets), ${summed}) AS outPackets,
  sumIf(assumeNotNull(t.port_drops), ${summed}) AS portDrops, sumIf(assumeNotNull(t.residual), ${summed}) AS residual,
  countIf(t.unread > 0 AND ${summed}) AS unread,
  toUnixTimestamp(max(t.slot)) AS lastSlot, argMax(t.ports, t.slot) AS ports, argMax(t.flows, t.slot) AS flows
FROM datapath_slot AS t
WHERE ${rawWindow} AND ${inDatapathPage('datapath')}
GROUP BY host, datapath, at
ORDER BY host, datapath, at
LIMIT {limit:UInt32}`,
  parameters: { ...windowParameters, step: 'UInt32', ...datapathParameters, limit: 'UInt32' },
  row: Type.Object({
    host: Text,
    datapath: Text,
    at: UInt32,
    observed: UInt64,
    bridged: UInt64,
    suspect: UInt64,
    inPackets: UInt64,
    outPackets: UInt64,
    portDrops: UInt64,
    residual: Type.String({ pattern: '^-?[0-9]+$' }),
    unread: UInt64,
    lastSlot: UInt32,
    ports: UInt32,
    flows: UInt32,
  }),
  deadlineMs: 10_000,
  rowsMax: 2_001,
});
