import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Accumulator } from '../../../collector/accumulator.ts';
import { Agent } from '../../../collector/agent.ts';
import { identityOf } from '../../../collector/slot.ts';
import type { Source, Tick } from '../../../collector/source.ts';
import { encodeCheckpoint } from '../../../collector/spool/checkpoint.ts';
import { readKept } from '../../../collector/spool/read-kept.ts';
import type { Spool } from '../../../collector/spool/spool.ts';
import { timedRead } from '../../../collector/timed-read.ts';
import type { Kind, RowOf } from '../../../core/catalogue/columns.ts';
import { dropSlot, event, portSlot, tick as tickKind, xstatSlot } from '../../../core/catalogue/kinds.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';
import { BlockReader } from '../../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../../core/wire/message.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../fakes/scripted-native.ts';
import { MemoryDisk } from './spool/memory-disk.ts';
import { drain, ListeningSink, openSpool } from './spool/spool-bench.ts';

const start = 1_800_000_000;
const rule = { widthBits: 64, perSecondMax: 1n << 50n } as const;
const identity = identityOf('boot', 'a');

/** The counters of a NIC, which live on whatever becomes of the collector. */
class Nic implements Source {
  readonly name = 'nic';
  readonly kinds = [portSlot, dropSlot, xstatSlot];
  port = 'a';
  former: string | undefined;
  /** Written on change and never else. */
  pace: 'quiet' | undefined;
  packets = 0n;
  drops = 0n;
  extended = 0n;
  readonly #native: ScriptedNative;

  constructor(native: ScriptedNative) {
    this.#native = native;
  }

  gather(tick: Tick, into: Accumulator): void {
    const { port, packets } = this;
    if (this.former !== undefined) into.rename(this.former, port);
    const [, time] = timedRead(this.#native, tick.boundary, () => undefined);
    const direction = 'rx' as const;
    into.close({
      kind: portSlot,
      own: { port, direction, countedIn: '' },
      time,
      identity,
      values: { packets, bytes: 0n, dropsOutside: 0n, dropsInside: 0n },
      rules: { packets: rule, bytes: rule, dropsOutside: rule, dropsInside: rule },
    });
    into.close({
      kind: dropSlot,
      own: { port, direction, cause: 'noBuffer', place: 'outside' },
      time,
      identity,
      values: { packets: this.drops },
      rules: { packets: rule },
      onChange: true,
      ...(this.pace === undefined ? {} : { ownPace: this.pace }),
    });
    into.close({
      kind: xstatSlot,
      own: { port, name: 'x' },
      time,
      identity,
      values: { value: this.extended },
      rules: { value: rule },
      onChange: true,
      ...(this.pace === undefined ? {} : { ownPace: this.pace }),
    });
  }

  kept(): void {
    this.former = undefined;
  }
}

/** A host whose collector is killed and started again. */
class Host {
  readonly clock = new ManualClock(start);
  readonly nic = new Nic(new ScriptedNative(this.clock));
  disk = new MemoryDisk();
  spool!: Spool;
  agent!: Agent;

  async startCollector(bootId = 'boot'): Promise<void> {
    const spool = await openSpool({ disk: this.disk, bootId, bytesMax: 1 << 24 });
    this.spool = spool;
    this.agent = new Agent({
      host: 'cn1',
      bootId,
      sources: [this.nic],
      sink: spool,
      clock: this.clock,
      logger: silentLogger,
      sourceDeadlineMs: 5000,
      readResumed: (signal) => readKept(spool, silentLogger, signal),
      stream: {
        get id() {
          return spool.id;
        },
        get nextSeq() {
          return spool.nextSeq;
        },
        keepStates: (checkpoint) => spool.keepCheckpoint(encodeCheckpoint(checkpoint)),
      },
    });
    await this.agent.start();
    await this.#settled();
  }

  /** Time passes; a running collector has taken its tick afterwards. */
  async second(seconds = 1): Promise<void> {
    this.clock.advance(seconds * 1000);
    await this.#settled();
  }

  async kill(): Promise<void> {
    this.disk = this.disk.kill();
    void this.agent.stop();
    // The agent of the dead process sleeps for good: its clock must wake nobody.
    await Promise.resolve();
  }

  /** Everything that is in the spool, as the bus would have it. */
  async messages(): Promise<Message[]> {
    const sink = new ListeningSink();
    const disk = this.disk.copy();
    const spool = await openSpool({ disk, bytesMax: 1 << 24 });
    await drain(spool, sink);
    return sink.values.map((value) => decodeMessage(value));
  }

  async #settled(): Promise<void> {
    for (let turns = 0; this.clock.sleepers === 0; turns++) {
      if (turns > 100_000) throw new Error('the agent does not come to rest');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function rowsOf<K extends Kind>(messages: readonly Message[], kind: K): RowOf<K>[] {
  const reader = new BlockReader(kind);
  return messages.flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.kind === kind.name ? reader.rows(block) : [])),
  );
}

function sums(messages: readonly Message[]) {
  const sum = (values: readonly (bigint | null)[]) =>
    values.reduce((total: bigint, value) => total + (value ?? 0n), 0n);
  return {
    packets: sum(rowsOf(messages, portSlot).map(({ packetsInc }) => packetsInc)),
    drops: sum(rowsOf(messages, dropSlot).map(({ packetsInc }) => packetsInc)),
    extended: sum(rowsOf(messages, xstatSlot).map(({ valueInc }) => valueInc)),
  };
}

describe('a collector with a spool', () => {
  it('writes the identity of the spool into each message and tick row, and no number twice or left out', async () => {
    const host = new Host();
    await host.startCollector();
    const { id } = host.spool;
    for (let i = 0; i < 3; i++) await host.second();
    await host.kill();
    await host.startCollector();
    await host.second();
    await host.kill();
    const messages = await host.messages();
    const expected = [0n, 1n, 2n, 3n, 4n, 5n].map((seq) => [id, seq]);
    expect(messages.map(({ stream, seq }) => [stream, seq])).toEqual(expected);
    expect(rowsOf(messages, tickKind).map(({ stream, seq }) => [stream, seq])).toEqual(expected);
  });

  it('goes on counting after a kill without asking anybody: one gap, its sum known', async () => {
    const host = new Host();
    await host.startCollector();
    for (let i = 1; i <= 10; i++) {
      host.nic.packets += 10n;
      if (i === 3) host.nic.drops += 4n;
      if (i === 5) host.nic.extended += 2n;
      await host.second();
    }
    await host.kill();
    host.nic.packets += 500n;
    host.nic.drops += 7n;
    host.nic.extended += 1n;
    host.clock.advance(20_000);
    await host.startCollector();
    await host.kill();
    const messages = await host.messages();
    expect(sums(messages)).toEqual({ packets: 600n, drops: 11n, extended: 3n });
    const bridge = { state: 'bridged', slot: start + 10, slots: 20 };
    expect(rowsOf(messages, portSlot).at(-1)).toMatchObject({ ...bridge, packetsInc: 500n });
    // It stood still up to the last row of its port: the gap of the drops is the gap of the port.
    expect(rowsOf(messages, dropSlot).at(-1)).toMatchObject({ ...bridge, packetsInc: 7n });
    expect(rowsOf(messages, xstatSlot).at(-1)).toMatchObject({ state: 'bridged', valueInc: 1n });
  });

  it('finds a counter again that was last written long before the last checkpoint', async () => {
    const host = new Host();
    host.nic.pace = 'quiet';
    await host.startCollector();
    host.nic.extended = 5n;
    host.nic.drops = 5n;
    await host.second();
    // Three checkpoints later there is no row of it any more that a start would read.
    for (let i = 0; i < 460; i++) await host.second();
    await host.kill();
    host.nic.extended = 6n;
    host.nic.drops = 8n;
    await host.startCollector();
    await host.second();
    await host.kill();
    const messages = await host.messages();
    expect(sums(messages)).toEqual({ packets: 0n, drops: 8n, extended: 6n });
    expect(rowsOf(messages, dropSlot).map(({ packetsInc }) => packetsInc)).toEqual([5n, 3n]);
    // The drops stood still up to the last row of their port, the other counter up to the checkpoint.
    expect(rowsOf(messages, dropSlot).at(-1)).toMatchObject({ slot: start + 461, slots: 1 });
    expect(rowsOf(messages, xstatSlot).at(-1)).toMatchObject({ state: 'bridged', valueInc: 1n, slot: start + 450 });
  });

  it('of another boot nothing is taken over', async () => {
    const host = new Host();
    await host.startCollector();
    await host.second();
    await host.kill();
    await host.startCollector('another boot');
    await host.kill();
    const { length } = await host.messages();
    expect(rowsOf((await host.messages()).slice(length - 1), portSlot)).toEqual([]);
  });

  it('with a damaged tick behind the checkpoint every counter begins anew: it may be on the bus already', async () => {
    const host = new Host();
    await host.startCollector();
    for (let i = 0; i < 3; i++) {
      host.nic.packets += 10n;
      await host.second();
    }
    await host.kill();
    const bytes = [...host.disk.files].find(([path]) => path.endsWith('.seg'))?.[1] as Buffer;
    const second = bytes.lastIndexOf('4N9S', bytes.lastIndexOf('4N9S') - 1);
    bytes[second] = 0;
    await host.startCollector();
    await host.kill();
    const messages = await host.messages();
    expect(rowsOf(messages.slice(-1), portSlot)).toEqual([]);
    expect(rowsOf(messages, event).map((row) => row.event)).toContain('spool_lost');
  });

  it('a port that was renamed since the checkpoint goes on under its new name alone', async () => {
    const host = new Host();
    await host.startCollector();
    host.nic.drops = 3n;
    await host.second();
    host.nic.former = 'a';
    host.nic.port = 'b';
    host.nic.drops = 5n;
    await host.second();
    await host.kill();
    host.nic.drops = 9n;
    await host.startCollector();
    await host.second();
    await host.kill();
    const messages = await host.messages();
    expect(sums(messages).drops).toBe(9n);
    expect(rowsOf(messages, dropSlot).map(({ port, packetsInc }) => [port, packetsInc])).toEqual([
      ['a', 3n],
      ['b', 2n],
      ['b', 4n],
    ]);
  });
});

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('second' as const), seconds: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('long' as const), seconds: fc.integer({ min: 60, max: 200 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse' as const), seconds: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill' as const), seconds: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('torn' as const), seconds: fc.integer({ min: 0, max: 900 }) }) },
);
const moves = fc.record({
  packets: fc.bigInt({ min: 0n, max: 9n }),
  drops: fc.constantFrom(0n, 0n, 0n, 1n),
  extended: fc.constantFrom(0n, 0n, 0n, 0n, 1n),
});

describe('any order of ticks, refusals and kills', () => {
  it('leaves each counter with the sum of its rows: nothing lost, nothing doubled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, moves), { maxLength: 25 }), async (steps) => {
        const host = new Host();
        await host.startCollector();
        for (const [{ do: what, seconds }, by] of steps) {
          host.nic.packets += by.packets;
          host.nic.drops += by.drops;
          host.nic.extended += by.extended;
          if (what === 'refuse') host.disk.refusing = 'ENOSPC';
          if (what === 'torn') {
            host.disk.fault = { path: '.seg', afterBytes: seconds, what: 'kill' };
            host.clock.advance(1000);
            await host.disk.killed;
          } else if (what === 'kill') {
            host.clock.advance(0);
          } else {
            await host.second(seconds);
          }
          host.disk.refusing = undefined;
          if (what !== 'torn' && what !== 'kill') continue;
          await host.kill();
          await host.startCollector();
        }
        await host.second();
        await host.kill();
        const { packets, drops, extended } = host.nic;
        expect(sums(await host.messages())).toEqual({ packets, drops, extended });
      }),
      { numRuns: 60 },
    );
  });
});
