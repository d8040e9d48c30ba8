import type { HostLive } from '../live/host-live.ts';
import type { Family } from './exposition.ts';

/**
 * The fleet's series: what the hosts count, as counters, so that a rate is made where it is looked at. Per host and per
 * port, never per queue (integrations research §2.2). Series of a host that fell silent are left out, so that Prometheus
 * marks them stale instead of drawing a flat line; `fournines_host_up` and the time of the last slot stay.
 */
export function fleetFamilies(hosts: readonly HostLive[], monoMs: number, staleAfterMs: number): Family[] {
  const live = hosts.filter((host) => monoMs - host.arrivedAtMs <= staleAfterMs);
  return [
    {
      name: 'fournines_host_up',
      type: 'gauge',
      help: '1: the host ticks; 0: it is silent.',
      samples: hosts.map((host) => [{ host: host.host }, live.includes(host) ? 1 : 0] as const),
    },
    {
      name: 'fournines_host_last_slot_timestamp_seconds',
      type: 'gauge',
      help: 'Start of the last slot the host has told.',
      samples: hosts.flatMap(({ host, lastTick }) =>
        lastTick === undefined ? [] : [[{ host }, lastTick.slot] as const],
      ),
    },
    ...portFamilies(live),
    ...datapathFamilies(live),
    ...hostFamilies(live),
    ...collectorFamilies(live),
  ];
}

/**
 * How far the store is behind each host, in event time. A host whose newest stored slot nobody knows has no sample: while
 * the store does not answer there are none at all.
 */
export function storedFamilies(hosts: readonly HostLive[], storedTo: ReadonlyMap<string, number>): Family[] {
  const known = hosts.flatMap(({ host, lastTick }) => {
    const to = storedTo.get(host);
    return lastTick === undefined || to === undefined ? [] : [{ host, to, told: lastTick.slot + 1 }];
  });
  return [
    {
      name: 'fournines_host_stored_timestamp_seconds',
      type: 'gauge',
      help: 'End of the newest slot of the host that is stored.',
      samples: known.map(({ host, to }) => [{ host }, to] as const),
    },
    {
      name: 'fournines_host_stored_lag_seconds',
      type: 'gauge',
      help: 'Event time from there to the end of the last slot the host has told.',
      samples: known.map(({ host, to, told }) => [{ host }, Math.max(0, told - to)] as const),
    },
  ];
}

function portFamilies(hosts: readonly HostLive[]): Family[] {
  const paths = hosts.flatMap(({ host, paths: of }) => [...of.values()].map((path) => ({ host, path })));
  const perPath = (name: string, help: string, value: (path: (typeof paths)[number]['path']) => bigint): Family => ({
    name,
    type: 'counter',
    help,
    samples: paths.map(({ host, path }) => {
      const { port, direction } = path.last;
      return [{ host, port, direction }, value(path)] as const;
    }),
  });
  return [
    perPath('fournines_port_packets_total', 'Packets the port counts as passed.', ({ last }) => last.packets),
    perPath('fournines_port_bytes_total', 'Bytes of those packets.', ({ last }) => last.bytes),
    {
      name: 'fournines_port_drops_total',
      type: 'counter',
      help: 'Packets dropped, by cause; filtered ones are no loss.',
      samples: hosts.flatMap(({ host, drops }) =>
        [...drops.values()].map(
          ({ port, direction, cause, place, packets }) => [{ host, port, direction, cause, place }, packets] as const,
        ),
      ),
    },
    {
      name: 'fournines_port_slots_total',
      type: 'counter',
      help: 'One-second slots told since the server started, by what is known of them.',
      samples: paths.flatMap(({ host, path }) =>
        Object.entries(path.slotsByState).map(
          ([state, count]) => [{ host, port: path.last.port, direction: path.last.direction, state }, count] as const,
        ),
      ),
    },
  ];
}

function datapathFamilies(hosts: readonly HostLive[]): Family[] {
  const datapaths = hosts.flatMap(({ host, datapaths: of }) => [...of.values()].map((of) => ({ host, of })));
  return [
    {
      name: 'fournines_datapath_packets_total',
      type: 'counter',
      help: 'Packets of known slots since the server started: taken in, sent out, lost at ports.',
      samples: datapaths.flatMap(({ host, of: { last, sums } }) => [
        [{ host, datapath: last.datapath, what: 'in' }, sums.inPackets] as const,
        [{ host, datapath: last.datapath, what: 'out' }, sums.outPackets] as const,
        [{ host, datapath: last.datapath, what: 'port_drops' }, sums.portDrops] as const,
      ]),
    },
    {
      name: 'fournines_datapath_unknown_slots_total',
      type: 'counter',
      help: 'One-second slots since the server started whose ledger is unknown.',
      samples: datapaths.map(({ host, of: { last, sums } }) => [{ host, datapath: last.datapath }, sums.unknownSlots]),
    },
    {
      name: 'fournines_datapath_residual_packets',
      type: 'gauge',
      help: 'In less out less port drops of the last slot, as read; copies and drops inside are still in it.',
      samples: datapaths.flatMap(({ host, of: { last } }) =>
        last.residual === null ? [] : [[{ host, datapath: last.datapath }, last.residual] as const],
      ),
    },
  ];
}

function hostFamilies(hosts: readonly HostLive[]): Family[] {
  const perCpu = (
    name: string,
    help: string,
    value: (row: { processed: bigint; dropped: bigint; timeSqueeze: bigint }) => bigint,
  ): Family => ({
    name,
    type: 'counter',
    help,
    samples: hosts.flatMap(({ host, softnet }) =>
      [...softnet.values()].map((row) => [{ host, cpu: String(row.cpu) }, value(row)] as const),
    ),
  });
  const perThread = (
    name: string,
    help: string,
    value: (row: { runNs: bigint; runDelayNs: bigint }) => bigint,
  ): Family => ({
    name,
    type: 'counter',
    help,
    samples: hosts.flatMap(({ host, threads }) =>
      [...threads.values()].map(
        (row) =>
          [
            { host, owner: row.owner, role: row.role, thread: row.name, tid: String(row.tid) },
            seconds(value(row)),
          ] as const,
      ),
    ),
  });
  return [
    perCpu('fournines_softnet_processed_total', 'Packets taken from the backlog.', (row) => row.processed),
    perCpu('fournines_softnet_dropped_total', 'Packets dropped because the backlog was full.', (row) => row.dropped),
    perCpu(
      'fournines_softnet_time_squeeze_total',
      'Times the receive loop stopped with work left.',
      (row) => row.timeSqueeze,
    ),
    perThread('fournines_thread_run_seconds_total', 'Time on a CPU.', (row) => row.runNs),
    perThread(
      'fournines_thread_run_delay_seconds_total',
      'Time runnable but waiting for a CPU: steal.',
      (row) => row.runDelayNs,
    ),
  ];
}

function collectorFamilies(hosts: readonly HostLive[]): Family[] {
  const ticks = hosts.flatMap(({ host, lastTick }) => (lastTick === undefined ? [] : [{ host, tick: lastTick }]));
  return [
    {
      name: 'fournines_collector_gather_seconds',
      type: 'gauge',
      help: 'How long the last tick took to gather.',
      samples: ticks.map(({ host, tick }) => [{ host }, seconds(tick.gatherNs)] as const),
    },
    {
      name: 'fournines_collector_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory of the process the collector runs in.',
      samples: ticks.map(({ host, tick }) => [{ host }, tick.rssBytes] as const),
    },
  ];
}

/** Prometheus values are floats; nothing here decides on them. */
function seconds(ns: bigint): number {
  return Number(ns) / 1e9;
}
