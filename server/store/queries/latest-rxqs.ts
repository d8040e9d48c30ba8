import { Type } from 'typebox';
import { defineQuery, Text, UInt16, UInt64 } from '../run-query.ts';
import { rawWindow, windowParameters } from './fragments.ts';

const rowsMax = 20_000;

/** The receive queues of a datapath as they were last told in a window. */
export const latestRxqs = defineQuery({
  name: 'latest-rxqs',
  sql: `SELECT t.port AS port, t.queue AS queue, t.core AS core, t.numa AS numa, t.enabled AS enabled, t.usage_ppm AS usagePpm
FROM rxq_slot AS t
WHERE t.host = {host:String} AND t.datapath = {datapath:String} AND t.slot = (
  SELECT max(t.slot) FROM rxq_slot AS t WHERE t.host = {host:String} AND t.datapath = {datapath:String} AND ${rawWindow})
ORDER BY port, queue
LIMIT 1 BY port, queue`,
  parameters: { ...windowParameters, host: 'String', datapath: 'String' },
  row: Type.Object({
    port: Text,
    queue: UInt16,
    core: UInt16,
    numa: UInt16,
    enabled: Type.Integer(),
    usagePpm: Type.Union([UInt64, Type.Null()]),
  }),
  deadlineMs: 10_000,
  rowsMax,
});
