import { describe, expect, it } from 'vitest';
import { type ToldStall, toldOnce } from '../../../../server/sli/told-once.ts';

function aStall(fromMs: number, toMs: number, over: Partial<ToldStall> = {}): ToldStall {
  const ns = (ms: number) => `${1_795_000_000_000n * 1_000_000n + BigInt(ms) * 1_000_000n}`;
  return { tid: 7, startTicks: '70', fromNs: ns(fromMs), toNs: ns(toMs), goesOn: false, ...over };
}

const goesOn = { goesOn: true };

describe('stalls told once', () => {
  it('are the end of what went on before, in whatever order they come', () => {
    const end = aStall(100, 2_500);
    const told = [aStall(100, 1_000, goesOn), end, aStall(100, 2_000, goesOn)];
    expect(toldOnce(told)).toEqual([end]);
    // The end may be placed better than what was told while it went on.
    expect(toldOnce([aStall(100, 1_000, goesOn), aStall(140, 2_500)])).toEqual([aStall(140, 2_500)]);
  });

  it('stay the last word where the end is not there', () => {
    const last = aStall(100, 2_000, goesOn);
    expect(toldOnce([aStall(100, 1_000, goesOn), last])).toEqual([last]);
  });

  it('are kept apart by thread, and by a time in between', () => {
    const going = aStall(100, 1_000, goesOn);
    const others = [aStall(0, 2_000, { tid: 8 }), aStall(0, 2_000, { startTicks: '71' }), aStall(1_000, 2_000)];
    expect(toldOnce([going, ...others])).toEqual([going, ...others]);
  });

  it('that ended are all kept, however they overlap', () => {
    const both = [aStall(0, 100), aStall(50, 150)];
    expect(toldOnce(both)).toEqual(both);
  });
});
