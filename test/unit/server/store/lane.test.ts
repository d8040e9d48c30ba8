import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { type Call, LaneQueue } from '../../../../server/store/embedded/lane.ts';

function aLane(queuedMax = 2) {
  let nowMs = 0;
  const sent: number[] = [];
  const ended: string[] = [];
  const lane = new LaneQueue({ queuedMax, nowMs: () => nowMs, send: ({ id }) => sent.push(id) });
  const call = (id: number): Call => ({
    id,
    sql: '',
    parameters: undefined,
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
