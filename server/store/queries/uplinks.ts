import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { instant, windowParameters } from './fragments.ts';

/**
 * The ports of a host that are or were in a datapath and of one of `types` (a JSON list), and `port` whatever its type: every
 * datapath and type that was ever said of each. Facts are kept for good, so a port that is gone is found in windows in which it
 * was there. Ports of guests come and go for years; those with a wire are few.
 */
export const hostPorts = defineQuery({
  name: 'host-ports',
  sql: `SELECT substring(name, 6, length(name) - 6 - length(field)) AS port,
  arraySort(groupUniqArrayIf(value, field = 'datapath')) AS datapaths, arraySort(groupUniqArrayIf(value, field = 'type')) AS types
FROM (
  SELECT name, value, arrayElement(splitByChar('.', name), -1) AS field FROM host_fact
  WHERE host = {host:String} AND startsWith(name, 'port.')
)
WHERE field IN ('datapath', 'type') AND value != '' AND length(name) > 6 + length(field)
GROUP BY port
HAVING notEmpty(datapaths) AND (port = {port:String} OR hasAny(types, JSONExtract({types:String}, 'Array(String)')))
ORDER BY port`,
  parameters: { host: 'String', port: 'String', types: 'String' },
  row: Type.Object({ port: Text, datapaths: Type.Array(Text), types: Type.Array(Text) }),
  deadlineMs: 5_000,
  rowsMax: 10_000,
});

/** `ports` is a JSON list of names. Rows that reach into the window from up to a day before are in it. */
const received = `t.host = {host:String} AND t.port IN (SELECT arrayJoin(JSONExtract({ports:String}, 'Array(String)')))
  AND t.direction = 'rx' AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND (t.slot >= ${instant('from')} OR toUnixTimestamp(t.slot) + t.slots > {from:UInt32})`;
const known = "t.state != 'unknown' AND t.suspect = 0";
const uplinkParameters = { ...windowParameters, host: 'String', ports: 'String' } as const;

/** What ports received too fast to take: rows that lost something before the port counted it, and rows that do not know. */
export const uplinkLoss = defineQuery({
  name: 'uplink-loss',
  sql: `SELECT DISTINCT t.port AS port, toUnixTimestamp(t.slot) AS slot, t.slots AS slots, toUInt8(${known}) AS known,
  if(${known}, ifNull(t.drops_outside_inc, 0), 0) AS packets
FROM port_slot AS t
WHERE ${received} AND (t.drops_outside_inc > 0 OR NOT (${known}))
ORDER BY slot, port, slots, known, packets`,
  parameters: uplinkParameters,
  row: Type.Object({
    port: Text,
    slot: UInt32,
    slots: UInt32,
    known: Type.Integer({ minimum: 0, maximum: 1 }),
    packets: UInt64,
  }),
  deadlineMs: 20_000,
  rowsMax: 400_000,
});

/** The slots of which one port knows what it received. */
export const uplinkKnown = defineQuery({
  name: 'uplink-known',
  sql: `SELECT DISTINCT toUnixTimestamp(t.slot) AS slot, t.slots AS slots
FROM port_slot AS t
WHERE ${received} AND ${known}
ORDER BY slot, slots`,
  parameters: uplinkParameters,
  row: Type.Object({ slot: UInt32, slots: UInt32 }),
  deadlineMs: 20_000,
  rowsMax: 400_000,
});
