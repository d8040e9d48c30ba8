import { Accumulator } from '../../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../../collector/counter-states.ts';
import type { ReadTime } from '../../../../../collector/slot.ts';
import { DatapathReader } from '../../../../../collector/sources/ovs/datapath.ts';
import { parseDpctlShow } from '../../../../../collector/sources/ovs/dpctl-show.ts';
import type { InterfaceRow, VswitchSnapshot } from '../../../../../collector/sources/ovs/interfaces.ts';
import type { DaemonLife } from '../../../../../collector/sources/ovs/ports.ts';
import type { Kind, RowOf } from '../../../../../core/catalogue/columns.ts';

export const startSecond = 1_800_000_000;
export const life: DaemonLife = { place: 'b0', pid: 100, startTicks: 7n, version: '3.1.0' };

export function timeAt(second: number): ReadTime {
  const ns = BigInt(second) * 1_000_000_000n;
  return {
    boundary: startSecond + second,
    wallNs: BigInt(startSecond) * 1_000_000_000n + ns,
    monoNs: ns,
    readSpanNs: 0n,
  };
}

/** A row of the database as far as a test says it. */
export function interfaceRow(row: Partial<InterfaceRow> & { readonly name: string }): InterfaceRow {
  const none = new Map<string, string>();
  return {
    uuid: `u-${row.name}`,
    type: '',
    externalIds: none,
    options: none,
    otherConfig: none,
    status: none,
    statistics: new Map(),
    ...row,
  } as InterfaceRow;
}

export function snapshotOfRows(rows: readonly InterfaceRow[]): VswitchSnapshot {
  const none = new Map();
  return {
    root: undefined,
    bridges: none,
    ports: none,
    mirrors: none,
    interfaces: new Map(rows.map((row) => [row.uuid, row])),
  };
}

/** Readings one after the other, each kept before the next. */
export class Readings {
  readonly #states = new CounterStates();
  readonly #kept: Accumulator[] = [];

  /** Lets `write` write a reading, and keeps it. */
  keep(write: (into: Accumulator) => void): Accumulator {
    const into = new Accumulator({ host: 'cn1', states: this.#states, keyFrame: false, nowMs: 0n });
    write(into);
    this.#states.commit(into.staged);
    this.#kept.push(into);
    return into;
  }

  rows<K extends Kind>(kind: K): RowOf<K>[] {
    return this.#kept.flatMap((into) => (into.rows.get(kind) ?? []) as RowOf<K>[]);
  }
}

/** What `dpctl/show -s` said of the first datapath, second by second. */
export function followShows(texts: readonly string[], rows: readonly InterfaceRow[] = []): Readings {
  const readings = new Readings();
  let reader: DatapathReader | undefined;
  for (const [i, text] of texts.entries()) {
    const [datapath] = parseDpctlShow(text).datapaths;
    if (datapath === undefined) throw new Error('no datapath in the text');
    reader ??= new DatapathReader(datapath.name);
    const followed = reader;
    readings.keep((into) => {
      followed.read(datapath, snapshotOfRows(rows), true);
      followed.close({ life, time: timeAt(i), facts: false }, into);
    });
    followed.kept();
  }
  return readings;
}
