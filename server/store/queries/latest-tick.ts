import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';
import { instant } from './fragments.ts';

/** The last tick of each host since `from`; `host` empty: all hosts, in order, behind `afterHost`. */
export const latestTick = defineQuery({
  name: 'latest-tick',
  sql: `SELECT t.host AS host, toUnixTimestamp(t.slot) AS at, t.boot_id AS bootId, t.stream AS stream, t.seq AS seq,
  t.wall_ns AS wallNs, t.mono_ns AS monoNs, t.gather_ns AS gatherNs, t.skipped AS skipped, t.cpu_ns AS cpuNs,
  t.rss_bytes AS rssBytes
FROM tick AS t
WHERE ({host:String} = '' OR t.host = {host:String}) AND t.host > {afterHost:String} AND t.slot >= ${instant('from')}
  AND (t.host, t.slot) IN (SELECT host, max(slot) FROM tick WHERE slot >= ${instant('from')} GROUP BY host)
ORDER BY t.host, t.slot DESC, t.wall_ns DESC
LIMIT 1 BY t.host
LIMIT {limit:UInt32}`,
  parameters: { host: 'String', afterHost: 'String', from: 'UInt32', limit: 'UInt32' },
  row: Type.Object({
    host: Text,
    at: UInt32,
    bootId: Text,
    stream: Text,
    seq: UInt64,
    wallNs: UInt64,
    monoNs: UInt64,
    gatherNs: UInt64,
    skipped: UInt32,
    cpuNs: UInt64,
    rssBytes: UInt64,
  }),
  deadlineMs: 5_000,
  rowsMax: 10_001,
});
