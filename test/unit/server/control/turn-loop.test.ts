import { expect, onTestFinished, test, vi } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { TurnLoop, type TurnLoopOptions } from '../../../../server/control/turn-loop.ts';

const wait = { timeout: 10_000, interval: 1 };
const hourMs = 3_600_000;
const away = new FourninesError('FN_CONTROL_AWAY', 'nobody answers');

/** A loop that runs until the end of its test, and what it told. */
function aLoop(options: Partial<TurnLoopOptions> & Pick<TurnLoopOptions, 'work'>) {
  const told: unknown[] = [];
  const tell = (level: string) => (fields: object, sentence: string) => void told.push([level, fields, sentence]);
  const logger = { ...silentLogger, warn: tell('warn'), error: tell('error') };
  const loop = new TurnLoop({ turnMs: 1, logger, failure: 'it is held up', ...options });
  loop.start();
  onTestFinished(() => loop.stop());
  return { loop, told };
}

/** Work that lasts until its signal ends it, and then for as long as it takes to let it go. */
function lastingWork() {
  const began = Promise.withResolvers<AbortSignal>();
  const cut = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const work = async (turn: AbortSignal) => {
    turn.addEventListener('abort', () => cut.resolve(), { once: true });
    began.resolve(turn);
    await cut.promise;
    await letGo.promise;
    throw turn.reason;
  };
  return { work, began: began.promise, cut: cut.promise, letGo: letGo.resolve };
}

test('works in each turn that it gets, and in no other', async () => {
  let asked = 0;
  const turns: number[] = [];
  const { loop, told } = aLoop({
    inTurn: async (signal, work) => (++asked % 2 === 0 ? work(signal) : undefined),
    work: async () => void turns.push(asked),
  });
  await vi.waitFor(() => expect(turns.length).toBeGreaterThan(2), wait);
  await loop.stop();
  expect(turns.slice(0, 3)).toEqual([2, 4, 6]);
  expect(told).toEqual([]);
  expect(loop.stats).toEqual({ failures: 0, lastErrorCode: '' });
});

test('begins no turn before it is ready; what keeps it from that is told, and it is asked again', async () => {
  let asked = 0;
  const askedAt: number[] = [];
  const { loop, told } = aLoop({
    ready: async () => {
      if (++asked < 3) throw away;
    },
    work: async () => void askedAt.push(asked),
  });
  await vi.waitFor(() => expect(askedAt.length).toBeGreaterThan(0), wait);
  expect(askedAt[0]).toBe(3);
  expect(told).toEqual(Array(2).fill(['warn', { code: 'FN_CONTROL_AWAY', reason: 'nobody answers' }, 'it is held up']));
  expect(loop.stats).toEqual({ failures: 2, lastErrorCode: 'FN_CONTROL_AWAY' });
});

test('a stop while it is not ready begins no turn, even if it then is', async () => {
  const ready = Promise.withResolvers<void>();
  const turns: number[] = [];
  const { loop, told } = aLoop({ ready: () => ready.promise, work: async () => void turns.push(1) });
  const stopped = loop.stop();
  ready.resolve();
  await stopped;
  expect([turns, told]).toEqual([[], []]);
});

test('a turn that fails is counted and told at its level, and the next one comes', async () => {
  let turns = 0;
  const { loop, told } = aLoop({
    level: 'error',
    work: async () => {
      if (++turns === 1) throw away;
    },
  });
  await vi.waitFor(() => expect(turns).toBeGreaterThan(1), wait);
  expect(told).toEqual([['error', { code: 'FN_CONTROL_AWAY', reason: 'nobody answers' }, 'it is held up']]);
  expect(loop.stats).toEqual({ failures: 1, lastErrorCode: 'FN_CONTROL_AWAY' });
});

test('a turn that is lost ends its work, and is told', async () => {
  const lost = new AbortController();
  const { work, began, letGo } = lastingWork();
  letGo();
  const { told } = aLoop({
    turnMs: hourMs,
    inTurn: (signal, inside) => inside(AbortSignal.any([signal, lost.signal])),
    work,
  });
  await began;
  lost.abort(new FourninesError('FN_LEASE_LOST', 'another server may have taken over'));
  await vi.waitFor(() => expect(told).toHaveLength(1), wait);
  expect(told).toMatchObject([['warn', { code: 'FN_LEASE_LOST' }, 'it is held up']]);
});

test('a stop in the middle of a turn ends the work, waits for its end, and is no failure', async () => {
  const { work, began, cut, letGo } = lastingWork();
  const { loop, told } = aLoop({ work });
  const turn = await began;
  let isStopped = false;
  const stopped = loop.stop().then(() => {
    isStopped = true;
  });
  await cut;
  expect([turn.aborted, isStopped]).toEqual([true, false]);
  letGo();
  await stopped;
  expect(told).toEqual([]);
  expect(loop.stats.failures).toBe(0);
});

test('a stop does not wait for the next turn', async () => {
  let turns = 0;
  const { loop } = aLoop({ turnMs: hourMs, work: async () => void turns++ });
  await vi.waitFor(() => expect(turns).toBe(1), wait);
  await loop.stop();
  expect(turns).toBe(1);
});

test('looks again within a turn; one that fails is told with it, and ends neither the turn nor the looking', async () => {
  let looks = 0;
  let turns = 0;
  const { loop, told } = aLoop({
    work: (turn) => {
      turns++;
      return loop.repeat(turn, 1, async () => {
        if (++looks === 1) throw away;
      });
    },
  });
  await vi.waitFor(() => expect(looks).toBeGreaterThan(2), wait);
  expect(turns).toBe(1);
  expect(told).toHaveLength(1);
  loop.failed(away, { slo: 'acme' });
  expect(told[1]).toEqual([
    'warn',
    { slo: 'acme', code: 'FN_CONTROL_AWAY', reason: 'nobody answers' },
    'it is held up',
  ]);
  await loop.stop();
  loop.failed(away);
  expect(loop.stats.failures).toBe(2);
});
