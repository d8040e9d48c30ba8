import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Agent, type AgentOptions } from '../../../collector/agent.ts';
import { type KeptRows, nothingKept } from '../../../collector/resume.ts';
import { identityOf } from '../../../collector/slot.ts';
import type { Source } from '../../../collector/source.ts';
import { InProcessLog } from '../../../core/bus/in-process.ts';
import type { LogSink } from '../../../core/bus/log.ts';
import type { Kind, RowOf } from '../../../core/catalogue/columns.ts';
import { event, hostFact, portSlot, sourceSlot, tick as tickKind, xstatSlot } from '../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';
import { BlockReader } from '../../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../../core/wire/message.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../fakes/scripted-native.ts';
import { CountingSource } from './counting-source.ts';

const start = 1_800_000_000;
let clock: ManualClock;
let native: ScriptedNative;
let log: InProcessLog;
let agent: Agent | undefined;
let read = 0n;
let opening: Message;

beforeEach(() => {
  clock = new ManualClock(start);
  native = new ScriptedNative(clock);
  log = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax: 1 << 20, nowMs: () => 0 });
  read = 0n;
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

async function startAgent(sources: readonly Source[], more: Partial<AgentOptions> = {}): Promise<Agent> {
  agent = new Agent({
    host: 'cn1',
    bootId: 'boot',
    sources,
    sink: log,
    clock,
    logger: silentLogger,
    sourceDeadlineMs: 50,
    readResumed: nothingKept,
    ...more,
  });
  await agent.start();
  // The clock stands on a whole second, so the first tick comes at once.
  opening = await takeMessage();
  return agent;
}

async function takeMessage() {
  await vi.waitFor(async () => expect(await log.latest(0)).toBeGreaterThan(read), { timeout: 3000, interval: 2 });
  const batch = await log.read({
    partition: 0,
    offset: read,
    maxBytes: 1,
    waitMs: 0,
    signal: new AbortController().signal,
  });
  read = batch.nextOffset;
  return decodeMessage(batch.records[0]?.value ?? new Uint8Array());
}

/** Moves a second on and gives the message of that tick. */
async function nextMessage(ms = 1000) {
  await vi.waitFor(() => expect(clock.sleepers).toBeGreaterThan(0));
  clock.advance(ms);
  return takeMessage();
}

/** Moves a second on in which the bus gets nothing. */
async function silentSecond(running: Agent) {
  await vi.waitFor(() => expect(clock.sleepers).toBeGreaterThan(0));
  const before = running.stats.refused;
  clock.advance(1000);
  await vi.waitFor(() => expect(running.stats.refused).toBeGreaterThan(before), { timeout: 3000, interval: 2 });
}

function rowsOf<K extends Kind>(message: Message, kind: K): RowOf<K>[] {
  const reader = new BlockReader(kind);
  return message.blocks.filter((block) => block.kind === kind.name).flatMap((block) => reader.rows(block));
}

describe('the loop', () => {
  it('sends one message a second, aligned to the wall clock, with the slot it closes', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    source.packets = 5n;
    const [first, second] = [await nextMessage(), await nextMessage()];
    expect([first.slot, second.slot]).toEqual([start, start + 1]);
    expect([opening.seq, first.seq, second.seq]).toEqual([0n, 1n, 2n]);
    expect(rowsOf(second, portSlot)).toMatchObject([{ port: 'a', slot: start + 1, state: 'observed' }]);
    expect(rowsOf(second, tickKind)).toMatchObject([{ host: 'cn1', bootId: 'boot', skipped: 0 }]);
  });

  it('skips the seconds that it slept through, counts them, and bridges them', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    await nextMessage();
    source.packets = 90n;
    const late = await nextMessage(90_000);
    expect(rowsOf(late, portSlot)).toMatchObject([{ state: 'bridged', slots: 90, packetsInc: 90n, slot: start + 1 }]);
    expect(rowsOf(late, tickKind)).toMatchObject([{ skipped: 89 }]);
    expect(agent?.stats.skipped).toBe(89n);
  });

  it('a wake-up past half a second waits for the next one: two slots bridged', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    await nextMessage();
    source.packets = 7n;
    await vi.waitFor(() => expect(clock.sleepers).toBeGreaterThan(0));
    clock.advance(1700);
    const message = await nextMessage(300);
    expect(rowsOf(message, portSlot)).toMatchObject([{ state: 'bridged', slots: 2, packetsInc: 7n }]);
  });

  it('a clock stepped an hour forward is told, the row is suspect, lengths hold', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    await nextMessage();
    clock.step(3_600_000);
    const message = await nextMessage();
    expect(rowsOf(message, portSlot)).toMatchObject([{ suspect: 1, slots: 1, intervalNs: 1_000_000_000n }]);
    expect(rowsOf(message, event)).toMatchObject([{ event: 'clock_step', detail: '{"stepNs":"3600000000000"}' }]);
    expect(rowsOf(await nextMessage(), portSlot)).toMatchObject([{ suspect: 0, slot: start + 3602 }]);
  });

  it('a clock stepped back goes on ticking, and slots that are told twice are suspect', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    for (let i = 0; i < 3; i++) await nextMessage();
    clock.step(-2000);
    const rows = [await nextMessage(), await nextMessage(), await nextMessage()].flatMap((each) =>
      rowsOf(each, portSlot),
    );
    expect(rows.map(({ slot, suspect }) => [slot - start, suspect])).toEqual([
      [1, 1],
      [2, 1],
      [3, 0],
    ]);
  });

  it('facts are told once, and again when they change', async () => {
    await startAgent([new CountingSource('a', native)]);
    expect(rowsOf(opening, hostFact)).toMatchObject([{ name: 'a.fact', value: 'constant' }]);
    expect(rowsOf(await nextMessage(), hostFact)).toEqual([]);
  });
});

describe('a tick that is too large', () => {
  it('goes without its extended counters, says so, and counts on', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    const long = 'x'.repeat(9_000_000);
    source.behave = (_tick, into) => {
      const row = {
        host: 'cn1',
        port: 'a',
        name: long,
        slot: 0,
        slots: 1,
        state: 'observed',
        suspect: 0,
        intervalNs: 1n,
      } as const;
      into.row(xstatSlot, { ...row, readSpanNs: 1n, lateNs: 0n, epoch: 1n, value: 1n, valueInc: 0n });
    };
    source.packets = 4n;
    const message = await nextMessage();
    expect(rowsOf(message, event)).toMatchObject([{ event: 'xstats_left_out', detail: '{"rows":1}' }]);
    expect(rowsOf(message, portSlot)).toMatchObject([{ state: 'observed', packetsInc: 4n }]);
    expect(rowsOf(message, xstatSlot)).toEqual([]);
  });
});

describe('a row that no column takes', () => {
  it('is left out by itself and said to be; the next one bridges what it counted', async () => {
    const [good, odd] = [new CountingSource('good', native), new CountingSource('odd', native)];
    await startAgent([odd, good]);
    await nextMessage();
    odd.packets = 5n;
    odd.countedIn = 7 as unknown as string;
    const message = await nextMessage();
    expect(rowsOf(message, portSlot).map(({ port }) => port)).toEqual(['good']);
    expect(rowsOf(message, event)).toMatchObject([{ event: 'rows_left_out', detail: '{"count":1}' }]);
    odd.countedIn = '';
    odd.packets = 8n;
    const [row] = rowsOf(await nextMessage(), portSlot).filter(({ port }) => port === 'odd');
    expect(row).toMatchObject({ state: 'bridged', slots: 2, packetsInc: 8n });
  });
});

describe('a fact that is gone and there again in one tick', () => {
  it('is told as it is now', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    source.behave = (_tick, into) => into.fact('a.fact', '', 'test');
    expect(rowsOf(await nextMessage(), hostFact)).toEqual([]);
  });
});

describe('a bus that refuses', () => {
  it('costs no packet: the refused seconds are one gap whose sum is known', async () => {
    const source = new CountingSource('a', native);
    let full = false;
    const sink: LogSink = {
      append: async (key, value) => {
        if (full) throw new FourninesError('FN_BUS_FULL', 'the bus is full');
        return log.append(key, value);
      },
    };
    const running = await startAgent([source], { sink });
    source.packets = 10n;
    await nextMessage();
    full = true;
    for (let i = 0; i < 3; i++) {
      source.packets += 10n;
      await silentSecond(running);
    }
    full = false;
    source.packets += 10n;
    const message = await nextMessage();
    expect(rowsOf(message, portSlot)).toMatchObject([{ state: 'bridged', slots: 4, packetsInc: 40n }]);
    expect(rowsOf(message, tickKind)).toMatchObject([{ skipped: 3 }]);
    expect(rowsOf(message, event)).toMatchObject([
      { event: 'ticks_refused', detail: '{"code":"FN_BUS_FULL","count":3}' },
    ]);
    expect(running.stats.refused).toBe(3n);
  });
});

describe('sources are kept apart', () => {
  it('one that throws costs only its own rows, which the next tick bridges', async () => {
    const [good, bad] = [new CountingSource('good', native), new CountingSource('bad', native)];
    await startAgent([bad, good]);
    await nextMessage();
    bad.packets = 5n;
    bad.behave = () => {
      throw new Error('broken');
    };
    const failed = await nextMessage();
    expect(rowsOf(failed, portSlot).map(({ port }) => port)).toEqual(['good']);
    expect(rowsOf(failed, sourceSlot)).toMatchObject([
      { source: 'bad', state: 'failed', code: 'FN_INTERNAL', errors: 1n, rows: 0 },
      { source: 'good', state: 'ok', errors: 0n },
    ]);
    bad.behave = () => undefined;
    const [row] = rowsOf(await nextMessage(), portSlot).filter(({ port }) => port === 'bad');
    expect(row).toMatchObject({ state: 'bridged', slots: 2, packetsInc: 5n });
  });

  it('one that hangs is given up at its deadline, not called again while it hangs, and used again after', async () => {
    const [good, slow] = [new CountingSource('good', native), new CountingSource('slow', native)];
    await startAgent([slow, good]);
    await nextMessage();
    let release: () => void = () => undefined;
    slow.behave = () => new Promise((resolve) => (release = resolve));
    const first = await nextMessage();
    expect(rowsOf(first, sourceSlot)[0]).toMatchObject({ source: 'slow', state: 'timeout', code: 'FN_SOURCE_TIMEOUT' });
    expect(rowsOf(first, portSlot).map(({ port }) => port)).toEqual(['good']);
    const gathers = slow.gathers;
    await nextMessage();
    expect(slow.gathers).toBe(gathers);
    slow.behave = () => undefined;
    release();
    await vi.waitFor(async () => {
      const found = rowsOf(await nextMessage(), portSlot).find(({ port }) => port === 'slow');
      expect(found?.state).toBe('bridged');
    });
  });

  it('one that fails three times in a row is started anew', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    source.behave = () => {
      throw new Error('broken');
    };
    for (let i = 0; i < 3; i++) await nextMessage();
    expect([source.starts, source.stops]).toEqual([1, 1]);
    source.behave = () => undefined;
    await nextMessage();
    expect(source.starts).toBe(2);
  });

  it('one with a fatal error is switched off and not called again', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source]);
    source.behave = () => {
      throw new FourninesError('FN_SOURCE_FATAL', 'no such thing on this host');
    };
    expect(rowsOf(await nextMessage(), sourceSlot)).toMatchObject([{ state: 'disabled', code: 'FN_SOURCE_FATAL' }]);
    await nextMessage();
    expect(source.gathers).toBe(2);
  });
});

describe('after a kill', () => {
  const kept = (bootId: string): KeptRows => ({
    tick: {
      bootId,
      wallNs: BigInt(start - 20) * 1_000_000_000n,
      monoNs: 1_000_000_000_000n - 20_000_000_000n,
      boundary: start - 20,
    },
    rows: new Map([
      [
        'port_slot',
        [
          {
            host: 'cn1',
            port: 'a',
            direction: 'rx',
            countedIn: '',
            slot: start - 21,
            slots: 1,
            state: 'observed',
            suspect: 0,
            intervalNs: 1n,
            readSpanNs: 1n,
            lateNs: 0n,
            epoch: identityOf('boot', 'a') << 16n,
            packets: 100n,
            packetsInc: 1n,
            bytes: 0n,
            bytesInc: 0n,
            dropsOutside: 0n,
            dropsOutsideInc: 0n,
            dropsInside: 0n,
            dropsInsideInc: 0n,
          },
        ],
      ],
    ]),
  });

  it('the gap since the last kept row is bridged, and nothing is lost or doubled', async () => {
    const source = new CountingSource('a', native);
    source.packets = 160n;
    await startAgent([source], { readResumed: async () => kept('boot') });
    expect(rowsOf(opening, portSlot)).toMatchObject([
      { state: 'bridged', slot: start - 20, slots: 20, packetsInc: 60n, suspect: 0 },
    ]);
  });

  it('of another boot nothing is taken over', async () => {
    const source = new CountingSource('a', native);
    source.packets = 160n;
    await startAgent([source], { readResumed: async () => kept('an earlier boot') });
    expect(rowsOf(opening, portSlot)).toEqual([]);
  });

  it('a store that cannot be asked does not keep the collector from counting', async () => {
    const source = new CountingSource('a', native);
    await startAgent([source], { readResumed: () => Promise.reject(new Error('away')) });
    await nextMessage();
    expect(rowsOf(await nextMessage(), portSlot)).toMatchObject([{ state: 'observed' }]);
  });
});
