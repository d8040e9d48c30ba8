import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Spool } from '../../../../collector/spool/spool.ts';
import { MemoryDisk } from './memory-disk.ts';
import { busFull, drain, firstOccurrences, ListeningSink, openSpool, publisherOf, tick } from './spool-bench.ts';

type Step =
  | { readonly do: 'append'; readonly bytes: number }
  /** Killed in the append, after so many of its bytes. */
  | { readonly do: 'killedAppend'; readonly bytes: number; readonly after: number }
  /** Refused in the append, after so many of its bytes. */
  | { readonly do: 'refusedAppend'; readonly bytes: number; readonly after: number }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'close' | 'kill' | 'reboot' }
  /** For so many turns; of so many ticks the bus rejects one, and some behind it. */
  | { readonly do: 'deliver'; readonly takes: number; readonly rejects: number; readonly turns: number };

const bytes = fc.integer({ min: 1, max: 3000 });
const after = fc.integer({ min: 0, max: 3000 });
const deliver = fc.record({
  do: fc.constant('deliver' as const),
  takes: fc.integer({ min: 1, max: 9 }),
  rejects: fc.integer({ min: 0, max: 3 }),
  turns: fc.integer({ min: 0, max: 80 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), bytes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('killedAppend' as const), bytes, after }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refusedAppend' as const), bytes, after }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('checkpoint' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'kill' as const, 'reboot' as const) }) },
  { weight: 2, arbitrary: deliver },
);

/** Runs the steps against a spool; knows what was answered, and under which name. */
class Run {
  readonly answered: string[] = [];
  readonly names: string[] = [];
  readonly sink = new ListeningSink();
  #disk = new MemoryDisk();
  #spool: Spool | undefined;
  #boot = 0;
  #count = 0;

  async spool(): Promise<Spool> {
    this.#spool ??= await openSpool({
      disk: this.#disk,
      bootId: `boot-${this.#boot}`,
      segmentBytes: 5000,
      bytesMax: 1 << 22,
    });
    return this.#spool;
  }

  async take(step: Step): Promise<void> {
    const spool = await this.spool();
    if (step.do === 'append') return this.#append(spool, step.bytes);
    if (step.do === 'checkpoint') return spool.keepCheckpoint([tick('checkpoint', 500), tick('more', 500)]);
    if (step.do === 'deliver') return this.#deliver(spool, step);
    if (step.do === 'killedAppend') {
      this.#disk.fault = { path: '.seg', afterBytes: Math.min(step.after, step.bytes), what: 'kill' };
      void this.#append(spool, step.bytes);
      await this.#disk.killed;
      return this.#restart(false);
    }
    if (step.do === 'refusedAppend') {
      this.#disk.fault = { path: '.seg', afterBytes: Math.min(step.after, step.bytes), what: 'ENOSPC' };
      await this.#append(spool, step.bytes).catch(() => undefined);
      this.#disk.fault = undefined;
      return undefined;
    }
    if (step.do === 'reboot') this.#boot++;
    return this.#restart(step.do === 'close');
  }

  async finish(): Promise<void> {
    await drain(await this.spool(), this.sink);
  }

  async #restart(clean: boolean): Promise<void> {
    if (clean) await this.#spool?.close();
    else this.#disk = this.#disk.kill();
    this.#spool = undefined;
  }

  async #append(spool: Spool, bytesOf: number): Promise<void> {
    const text = `tick ${this.#count++} ${spool.id}`;
    const { offset } = await spool.append('cn1', tick(text, bytesOf));
    this.answered.push(text);
    this.names.push(`${spool.id} ${offset}`);
  }

  /** The bus answers late, and out of order; once it rejects a tick it rejects those in flight behind it. */
  async #deliver(spool: Spool, { takes, rejects, turns }: Extract<Step, { do: 'deliver' }>): Promise<void> {
    const { sink } = this;
    let calls = 0;
    let rejecting = 0;
    sink.judge = () => {
      if (rejecting-- > 0) throw busFull();
      if (++calls % takes !== 0) return;
      rejecting = rejects;
      throw busFull();
    };
    sink.answer = async () => {
      for (let turn = (calls * 7) % 5; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    };
    const publisher = publisherOf(spool, sink, { stopDeadlineMs: 5 });
    publisher.start();
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await publisher.stop();
    sink.judge = () => undefined;
    sink.answer = () => undefined;
  }
}

describe('any order of appends, kills, refusals, restarts and rejections', () => {
  it('brings each answered tick to the bus at least once, in order, none invented, and no number given out twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const run = new Run();
        for (const each of steps) await run.take(each);
        await run.finish();
        expect(firstOccurrences(run.sink.got)).toEqual(run.answered);
        expect(new Set(run.names).size).toBe(run.names.length);
      }),
      { numRuns: 300 },
    );
  });
});
