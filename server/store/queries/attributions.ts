import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, Place, windowParameters } from './fragments.ts';

/** Owners of rows of drops, as the attributor wrote them; of each row the newest revision holds. */

const path = 't.host = {host:String} AND t.port = {port:String} AND t.direction = {direction:String}';
const pathParameters = { ...windowParameters, host: 'String', port: 'String', direction: 'String' } as const;
const State = Type.Union([Type.Literal('observed'), Type.Literal('bridged'), Type.Literal('unknown')]);
const newest = 'ORDER BY t.revision DESC LIMIT 1 BY t.slot, t.slots, t.cause, t.place';
const Owned = {
  slot: UInt32,
  slots: UInt32,
  cause: Text,
  place: Place,
  packets: UInt64,
  provider: UInt64,
  tenant: UInt64,
  contract: UInt64,
  unknown: UInt64,
};
const owned =
  'toUnixTimestamp(t.slot) AS slot, t.slots AS slots, t.cause AS cause, t.place AS place, t.packets AS packets, ' +
  't.provider AS provider, t.tenant AS tenant, t.contract AS contract, t.unknown AS unknown';

/** Owners of the rows of a path that begin in the window. */
export const pathOwners = defineQuery({
  name: 'path-owners',
  sql: `SELECT slot, slots, cause, place, packets, provider, tenant, contract, unknown FROM (
  SELECT ${owned}, t.revision AS revision FROM attribution AS t
  WHERE ${path} AND t.slot >= ${instant('from')} AND t.slot < ${instant('to')}
) AS t
${newest}`,
  parameters: pathParameters,
  row: Type.Object(Owned),
  deadlineMs: 20_000,
  rowsMax: 400_000,
});

/** Rows of causes of a path that touch the window and began at most `back` seconds before it, those not known included. */
export const causesNear = defineQuery({
  name: 'causes-near',
  sql: `SELECT toUnixTimestamp(t.slot) AS slot, t.slots AS slots, t.state AS state, t.suspect AS suspect, t.cause AS cause,
  t.place AS place, ifNull(t.packets_inc, 0) AS packets
FROM drop_slot AS t
WHERE ${path} AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
  AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32} AND t.place IN ('inside', 'outside')
  AND (t.packets_inc > 0 OR t.state = 'unknown' OR t.suspect = 1)
ORDER BY t.slot, t.cause`,
  parameters: pathParameters,
  row: Type.Object({
    slot: UInt32,
    slots: UInt32,
    state: State,
    suspect: Type.Integer({ minimum: 0, maximum: 1 }),
    cause: Text,
    place: Place,
    packets: UInt64,
  }),
  deadlineMs: 20_000,
  rowsMax: 400_000,
});

const listed = (
  which: string,
) => `SELECT port, direction, slot, slots, cause, place, packets, provider, tenant, contract, unknown, rule, ruleVersion, revision,
  missing, facts, evidence, inputs, storedAtMs FROM (
  SELECT t.port AS port, t.direction AS direction, ${owned}, t.rule AS rule, t.rule_version AS ruleVersion,
    t.revision AS revision, t.missing AS missing, t.facts AS facts, t.evidence AS evidence, t.inputs AS inputs,
    toUInt64(toUnixTimestamp64Milli(t.stored_at)) AS storedAtMs
  FROM attribution AS t
  WHERE t.host = {host:String} AND ${which}
    AND t.slot >= ${instant('from')} - INTERVAL 1 DAY AND t.slot < ${instant('to')}
    AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}
) AS t
ORDER BY t.revision DESC
LIMIT 1 BY t.port, t.direction, t.slot, t.slots, t.cause, t.place
LIMIT {limit:UInt32}`;
const list = {
  parameters: { ...windowParameters, host: 'String', port: 'String', limit: 'UInt32' },
  row: Type.Object({
    port: Text,
    direction: Direction,
    ...Owned,
    rule: Text,
    ruleVersion: UInt32,
    revision: UInt32,
    missing: Text,
    facts: Text,
    evidence: Text,
    inputs: Text,
    storedAtMs: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 5_001,
} as const;

/** Everything that was written of rows in the window, newest revision of each; `port` empty: all. */
export const attributionList = defineQuery({
  name: 'attribution-list',
  sql: listed(`({port:String} = '' OR t.port = {port:String})`),
  ...list,
});

/** The same of packets that a datapath handed to guests that were away, where the port's may have been among them. */
export const absentList = defineQuery({
  name: 'absent-list',
  sql: listed(
    `t.place = 'beside' AND t.cause = 'vhost_down' AND has(JSONExtract(t.inputs, 'absence', 'ports', 'Array(String)'), {port:String})`,
  ),
  ...list,
});
