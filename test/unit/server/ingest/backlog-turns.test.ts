import { describe, expect, test } from 'vitest';
import { BacklogTurns } from '../../../../server/ingest/backlog-turns.ts';

const never = new AbortController().signal;

describe('turns of those that are behind', () => {
  test('no more at once than there are, the others in order of asking', async () => {
    const turns = new BacklogTurns(2);
    const told: number[] = [];
    const giveBacks: (() => void)[] = [];
    const all = [0, 1, 2, 3].map(async (each) => {
      giveBacks[each] = await turns.take(never);
      told.push(each);
    });
    await Promise.all(all.slice(0, 2));
    expect(told).toEqual([0, 1]);
    giveBacks[1]?.();
    // Given back twice it is still one.
    giveBacks[1]?.();
    await all[2];
    expect(told).toEqual([0, 1, 2]);
    giveBacks[0]?.();
    await all[3];
    expect(told).toEqual([0, 1, 2, 3]);
  });

  test('who is told to end waits no longer, and takes no turn from others', async () => {
    const turns = new BacklogTurns(1);
    const giveBack = await turns.take(never);
    const ending = new AbortController();
    const ended = turns.take(ending.signal);
    const next = turns.take(never);
    ending.abort(new Error('the end'));
    await expect(ended).rejects.toThrow('the end');
    giveBack();
    (await next)();
    await expect(turns.take(ending.signal)).rejects.toThrow('the end');
    (await turns.take(never))();
  });
});
