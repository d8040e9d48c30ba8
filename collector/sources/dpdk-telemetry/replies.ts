import type { TelemetryReply } from '../../../native/facade.ts';
import { exactInteger, parseExactJson } from '../../exact-json.ts';

/** What replies say, read with suspicion: anything that does not fit is undefined, never an exception. */

/** Most entries of an array in a reply (RTE_TEL_MAX_ARRAY_ENTRIES). */
const entriesMax = 512;
/** ethdev port ids are 16 bits wide. */
const portIdMax = 0xffff;
const uint64Max = (1n << 64n) - 1n;
/** Names of devices and pools have fewer than 64 bytes; commands take what is printable and no comma. */
const deviceName = /^[^\p{Cc}]{1,64}$/u;
const poolName = /^[\x21-\x2b\x2d-\x7e]{1,64}$/;

/** `/ethdev/stats`. */
export interface BasicStats {
  readonly ipackets: bigint;
  readonly opackets: bigint;
  readonly ibytes: bigint;
  readonly obytes: bigint;
  readonly imissed: bigint;
  readonly ierrors: bigint;
  readonly oerrors: bigint;
  readonly rxNombuf: bigint;
  /** The first 16 queues; not since DPDK 25.11. */
  readonly queues: QueueStats | undefined;
}

export interface QueueStats {
  readonly ipackets: readonly bigint[];
  readonly opackets: readonly bigint[];
  readonly ibytes: readonly bigint[];
  readonly obytes: readonly bigint[];
  readonly errors: readonly bigint[];
}

/** `/ethdev/info`; what a release does not tell is undefined. */
export interface EthdevInfo {
  readonly name: string;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  readonly numa: number | undefined;
  readonly rxQueues: number | undefined;
  readonly txQueues: number | undefined;
  readonly state: number | undefined;
  readonly isStarted: boolean | undefined;
}

export interface MempoolInfo {
  readonly size: bigint;
  readonly free: bigint;
}

export interface LcoreUsage {
  readonly lcore: number;
  readonly total: bigint;
  readonly busy: bigint;
}

export function basicStatsOf(reply: TelemetryReply): BasicStats | undefined {
  const field = fieldsOf(reply);
  if (field === undefined) return undefined;
  const counter = (name: string) => asUint64(field(name));
  const [ipackets, opackets, ibytes, obytes] = ['ipackets', 'opackets', 'ibytes', 'obytes'].map(counter);
  const [imissed, ierrors, oerrors, rxNombuf] = ['imissed', 'ierrors', 'oerrors', 'rx_nombuf'].map(counter);
  if (ipackets === undefined || opackets === undefined || ibytes === undefined || obytes === undefined)
    return undefined;
  if (imissed === undefined || ierrors === undefined || oerrors === undefined || rxNombuf === undefined) {
    return undefined;
  }
  const queues = queueStatsOf((name) => asUint64List(field(name)));
  return { ipackets, opackets, ibytes, obytes, imissed, ierrors, oerrors, rxNombuf, queues };
}

function queueStatsOf(list: (name: string) => readonly bigint[] | undefined): QueueStats | undefined {
  const [ipackets, opackets, ibytes, obytes, errors] = [
    list('q_ipackets'),
    list('q_opackets'),
    list('q_ibytes'),
    list('q_obytes'),
    list('q_errors'),
  ];
  if (ipackets === undefined || opackets === undefined || ibytes === undefined) return undefined;
  return obytes === undefined || errors === undefined ? undefined : { ipackets, opackets, ibytes, obytes, errors };
}

export function portIdsOf(reply: TelemetryReply): readonly number[] | undefined {
  const list = listOf(reply);
  if (list === undefined) return undefined;
  const ids = list.filter((id): id is number => isWhole(id, portIdMax));
  return ids.length === list.length ? [...new Set(ids)] : undefined;
}

export function commandsOf(reply: TelemetryReply): ReadonlySet<string> | undefined {
  const list = listOf(reply);
  return list === undefined ? undefined : new Set(list.filter((command) => typeof command === 'string'));
}

/** Pools whose name can be asked about. */
export function poolNamesOf(reply: TelemetryReply): readonly string[] | undefined {
  const list = listOf(reply);
  return list?.filter((name): name is string => typeof name === 'string' && poolName.test(name));
}

export function ethdevInfoOf(reply: TelemetryReply): EthdevInfo | undefined {
  const field = fieldsOf(reply);
  const name = field?.('name');
  if (field === undefined || typeof name !== 'string' || !deviceName.test(name)) return undefined;
  const mac = field('mac_addr');
  const started = field('dev_started');
  const small = (key: string) => {
    const value = field(key);
    return isWhole(value, portIdMax) ? value : undefined;
  };
  return {
    name,
    mac: typeof mac === 'string' && /^[0-9A-Fa-f:]{17}$/.test(mac) ? mac.toLowerCase() : undefined,
    mtu: small('mtu'),
    numa: small('numa_node'),
    rxQueues: small('nb_rx_queues'),
    txQueues: small('nb_tx_queues'),
    state: small('state'),
    isStarted: started === 0 || started === 1 ? started === 1 : undefined,
  };
}

/** Undefined where the release does not count free buffers (before 23.03): unknown, not none. */
export function mempoolInfoOf(reply: TelemetryReply): MempoolInfo | undefined {
  const field = fieldsOf(reply);
  const [size, cached, common] = ['size', 'total_cache_count', 'common_pool_count'].map((name) =>
    asUint64(field?.(name)),
  );
  if (size === undefined || cached === undefined || common === undefined) return undefined;
  return cached + common <= size ? { size, free: cached + common } : undefined;
}

/** One for each lcore that the program tells of; most programs tell of none. */
export function lcoreUsageOf(reply: TelemetryReply): readonly LcoreUsage[] | undefined {
  const field = fieldsOf(reply);
  const [ids, total, busy] = ['lcore_ids', 'total_cycles', 'busy_cycles'].map((name) => asUint64List(field?.(name)));
  if (ids === undefined || total?.length !== ids.length || busy?.length !== ids.length) return undefined;
  const usage = ids.map((id, i) => ({ lcore: Number(id), total: total[i] as bigint, busy: busy[i] as bigint }));
  return usage.every(({ lcore }) => lcore <= portIdMax) ? usage : undefined;
}

/** Fields of an object, flat or not. */
function fieldsOf(reply: TelemetryReply): ((name: string) => unknown) | undefined {
  const { names, values } = reply;
  if (names !== null && values !== null) {
    return (name) => {
      const i = names.indexOf(name);
      return i < 0 ? undefined : values[i];
    };
  }
  const value = jsonOf(reply);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
}

function listOf(reply: TelemetryReply): readonly unknown[] | undefined {
  const value = jsonOf(reply);
  return Array.isArray(value) && value.length <= entriesMax ? value : undefined;
}

function jsonOf({ text }: TelemetryReply): unknown {
  if (text === null) return undefined;
  try {
    return parseExactJson(text, 'FN_TELEMETRY_REPLY');
  } catch {
    // What cannot be read is for the caller to count, whatever is wrong with it.
    return undefined;
  }
}

function asUint64(value: unknown): bigint | undefined {
  const whole = exactInteger(value);
  return whole !== undefined && whole >= 0n && whole <= uint64Max ? whole : undefined;
}

function asUint64List(value: unknown): readonly bigint[] | undefined {
  if (!Array.isArray(value) || value.length > entriesMax) return undefined;
  const list = value.map(asUint64);
  return list.every((one) => one !== undefined) ? (list as bigint[]) : undefined;
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}
