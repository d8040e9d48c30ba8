import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { type Call, LaneQueue } from '../../../../server/store/lane.ts';

function aLane(queuedMax = 2, width = 1) {
  let nowMs = 0;
  const sent: number[] = [];
  const ended: string[] = [];
  const lane = new LaneQueue<string>({ queuedMax, width, nowMs: () => nowMs, send: ({ id }) => sent.push(id) });
  const call = (id: number): Call<string> => ({
    id,
    statement: '',
    queuedAtMs: nowMs,
    startedAtMs: undefined,
    resolve: () => ended.push(`${id} ok`),
    reject: (error) => ended.push(`${id} ${(error as FourninesError).code}`),
  });
  return { lane, call, sent, ended, pass: (ms: number) => (nowMs += ms) };
}

describe('LaneQueue', () => {
  test('sends one call at a time in order, and tells how long each waited', () => {
    const { lane, call, sent, pass } = aLane();
    lane.open();
    lane.push(call(1));
    lane.push(call(2));
    pass(30);
    expect(lane.stats()).toMatchObject({ queued: 1, oldestWaitMs: 30, runningMs: 30, started: 1 });
    lane.finish(1, (done) => done.resolve(''));
    expect(sent).toEqual([1, 2]);
    expect(lane.stats()).toMatchObject({ queued: 0, oldestWaitMs: 0, runningMs: 0, waitedMsSum: 30, waitedMsMax: 30 });
  });

  test('runs as many side by side as it is wide, and tells of the one that runs longest', () => {
    const { lane, call, sent, pass } = aLane(2, 2);
    lane.open();
    lane.push(call(1));
    pass(5);
    for (const id of [2, 3]) lane.push(call(id));
    expect(sent).toEqual([1, 2]);
    expect(lane.stats()).toMatchObject({ queued: 1, runningMs: 5, started: 2 });
    pass(5);
    lane.finish(1, (done) => done.resolve(''));
    expect(sent).toEqual([1, 2, 3]);
    expect(lane.stats()).toMatchObject({ queued: 0, runningMs: 5, started: 3 });
  });

  test('given up while it waits, a call is forgotten; while it runs, it keeps its place until it has ended', async () => {
    const { lane, sent } = aLane();
    lane.open();
    const cancelled: number[] = [];
    const cancel = ({ id }: Call<string>) => cancelled.push(id);
    const stop = new AbortController();
    const first = lane.call('first', { deadlineMs: 60_000, signal: stop.signal }, cancel);
    const waiting = lane.call('second', { deadlineMs: 1 }, cancel);
    await expect(waiting).rejects.toMatchObject({ code: 'FN_STORE_TIMEOUT', context: { started: false } });
    expect(cancelled).toEqual([]);
    stop.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(cancelled).toEqual(sent);
    expect(lane.stats().runningMs).toBe(0);
    lane.finish(sent[0] as number, (done) => done.resolve(''));
    expect(lane.stats().runningMs).toBeUndefined();
  });

  test('refuses a call beyond its bound, and drops a waiting one', () => {
    const { lane, call, ended, sent } = aLane(1);
    lane.open();
    const waiting = call(2);
    lane.push(call(1));
    lane.push(waiting);
    lane.push(call(3));
    expect(ended).toEqual(['3 FN_STORE_AWAY']);
    expect(lane.drop(waiting)).toBe(true);
    expect(lane.drop(waiting)).toBe(false);
    lane.finish(1, (done) => done.resolve(''));
    expect(sent).toEqual([1]);
  });

  test('shut, it rejects all; a late answer is ignored', () => {
    const { lane, call, ended } = aLane();
    lane.open();
    lane.push(call(1));
    lane.push(call(2));
    lane.shut(new FourninesError('FN_STORE_AWAY', 'gone'));
    lane.finish(1, (done) => done.resolve(''));
    expect(ended).toEqual(['1 FN_STORE_AWAY', '2 FN_STORE_AWAY']);
  });
});
