import { mapVersion } from '../../core/counters/counter-map.ts';
import { type DriverName, driverNames } from '../../core/counters/map-types.ts';
import { type CauseReading, causesOf, ovsCausesOf } from '../../core/counters/normalise.ts';
import { recogniseDriver } from '../../core/counters/recognise.ts';
import { compareCauses } from '../ledger/replay.ts';
import { causeSums, causeSumsParameters } from '../store/queries/cause-sums.ts';
import { portMapFacts } from '../store/queries/port-map-facts.ts';
import { xstatIncrements } from '../store/queries/xstat-increments.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { PortReplay } from './schema/ports.ts';
import { iso, type RequestedWindow } from './window.ts';

interface ReplayRequest {
  readonly host: string;
  readonly port: string;
  readonly window: RequestedWindow;
}

type Facts = RowsOf<typeof portMapFacts>[number];

/**
 * Reads the raw counters of a port over a window by the present map, beside what was stored. The map is applied to the
 * increments of the window: sums and differences of counters are linear, so that is the increment of what it says. Where
 * a total less its parts would be below zero at one reading the collector holds it; over a window that evens out, so the
 * two can differ by what was lost between two readings of such a pair.
 */
export async function readReplay(store: QueryContext, request: ReplayRequest): Promise<PortReplay> {
  const { host, port, window } = request;
  const [facts, increments, stored] = await Promise.all([
    runQuery(store, portMapFacts, { host, port }),
    runQuery(store, xstatIncrements, { host, port, ...window }),
    runQuery(store, causeSums, causeSumsParameters({ host, port, ...window })),
  ]);
  const by = mapOf(facts[0]);
  const values = new Map(increments.map(({ name, increment }) => [name, BigInt(increment)]));
  const replayed = by === null || facts[0] === undefined ? [] : replay(by, facts[0], values);
  const causes = compareCauses(
    stored.map(({ direction, cause, place, packets }) => ({ direction, cause, place, packets: BigInt(packets) })),
    replayed,
  );
  return {
    host,
    port,
    window: { from: iso(window.from), to: iso(window.to) },
    mapVersion,
    by,
    counters: increments
      .filter(({ increment, unknown }) => increment !== '0' || unknown !== '0')
      .map(({ name, increment, unknown }) => ({ name, increment, whole: unknown === '0' })),
    causes: causes.map((cause) => ({
      ...cause,
      stored: String(cause.stored),
      replayed: String(cause.replayed),
      difference: String(cause.replayed - cause.stored),
      counters: [...cause.counters],
    })),
  };
}

/** Kernel ports belong to no datapath: their names are ethtool's, which the map does not read. */
function mapOf(facts: Facts | undefined): PortReplay['by'] {
  if (facts === undefined || facts.datapath === '') return null;
  return facts.datapath.startsWith('dpdk:') ? 'driver' : 'ovs';
}

function replay(by: 'driver' | 'ovs', facts: Facts, values: ReadonlyMap<string, bigint>): CauseReading[] {
  const driver = driverOf(facts.driver, values);
  if (by === 'driver') return causesOf(driver ?? 'generic', values);
  return ovsCausesOf(facts.type, facts.ovsVersion, values, driver === undefined ? {} : { driver });
}

/** The fact is a driver of the map, or the program's own name for it. */
function driverOf(told: string, values: ReadonlyMap<string, bigint>): DriverName | undefined {
  if (told === '') return undefined;
  return driverNames.find((name) => name === told) ?? recogniseDriver(told, null, [...values.keys()]);
}
