import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datapathSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { dropSlot, portSlot } from '../../../../../core/catalogue/kinds.ts';
import { FakeOvs } from './fake-ovs.ts';
import { FakeSwitch } from './fake-switch.ts';
import { answer } from './scripted-server.ts';
import { SourceRun, sum } from './source-run.ts';

let model: FakeSwitch;
let ovs: FakeOvs;
let run: SourceRun;

async function begin(): Promise<void> {
  model = new FakeSwitch();
  model.add('uplink0', 'dpdk');
  model.add('vhu1');
  model.add('vhu2');
  ovs = new FakeOvs(model);
  run = new SourceRun(ovs);
  await ovs.startDatabase();
  await ovs.startDaemon();
  await run.open();
  await ovs.refresh();
  await run.tick();
}

async function end(): Promise<void> {
  await run.stop();
  await ovs.stop();
}

beforeEach(begin);
afterEach(end);

/** One second of a script. */
interface Second {
  readonly sent: number;
  readonly lost: number;
  readonly back: number;
  readonly refresh: boolean;
  /** Whether the daemon answers and the bus takes the tick. */
  readonly fate: 'kept' | 'refused' | 'failed';
  readonly reset: 'none' | 'guest' | 'quick guest' | 'daemon';
}

const second = (resets: boolean): fc.Arbitrary<Second> =>
  fc.record({
    sent: fc.nat(2000),
    lost: fc.nat(300),
    back: fc.nat(500),
    refresh: fc.boolean(),
    fate: fc.oneof({ weight: 5, arbitrary: fc.constant('kept' as const) }, fc.constantFrom('refused', 'failed')),
    reset: resets
      ? fc.oneof(
          { weight: 8, arbitrary: fc.constant('none' as const) },
          fc.constantFrom('guest' as const, 'quick guest' as const, 'daemon' as const),
        )
      : fc.constant('none' as const),
  });

/** Plays a script; gives what passed to vhu1, and what it lost. */
async function play(script: readonly Second[]): Promise<readonly [bigint, bigint]> {
  let [passed, lost] = [0n, 0n];
  for (const step of script) {
    model.pass('uplink0', 'vhu1', step.sent, step.lost);
    model.pass('vhu1', 'vhu2', step.back);
    passed += BigInt(step.sent);
    lost += BigInt(step.lost);
    if (step.refresh) await ovs.refresh();
    if (step.reset === 'guest') await awayFor(2);
    // Gone and back between two readings; only a fall of its counters tells.
    if (step.reset === 'quick guest') model.port('vhu1').reset();
    if (step.reset === 'daemon') await startAgain();
    if (step.fate === 'failed') ovs.instead.set('dpctl/show', (question) => answer(question, null, 'busy'));
    await run.tick({ keep: step.fate !== 'refused' });
    ovs.instead.clear();
  }
  await run.ticks(6);
  await ovs.synced();
  model.pass('uplink0', 'vhu1', 1);
  passed++;
  await ovs.refresh();
  await run.ticks(2);
  return [passed, lost];
}

async function awayFor(ticks: number): Promise<void> {
  model.port('vhu1').leave();
  await run.ticks(ticks);
  model.port('vhu1').return();
}

async function startAgain(): Promise<void> {
  await ovs.killDaemon();
  model.restart();
  await ovs.startDaemon(ovs.pid + 1);
}

const allIncrements = () =>
  [portSlot, dropSlot, datapathSlot].flatMap((kind) =>
    run.rows(kind).flatMap((row) =>
      Object.entries(row as Record<string, unknown>)
        .filter(([name]) => name.endsWith('Inc'))
        .map(([, value]) => value as bigint | null),
    ),
  );

describe('whatever happens', () => {
  it('the sums are exact where no counter died, whichever ticks failed or were refused', async () => {
    await fc.assert(
      fc
        .asyncProperty(fc.array(second(false), { minLength: 1, maxLength: 15 }), async (script) => {
          const [passed, lost] = await play(script);
          const back = script.reduce((all, step) => all + BigInt(step.back), 0n);
          expect(run.known('vhu1', 'toGuest')).toEqual([passed, lost]);
          expect(run.known('vhu1', 'fromGuest')).toEqual([back, 0n]);
          expect(sum(run.ledger().map(({ inPackets }) => inPackets))).toBe(passed + lost + back);
          expect(new Set(run.ledger().map(({ residual }) => residual))).toEqual(new Set([0n]));
          expect(sum(run.cause('vhu1', 'vhost_ring_full').map(([, , , packets]) => packets))).toBe(lost);
          expect(run.portRows('vhu1', 'toGuest').every(([, , state]) => state !== 'unknown')).toBe(true);
        })
        .beforeEach(async () => {
          await end();
          await begin();
        }),
      { numRuns: 15 },
    );
  });

  it('no sum is above what was counted, no slot is told twice, nothing is negative', async () => {
    await fc.assert(
      fc
        .asyncProperty(fc.array(second(true), { minLength: 1, maxLength: 15 }), async (script) => {
          const [passed, lost] = await play(script);
          const [told, toldLost] = run.known('vhu1', 'toGuest');
          expect(told <= passed && toldLost <= lost).toBe(true);
          const inside = run.ledger().map(({ inPackets }) => inPackets);
          const back = script.reduce((all, step) => all + BigInt(step.back), 0n);
          expect(sum(inside) <= passed + lost + back).toBe(true);
          const full = sum(run.cause('vhu1', 'vhost_ring_full').map(([, , , packets]) => packets));
          expect(full <= lost).toBe(true);
          expect(allIncrements().every((value) => value === null || value >= 0n)).toBe(true);
          let covered = Number.NEGATIVE_INFINITY;
          for (const [slot, slots] of run.portRows('vhu1', 'toGuest')) {
            expect(slot).toBeGreaterThanOrEqual(covered);
            covered = slot + slots;
          }
          // Where a counter died, its slots are unknown, unless what it lost was nothing.
          const died = script.some(({ reset }) => reset === 'daemon' || reset === 'guest');
          if (died)
            expect(run.portRows('vhu1', 'toGuest').some(([, , state]) => state === 'unknown') || told === passed).toBe(
              true,
            );
        })
        .beforeEach(async () => {
          await end();
          await begin();
        }),
      { numRuns: 25 },
    );
  });
});
