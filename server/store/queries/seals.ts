import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { Direction, instant, windowParameters } from './fragments.ts';
import { pageOf } from './port-page.ts';

const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

/**
 * Hosts with rows in a window, and up to when each has told everything: the end of its newest tick, 0 when it has told
 * nothing since the window began.
 */
export const sealableHosts = defineQuery({
  name: 'sealable-hosts',
  sql: `SELECT host, max(told) AS toldTo
FROM (
  SELECT host, toUInt32(0) AS told FROM port_1m AS t
  WHERE t.minute >= ${instant('from')} AND t.minute < ${instant('to')} GROUP BY host
  UNION ALL
  SELECT host, toUInt32(toUnixTimestamp(max(t.slot)) + 1) AS told FROM tick AS t WHERE t.slot >= ${instant('from')} GROUP BY host
)
GROUP BY host
ORDER BY host`,
  parameters: windowParameters,
  row: Type.Object({ host: Text, toldTo: UInt32 }),
  deadlineMs: 20_000,
  rowsMax: 20_000,
});

/** Where the chain of each path of a host ends, and what the last seal of one day is; revision 0: the day has none. */
export const sealHeads = defineQuery({
  name: 'seal-heads',
  sql: `SELECT t.port AS port, t.direction AS direction, max(t.entry) AS entry, argMax(t.sha256, t.entry) AS head,
  maxIf(t.revision, t.day = ${instant('day')}) AS revision, argMaxIf(t.sha256, t.revision, t.day = ${instant('day')}) AS revised,
  argMaxIf(t.raw_rows, t.revision, t.day = ${instant('day')}) AS rows
FROM seal AS t
WHERE t.host = {host:String}
GROUP BY port, direction`,
  parameters: { host: 'String', day: 'UInt32' },
  row: Type.Object({
    port: Text,
    direction: Direction,
    entry: UInt32,
    head: Hash,
    revision: UInt32,
    revised: Text,
    rows: UInt64,
  }),
  deadlineMs: 20_000,
  rowsMax: 20_000,
});

/** Seals of days in the window, behind (afterPort, afterDirection, afterEntry); `port` and `direction` empty: all. */
export const sealList = defineQuery({
  name: 'seal-list',
  sql: `SELECT t.host AS host, t.port AS port, t.direction AS direction, toUnixTimestamp(t.day) AS day, t.revision AS revision,
  t.entry AS entry, t.sha256 AS sha256, t.previous AS previous, t.header AS header, t.lines AS lines, t.asides AS asides,
  t.offered AS offered, t.delivered AS delivered, t.offered_max AS offeredMax,
  toUInt64(toUnixTimestamp64Milli(t.sealed_at)) AS sealedAtMs
FROM seal AS t
WHERE t.host = {host:String} AND ({port:String} = '' OR t.port = {port:String})
  AND ({direction:String} = '' OR t.direction = {direction:String})
  AND t.day >= ${instant('from')} AND t.day < ${instant('to')}
  AND ({afterPort:String} = '' OR (t.port, toUInt8(t.direction), t.entry) > ({afterPort:String}, {afterDirection:UInt8}, {afterEntry:UInt32}))
ORDER BY t.port, toUInt8(t.direction), t.entry, t.sha256
LIMIT 1 BY t.port, t.direction, t.entry, t.sha256
LIMIT {limit:UInt32}`,
  parameters: {
    ...windowParameters,
    host: 'String',
    port: 'String',
    direction: 'String',
    afterPort: 'String',
    afterDirection: 'UInt8',
    afterEntry: 'UInt32',
    limit: 'UInt32',
  },
  row: Type.Object({
    host: Text,
    port: Text,
    direction: Direction,
    day: UInt32,
    revision: UInt32,
    entry: UInt32,
    sha256: Hash,
    previous: Text,
    header: Text,
    lines: UInt32,
    asides: UInt32,
    offered: UInt64,
    delivered: UInt64,
    offeredMax: UInt64,
    sealedAtMs: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 1_001,
});

type SealListPlace = { readonly port: string; readonly direction: 'rx' | 'tx' | 'toGuest' | 'fromGuest' };

export function sealListParameters(ask: {
  readonly host: string;
  readonly port?: string | undefined;
  readonly direction?: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly after?: (SealListPlace & { readonly entry: number }) | undefined;
  /** At most 1001. */
  readonly limit: number;
}) {
  const { host, port = '', direction = '', from, to, after, limit } = ask;
  const { afterPort, afterDirection } = pageOf({ after: after && { host, ...after } });
  return { host, port, direction, from, to, afterPort, afterDirection, afterEntry: after?.entry ?? 0, limit };
}

/** The lines of one seal that touch the window, behind `afterN`, in their order. */
export const sealLines = defineQuery({
  name: 'seal-lines',
  sql: `SELECT t.n AS n, t.part AS part, t.line AS line
FROM seal_row AS t
WHERE t.host = {host:String} AND t.port = {port:String} AND t.direction = {direction:String} AND t.day = ${instant('day')}
  AND t.sha256 = {sha256:String} AND t.n > {afterN:UInt32}
  AND t.slot < ${instant('to')} AND toUnixTimestamp(t.slot) + t.slots > {from:UInt32}
ORDER BY t.n
LIMIT 1 BY t.n
LIMIT {limit:UInt32}`,
  parameters: {
    ...windowParameters,
    host: 'String',
    port: 'String',
    direction: 'String',
    day: 'UInt32',
    sha256: 'String',
    afterN: 'UInt32',
    limit: 'UInt32',
  },
  row: Type.Object({ n: UInt32, part: Type.Union([Type.Literal('slot'), Type.Literal('aside')]), line: Text }),
  deadlineMs: 10_000,
  rowsMax: 20_000,
});

/** Directions in which a port of a host has rows or seals of days that touch the window. */
export const pathDirections = defineQuery({
  name: 'path-directions',
  sql: `SELECT direction FROM (
  SELECT direction FROM port_slot AS t
  WHERE t.host = {host:String} AND t.port = {port:String} AND t.slot >= ${instant('from')} AND t.slot < ${instant('to')} GROUP BY direction
  UNION ALL
  SELECT direction FROM seal AS t
  WHERE t.host = {host:String} AND t.port = {port:String} AND t.day > ${instant('from')} - INTERVAL 1 DAY AND t.day < ${instant('to')}
  GROUP BY direction
)
GROUP BY direction
ORDER BY toUInt8(direction)`,
  parameters: { ...windowParameters, host: 'String', port: 'String' },
  row: Type.Object({ direction: Direction }),
  deadlineMs: 10_000,
  rowsMax: 4,
});
