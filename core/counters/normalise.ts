import type { Cause } from '../catalogue/causes.ts';
import type { Direction } from '../catalogue/kind-parts.ts';
import type { DropPlace } from '../catalogue/kinds.ts';
import { counterMap } from './counter-map.ts';
import type { CounterMap, CounterRow, DriverName } from './map-types.ts';

/** Lost packets of one cause, as raw counters tell them. A cause that no present counter tells has no reading. */
export interface CauseReading {
  readonly direction: Direction;
  readonly cause: Cause;
  readonly place: DropPlace;
  /** `device`: of the whole card; count it once, whichever of its ports told it. */
  readonly scope: 'port' | 'device';
  /** Cumulative. */
  readonly packets: bigint;
  /** Names that were added, and with `-` before them taken off. */
  readonly counters: readonly string[];
  /** A total less its parts: may step back by what was lost between two reads. See `held`. */
  readonly derived: boolean;
  /** 32: modulo 2^32, because a counter in it is. */
  readonly widthBits: 32 | 64;
}

export interface NormaliseOptions {
  /** The map to read by; another one replays stored raw values. */
  readonly map?: CounterMap;
  /** Zeros were left out on purpose and nothing was cut: an absent counter is 0. */
  readonly absentIsZero?: boolean;
  /** The reading before, of the same life of the counters: makes totals less parts that were read first exact. */
  readonly previous?: ReadonlyMap<string, bigint>;
}

export interface OvsOptions extends Pick<NormaliseOptions, 'map' | 'previous'> {
  /** Driver of a `dpdk` port, where known. */
  readonly driver?: DriverName;
}

type Values = ReadonlyMap<string, bigint>;

/** Causes of what an ethdev with this driver lost, from its xstats (generic and own names together). */
export function causesOf(driver: DriverName, values: Values, options: NormaliseOptions = {}): CauseReading[] {
  const { map = counterMap } = options;
  return sum(map.drivers[driver].rows, values, options);
}

/** Causes from `Interface.statistics` of a port; `type` as OVSDB has it, `version` of OVS as it says it, '' if unknown. */
export function ovsCausesOf(type: string, version: string, values: Values, options: OvsOptions = {}): CauseReading[] {
  return sum(ovsRows(type, version, options), values, options);
}

/** Causes that only the process knows, from total counts of `coverage/show`; no port can be named for them. */
export function coverageCausesOf(totals: Values, options: Pick<NormaliseOptions, 'map'> = {}): CauseReading[] {
  return sum((options.map ?? counterMap).coverage.rows, totals, {});
}

/** Names that look like losses and are in no row of the map: to be shown, never summed. */
export function unmappedOf(driver: DriverName, names: Iterable<string>, map: CounterMap = counterMap): string[] {
  return unmapped(map.drivers[driver].rows, names);
}

/** The same for OVSDB keys; what OVS passes on from a known driver is looked up there too. */
export function ovsUnmappedOf(type: string, names: Iterable<string>, options: OvsOptions = {}): string[] {
  const { map = counterMap, driver } = options;
  const own = Object.hasOwn(map.ovsPorts, type) ? (map.ovsPorts[type]?.rows ?? []) : [];
  return unmapped(driver === undefined ? own : [...own, ...map.drivers[driver].rows], names);
}

/**
 * Derived causes never step back: where `now` tells less than was told before, the earlier number stays. Each derived
 * number is at most the true one (given `previous`), so the highest so far is too. Only within one life of the counters.
 */
export function held(before: readonly CauseReading[], now: readonly CauseReading[]): CauseReading[] {
  const last = new Map(before.map((reading) => [keyOf(reading), reading.packets]));
  return now.map((reading) => {
    const known = last.get(keyOf(reading)) ?? 0n;
    return reading.derived && known > reading.packets ? { ...reading, packets: known } : reading;
  });
}

/** What tells two readings of one source apart. */
function keyOf({ direction, cause, place, scope }: CauseReading): string {
  return `${direction} ${cause} ${place} ${scope}`;
}

function ovsRows(type: string, version: string, { map = counterMap, driver }: OvsOptions): readonly CounterRow[] {
  const set = Object.hasOwn(map.ovsPorts, type) ? map.ovsPorts[type] : undefined;
  if (set === undefined) return [];
  const now = versionOf(version);
  return set.rows
    .filter(({ since, until }) => now >= versionOf(since ?? '0.0') && (until === undefined || now < versionOf(until)))
    .filter((row) => driver === undefined || row.exceptDrivers?.includes(driver) !== true)
    .map((row) => {
      if (driver === undefined || row.byDriver === undefined) return row;
      const own = map.drivers[driver].rows.find((other) => other.counter === row.counter);
      return own === undefined ? row : { ...row, cause: own.cause };
    });
}

/** 3.1 before 3.10; a version that cannot be read is taken for the newest. */
function versionOf(text: string): number {
  const match = /(\d{1,4})\.(\d{1,4})/.exec(text);
  return match === null ? Number.MAX_SAFE_INTEGER : Number(match[1]) * 10_000 + Number(match[2]);
}

function sum(rows: readonly CounterRow[], values: Values, options: NormaliseOptions): CauseReading[] {
  const split = new Set(rows.flatMap((row) => row.less ?? []));
  const readings = new Map<string, CauseReading>();
  for (const row of rows) {
    if (row.role !== 'total' && !(row.role === 'part' && split.has(row.counter))) continue;
    const reading = row.less === undefined ? plain(row, values, options) : remainder(row, row.less, values, options);
    if (reading === undefined) continue;
    const key = keyOf(reading);
    const other = readings.get(key);
    readings.set(key, other === undefined ? reading : add(other, reading));
  }
  return [...readings.values()];
}

function add(one: CauseReading, two: CauseReading): CauseReading {
  return {
    ...one,
    packets: one.packets + two.packets,
    counters: [...one.counters, ...two.counters],
    derived: one.derived || two.derived,
    widthBits: one.widthBits === 32 ? 32 : two.widthBits,
  };
}

interface Found {
  readonly packets: bigint;
  readonly counters: readonly string[];
}

/** The counters of a name or pattern that are there, summed; undefined where none is. */
function find(counter: string, values: Values, absentIsZero: boolean): Found | undefined {
  const pattern = patternOf(counter);
  const names = pattern === null ? [counter] : [...values.keys()].filter((name) => pattern.test(name));
  const counters = names.filter((name) => countOf(values, name) !== undefined);
  if (counters.length === 0) return absentIsZero && pattern === null ? { packets: 0n, counters: names } : undefined;
  return { packets: counters.reduce((all, name) => all + (countOf(values, name) ?? 0n), 0n), counters };
}

const allOnes = 2n ** 64n - 1n;

/** All ones is how a driver says that it does not count this; OVSDB's signed integers make -1 of it. */
function countOf(values: Values, name: string): bigint | undefined {
  const value = values.get(name);
  return value === undefined || value < 0n || value >= allOnes ? undefined : value;
}

function plain(row: CounterRow, values: Values, { absentIsZero = false }: NormaliseOptions): CauseReading | undefined {
  const found = find(row.counter, values, absentIsZero);
  return found && readingOf(row, row.cause, found, false);
}

/**
 * A total less its parts. Where the parts are read first, the total of the reading before less the parts of now is never
 * too high: all those parts were lost by now, and what was lost for the other cause before is in both.
 */
function remainder(
  row: CounterRow,
  less: readonly string[],
  values: Values,
  { absentIsZero = false, previous }: NormaliseOptions,
): CauseReading | undefined {
  const now = find(row.counter, values, absentIsZero);
  if (now === undefined) return undefined;
  const parts = less.map((part) => find(part, values, absentIsZero)).filter((part) => part !== undefined);
  const before = row.partsReadFirst && previous ? countOf(previous, row.counter) : undefined;
  const total = before !== undefined && before <= now.packets ? before : now.packets;
  const left = parts.reduce((rest, part) => rest - part.packets, total);
  const packets = left > 0n ? left : 0n;
  const counters = [...now.counters, ...parts.flatMap((part) => part.counters.map((name) => `-${name}`))];
  const cause = parts.length === less.length ? (row.rest ?? row.cause) : row.cause;
  return readingOf(row, cause, { packets, counters }, parts.length > 0);
}

function readingOf(row: CounterRow, cause: Cause, found: Found, derived: boolean): CauseReading {
  const { direction, place, scope, widthBits = 64 } = row;
  return { direction, cause, place, scope, packets: found.packets, counters: found.counters, derived, widthBits };
}

const patterns = new Map<string, RegExp>();

/** `rx_q{q}_errors` also finds rx_q0errors, the form before DPDK 20.11. null: an exact name. */
function patternOf(counter: string): RegExp | null {
  if (!/^\w*(\{[qn]\}\w*)+$/.test(counter)) return null;
  const known = patterns.get(counter);
  if (known !== undefined) return known;
  const source = counter.replaceAll('_q{q}_', String.raw`_q\d{1,5}_?`).replace(/\{[qn]\}/g, String.raw`\d{1,5}`);
  const pattern = new RegExp(`^${source}$`);
  patterns.set(counter, pattern);
  return pattern;
}

/** Words of a loss in a counter's name; what has none of them is traffic. */
const lossWords = /drop|discard|err|miss|fail|exceed|overflow|overrun|out_of_buffer|oob|no_?buf|csum_bad|lost/;

function unmapped(rows: readonly CounterRow[], names: Iterable<string>): string[] {
  const exact = new Set(rows.map((row) => row.counter));
  const forms = rows.map((row) => patternOf(row.counter)).filter((pattern) => pattern !== null);
  return [...names].filter(
    (name) => lossWords.test(name) && !exact.has(name) && !forms.some((pattern) => pattern.test(name)),
  );
}
