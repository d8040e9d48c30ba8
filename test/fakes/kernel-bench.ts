import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Accumulator } from '../../collector/accumulator.ts';
import { CounterStates } from '../../collector/counter-states.ts';
import { KernelSource } from '../../collector/sources/kernel/source.ts';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { portSlot } from '../../core/catalogue/kinds.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedNative, type ScriptedNic } from './scripted-native.ts';

export const start = 1_800_000_000;
const never = new AbortController().signal;

/** A kernel source on a scripted host, ticked by hand. */
export class KernelBench {
  readonly clock = new ManualClock(start);
  readonly native = new ScriptedNative(this.clock);
  readonly states = new CounterStates();
  readonly procRoot = mkdtempSync(join(tmpdir(), 'fn-proc-'));
  readonly source = new KernelSource({ native: this.native, place: 'boot net', procRoot: this.procRoot });

  /** Advances a second, gathers, and keeps what came unless told that the bus refused it. */
  tick(
    nics: readonly ScriptedNic[],
    options: { kept?: boolean; keyFrame?: boolean; seconds?: number } = {},
  ): Accumulator {
    this.clock.advance((options.seconds ?? 1) * 1000);
    this.native.nics = nics;
    const boundary = Number(this.clock.read().wallNs / 1_000_000_000n);
    const keyFrame = options.keyFrame ?? false;
    const into = new Accumulator({ host: 'cn1', states: this.states, keyFrame, nowMs: 0n });
    this.source.gather({ boundary, keyFrame, signal: never }, into);
    if (options.kept !== false) {
      this.states.commit(into.staged);
      this.source.kept();
    }
    return into;
  }

  close(): void {
    rmSync(this.procRoot, { recursive: true, force: true });
  }
}

export function rows<K extends Kind>(from: Accumulator, kind: K): RowOf<K>[] {
  return (from.rows.get(kind) ?? []) as RowOf<K>[];
}

export function port(from: Accumulator, name: string, direction: 'rx' | 'tx' = 'rx') {
  return rows(from, portSlot).find((row) => row.port === name && row.direction === direction);
}

export const eth0 = (rxPackets: bigint, more: Partial<ScriptedNic> = {}): ScriptedNic => ({
  name: 'eth0',
  ifindex: 2,
  counters: { rxPackets, rxBytes: rxPackets * 100n },
  ...more,
});
