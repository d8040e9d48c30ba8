import { Type } from 'typebox';
import { defineQuery, Text, UInt8, UInt16, UInt32, UInt64 } from '../run-query.ts';
import { bridgesInside, instant, rawWindow, windowParameters } from './fragments.ts';

/** What says how the queues of a datapath are placed, and how busy its threads are with them. */

const own = 't.host = {host:String} AND t.datapath = {datapath:String}';
const parameters = { ...windowParameters, host: 'String', datapath: 'String' } as const;
const known = "t.state != 'unknown' AND t.suspect = 0";
const share = Type.Union([UInt64, Type.Null()]);

/** Every telling of every queue in a window. */
export const queueWindows = defineQuery({
  name: 'queue-windows',
  sql: `SELECT toUnixTimestamp(t.slot) AS slot, t.port AS port, t.queue AS queue, t.core AS core, t.numa AS numa,
  t.enabled AS enabled, t.usage_ppm AS usagePpm
FROM rxq_slot AS t
WHERE ${own} AND ${rawWindow}
ORDER BY slot, port, queue
LIMIT 1 BY slot, port, queue`,
  parameters,
  row: Type.Object({
    slot: UInt32,
    port: Text,
    queue: UInt16,
    core: UInt16,
    numa: UInt16,
    enabled: UInt8,
    usagePpm: share,
  }),
  deadlineMs: 5_000,
  rowsMax: 40_000,
});

/** Queues that were on another core within the window than they were told on last, and when that was seen last. */
export const queueMoves = defineQuery({
  name: 'queue-moves',
  sql: `SELECT port, queue, toUInt32(maxIf(at, core != now)) AS lastElsewhere
FROM (
  SELECT t.port AS port, t.queue AS queue, t.core AS core, toUnixTimestamp(t.slot) AS at,
    argMax(t.core, t.slot) OVER (PARTITION BY t.port, t.queue) AS now
  FROM rxq_slot AS t
  WHERE ${own} AND ${rawWindow}
)
GROUP BY port, queue
HAVING lastElsewhere > 0
ORDER BY port, queue
LIMIT 2000`,
  parameters,
  row: Type.Object({ port: Text, queue: UInt16, lastElsewhere: UInt32 }),
  deadlineMs: 5_000,
  rowsMax: 2_000,
});

/**
 * Packets that the receive queues of a datapath's ports took in a window, and of how much of it that is known. Of a guest's port
 * what the guest sends is received.
 */
export const queuePackets = defineQuery({
  name: 'queue-packets',
  sql: `SELECT t.port AS port, t.queue AS queue, sum(t.interval_ns) AS knownNs, sum(assumeNotNull(t.packets_inc)) AS packets
FROM queue_slot AS t
WHERE t.host = {host:String} AND t.direction IN ('rx', 'fromGuest') AND ${bridgesInside} AND ${known}
  AND t.port IN (SELECT t.port FROM rxq_slot AS t WHERE ${own} AND ${rawWindow})
GROUP BY port, queue
ORDER BY port, queue
LIMIT 2000`,
  parameters,
  row: Type.Object({ port: Text, queue: UInt16, knownNs: UInt64, packets: UInt64 }),
  deadlineMs: 5_000,
  rowsMax: 2_000,
});

/** Every telling of every polling thread in a window, by when its reading ended. */
export const threadWindows = defineQuery({
  name: 'thread-windows',
  sql: `SELECT t.core AS core, t.numa AS numa, t.isolated AS isolated, toUInt32(toUnixTimestamp(t.slot) + t.slots) AS to,
  t.busy_ppm AS busyPpm, t.suspect AS suspect
FROM pmd_slot AS t
WHERE ${own} AND ${rawWindow}
ORDER BY core, to`,
  parameters,
  row: Type.Object({ core: UInt16, numa: UInt16, isolated: UInt8, to: UInt32, busyPpm: share, suspect: UInt8 }),
  deadlineMs: 5_000,
  rowsMax: 20_000,
});

const sampled = (column: string) =>
  `if(countIf(${known} AND isNull(t.${column})) > 0, NULL, toNullable(sumIf(assumeNotNull(t.${column}), ${known})))`;

/** How long the polling threads of a process waited for their CPUs, by the core that their names have. */
export const pmdWaits = defineQuery({
  name: 'pmd-waits',
  sql: `SELECT toUInt16(extract(argMax(t.name, t.slot), '^pmd-c([0-9]{1,4})/')) AS core,
  sumIf(t.interval_ns, ${known}) AS knownNs, sumIf(assumeNotNull(t.run_delay_ns_inc), ${known}) AS runDelayNs,
  ${sampled('delay_involuntary_low_ns')} AS involuntaryLowNs, ${sampled('delay_involuntary_high_ns')} AS involuntaryHighNs
FROM thread_slot AS t
WHERE t.host = {host:String} AND t.pid = {pid:UInt32} AND t.role = 'pmd' AND ${bridgesInside}
  AND match(t.name, '^pmd-c[0-9]{1,4}/')
GROUP BY t.tid, t.start_ticks
HAVING knownNs > 0
ORDER BY core, t.tid
LIMIT 1024`,
  parameters: { ...windowParameters, host: 'String', pid: 'UInt32' },
  row: Type.Object({
    core: UInt16,
    knownNs: UInt64,
    runDelayNs: UInt64,
    involuntaryLowNs: share,
    involuntaryHighNs: share,
  }),
  deadlineMs: 5_000,
  rowsMax: 1_024,
});

const timed = (column: string) =>
  `if(countIf(${known} AND t.interrupts != 'timed') > 0, NULL, toNullable(sumIf(assumeNotNull(t.${column}), ${known})))`;

/**
 * What interrupts and the hypervisor took of the CPUs of a host. Times are cut off to a tick: only from one end of an unbroken
 * stretch to the other are they right to a tick, so a CPU with a gap in what is known is left out.
 */
export const cpusTaken = defineQuery({
  name: 'cpus-taken',
  sql: `SELECT t.cpu AS core, sumIf(t.interval_ns, ${known}) AS knownNs, max(t.resolution_ns) AS resolutionNs,
  ${timed('irq_ns_inc')} AS irqNs, ${timed('softirq_ns_inc')} AS softirqNs,
  sumIf(assumeNotNull(t.steal_ns_inc), ${known}) AS stealNs
FROM cpu_slot AS t
WHERE t.host = {host:String} AND ${bridgesInside}
GROUP BY t.cpu
HAVING knownNs > 0 AND uniqExactIf(t.epoch, ${known}) = 1 AND min(t.resolution_ns) = resolutionNs
  AND sumIf(t.slots, ${known}) = maxIf(toUnixTimestamp(t.slot) + t.slots, ${known}) - minIf(toUnixTimestamp(t.slot), ${known})
ORDER BY core
LIMIT 1024`,
  parameters: { ...windowParameters, host: 'String' },
  row: Type.Object({
    core: UInt16,
    knownNs: UInt64,
    resolutionNs: UInt64,
    irqNs: share,
    softirqNs: share,
    stealNs: UInt64,
  }),
  deadlineMs: 5_000,
  rowsMax: 1_024,
});

/** Facts of the switch of a host and of its ports: now, at `since`, when they were written, and with how many values since. */
export const placementFacts = defineQuery({
  name: 'placement-facts',
  sql: `SELECT t.name AS name, argMax(t.value, t.at) AS value, argMaxIf(t.value, t.at, t.at < ${instant('since')}) AS before,
  toUInt32(toUnixTimestamp(min(t.at))) AS firstAt, toUInt32(toUnixTimestamp(max(t.at))) AS writtenAt,
  toUInt32(uniqExactIf(t.value, t.at >= ${instant('since')})) AS values
FROM host_fact AS t
WHERE t.host = {host:String} AND (t.name = 'guests.migrating' OR startsWith(t.name, 'ovs.') OR (startsWith(t.name, 'port.')
  AND match(t.name, '[.](datapath|type|numa|vmId|affinity|admin|link)$')))
GROUP BY t.name
ORDER BY t.name
LIMIT 20000`,
  parameters: { host: 'String', since: 'UInt32' },
  row: Type.Object({ name: Text, value: Text, before: Text, firstAt: UInt32, writtenAt: UInt32, values: UInt32 }),
  deadlineMs: 5_000,
  rowsMax: 20_000,
});

/** What ports of a host lost in a window, and how many of its seconds both directions tell. `ports`: a JSON list. */
export const portLosses = defineQuery({
  name: 'port-losses',
  sql: `SELECT port, sum(packets) AS lost, min(seconds) AS known
FROM (
  SELECT t.port AS port, t.direction AS direction, sum(t.slots) AS seconds,
    sum(assumeNotNull(t.drops_outside_inc) + assumeNotNull(t.drops_inside_inc)) AS packets
  FROM port_slot AS t
  WHERE t.host = {host:String} AND ${bridgesInside} AND ${known}
    AND has(JSONExtract({ports:String}, 'Array(String)'), t.port)
  GROUP BY port, direction
)
GROUP BY port
ORDER BY port
LIMIT 1000`,
  parameters: { ...windowParameters, host: 'String', ports: 'String' },
  row: Type.Object({ port: Text, lost: UInt64, known: UInt64 }),
  deadlineMs: 5_000,
  rowsMax: 1_000,
});

/** Datapaths with polling threads of all hosts, and the largest share that one told within the window; NULL: none did. */
export const polledDatapaths = defineQuery({
  name: 'polled-datapaths',
  sql: `SELECT t.host AS host, t.datapath AS datapath, max(t.busy_ppm) AS busyPpm
FROM pmd_slot AS t
WHERE ${rawWindow}
GROUP BY host, datapath
ORDER BY isNull(busyPpm), busyPpm DESC, host, datapath
LIMIT {limit:UInt32}`,
  parameters: { ...windowParameters, limit: 'UInt32' },
  row: Type.Object({ host: Text, datapath: Text, busyPpm: share }),
  deadlineMs: 5_000,
  rowsMax: 20_000,
});
