import { expect, test } from 'vitest';
import { changesBetween, noShards, type Shards, ShardsDraft, shardsOf } from '../../../../alerts/state/shards.ts';

const entries = (count: number) => Array.from({ length: count }, (_, n) => [`[${n}]`, n] as const);

function changed(before: Shards<number>, change: (draft: ShardsDraft<number>) => void): Shards<number> {
  const draft = new ShardsDraft(before);
  change(draft);
  return draft.done();
}

test('what is written is there, and what it was made from stays as it was', () => {
  const before = shardsOf(entries(1_000));
  const after = changed(before, (draft) => {
    draft.set('[7]', -7);
    draft.set('[1000]', 1_000);
    draft.delete('[8]');
    draft.delete('[none]');
    expect([draft.get('[7]'), draft.get('[8]'), draft.size]).toEqual([-7, undefined, 1_000]);
  });
  expect(before).toEqual(shardsOf(entries(1_000)));
  const values = [...new ShardsDraft(after).values()].sort((a, b) => a - b);
  expect(values).toEqual([-7, ...entries(1_001).map(([, n]) => n)].filter((n) => n !== 7 && n !== 8));
  expect(changesBetween(before, after)).toEqual({
    puts: expect.toSatisfy((puts: unknown[]) => puts.length === 2),
    deletes: ['[8]'],
  });
});

test('what was emptied is as if it had never been filled', () => {
  const emptied = changed(shardsOf(entries(300)), (draft) => {
    for (const [key] of entries(300)) draft.delete(key);
  });
  expect(emptied).toEqual(noShards());
  expect(changed(emptied, () => {})).toBe(emptied);
});

test('a change looks into one part of 256, however many there are', () => {
  const full = shardsOf(entries(20_000));
  let looks = 0;
  const looking: ProxyHandler<Readonly<Record<string, number>>> = {
    ownKeys: (target) => {
      looks++;
      return Reflect.ownKeys(target);
    },
  };
  const parts = full.parts.map((part) => (part === null ? null : new Proxy(part, looking)));
  changed({ ...full, parts }, (draft) => {
    draft.set('[5]', 6);
    draft.set('[5]', 7);
  });
  expect(looks).toBe(1);
  const most = Math.max(...full.parts.map((part) => Object.keys(part ?? {}).length));
  expect(most).toBeLessThan(200);
});
