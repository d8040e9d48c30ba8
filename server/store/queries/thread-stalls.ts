import { Type } from 'typebox';
import { stallKinds, threadRoles } from '../../../core/catalogue/thread-kinds.ts';
import { defineQuery, Text, UInt8, UInt32, UInt64 } from '../run-query.ts';
import { windowParameters } from './fragments.ts';

/**
 * Stalls of a host that ended, or went on, in the seconds of a window: the latest first, or with `longest` 1 those that surely lasted
 * longest. `role` empty: of all threads; only those that may have lasted `leastMs`.
 */
export const threadStalls = defineQuery({
  name: 'thread-stalls',
  sql: `SELECT pid, tid, start_ticks AS startTicks, role, owner, name, toUInt32(slot) AS at, from_ns AS fromNs,
  to_ns AS toNs, low_ns AS lowNs, high_ns AS highNs, waits, stall, goes_on AS goesOn
FROM thread_stall
WHERE host = {host:String} AND slot >= {from:UInt32} AND slot < {to:UInt32}
  AND ({role:String} = '' OR toString(role) = {role:String}) AND high_ns >= toUInt64({leastMs:UInt32}) * 1000000
ORDER BY if({longest:UInt8} = 1, low_ns, 0) DESC, slot DESC, to_ns DESC, tid, start_ticks, from_ns
LIMIT {limit:UInt32}`,
  parameters: {
    ...windowParameters,
    host: 'String',
    role: 'String',
    leastMs: 'UInt32',
    longest: 'UInt8',
    limit: 'UInt32',
  },
  row: Type.Object({
    pid: UInt32,
    tid: UInt32,
    startTicks: UInt64,
    role: Type.Union(threadRoles.map((role) => Type.Literal(role))),
    owner: Text,
    name: Text,
    at: UInt32,
    fromNs: UInt64,
    toNs: UInt64,
    lowNs: UInt64,
    highNs: UInt64,
    waits: UInt32,
    stall: Type.Union(stallKinds.map((stall) => Type.Literal(stall))),
    goesOn: UInt8,
  }),
  deadlineMs: 10_000,
  rowsMax: 1_001,
});
