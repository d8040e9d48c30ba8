import { Type } from 'typebox';
import { pressureResources, pressureShares } from '../../../core/catalogue/kinds.ts';
import { defineQuery, UInt32, UInt64 } from '../run-query.ts';
import { observed, rawWindow, stepOf, windowParameters } from './fragments.ts';

/** Pressure stall time of a host, stepped, microseconds; observed rows only. */
export const pressureSeries = defineQuery({
  name: 'pressure-series',
  sql: `SELECT resource, share, ${stepOf('t.slot')} AS at, count() AS observed, sum(assumeNotNull(t.total_us_inc)) AS totalUs
FROM pressure_slot AS t
WHERE t.host = {host:String} AND ${rawWindow} AND ${observed}
GROUP BY resource, share, at
ORDER BY toUInt8(resource), toUInt8(share), at`,
  parameters: { ...windowParameters, host: 'String', step: 'UInt32' },
  row: Type.Object({
    resource: Type.Union(pressureResources.map((resource) => Type.Literal(resource))),
    share: Type.Union(pressureShares.map((share) => Type.Literal(share))),
    at: UInt32,
    observed: UInt64,
    totalUs: UInt64,
  }),
  deadlineMs: 10_000,
  rowsMax: 50_000,
});
