import { Type } from 'typebox';
import { defineQuery, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { Direction, rawWindow, stepOf, windowParameters } from './fragments.ts';

const parameters = { ...windowParameters, host: 'String', port: 'String' } as const;
const ofPort = `t.host = {host:String} AND t.port = {port:String} AND ${rawWindow} AND t.samples > 0`;
const fills = Array.from({ length: 10 }, (_, i) => `t.fill${i}`).join(', ');

/** Rings of a port that were sampled in a window, both directions. */
export const ringQueues = defineQuery({
  name: 'ring-queues',
  sql: `SELECT t.direction AS direction, t.queue AS queue, max(t.size) AS size
FROM vring_slot AS t
WHERE ${ofPort}
GROUP BY direction, queue
ORDER BY toUInt8(direction), queue
LIMIT 2048`,
  parameters,
  row: Type.Object({ direction: Direction, queue: UInt16, size: UInt32 }),
  deadlineMs: 10_000,
  rowsMax: 2_048,
});

/**
 * The rings of a port by steps, all queues of a direction together, or one where `queue` names it (`oneQueue` 1). `known`: seconds
 * of rings that were sampled; `fills`: samples by eighths, 0 empty, 9 full; `fullNs`: time that the ring was full which was full
 * longest; `runNs`: the longest stretch of any.
 */
export const ringSteps = defineQuery({
  name: 'ring-steps',
  sql: `SELECT direction, at, sum(seconds) AS known, sum(n_missed) AS missed, sumForEach(n_fills) AS fills, max(n_full) AS fullNs,
  max(n_run) AS runNs
FROM (
  SELECT t.direction AS direction, ${stepOf('t.slot')} AS at, uniqExact(t.slot) AS seconds, sum(t.missed) AS n_missed,
    sumForEach([${fills}]) AS n_fills, sum(t.full_ns) AS n_full, max(t.full_run_ns) AS n_run
  FROM vring_slot AS t
  WHERE ${ofPort} AND ({oneQueue:UInt8} = 0 OR t.queue = {queue:UInt16})
  GROUP BY direction, at, t.queue
)
GROUP BY direction, at
ORDER BY toUInt8(direction), at`,
  parameters: { ...parameters, step: 'UInt32', oneQueue: 'UInt8', queue: 'UInt16' },
  row: Type.Object({
    direction: Direction,
    at: UInt32,
    known: UInt64,
    missed: UInt64,
    fills: Type.Array(UInt64, { minItems: 10, maxItems: 10 }),
    fullNs: UInt64,
    runNs: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 10_000,
});
