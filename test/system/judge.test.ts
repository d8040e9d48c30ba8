import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { Follower } from '../../server/judge/follower.ts';
import { placedPorts } from '../../server/judge/objective-ports.ts';
import type { WindowReading } from '../../server/judge/reading.ts';
import type { Service } from '../../server/objects/object.ts';
import { readObjective } from '../../server/openslo/objective-file.ts';
import type { DayRows } from '../../server/seal/day-rows.ts';
import { exportSlots, planExport } from '../../server/seal/export-slots.ts';
import { directionsOf } from '../../server/seal/path-days.ts';
import { type Evaluation, evaluate } from '../../server/slo/evaluate.ts';
import type { Objective, Span } from '../../server/slo/objective.ts';
import { type SlotsFile, SlotsReader } from '../../server/slo/slots-reader.ts';
import type { Engine } from '../../server/store/engine.ts';
import { storedSince } from '../../server/store/queries/stored-since.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aDay, aRow, dayStart, histories } from '../unit/server/seal/histories.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { insertDay } from './day-fixture.ts';
import { type OpenStore, openStore, today } from './store-fixture.ts';
import { insertUplinkFacts, received } from './uplink-fixture.ts';

const daySeconds = 86_400;
const yesterday = today - daySeconds;
let store: OpenStore;

beforeAll(async () => {
  store = await openStore();
  for (const host of ['h1', 'h2']) await insertUplinkFacts(store, host, ['a', 'b']);
});
afterAll(() => store[Symbol.asyncDispose]());

/** p1 moves from one host to another in the middle of a quarter of an hour; h1/b is named as it is. */
const movedAt = yesterday + 634;
const service: Service = {
  displayName: 'acme',
  tenant: 'acme',
  ports: [
    {
      name: 'p1',
      placements: [
        { host: 'h1', port: 'a', from: null, to: movedAt },
        { host: 'h2', port: 'a', from: movedAt, to: null },
      ],
    },
  ],
};
const dateOf = (second: number) => new Date(second * 1000).toISOString().slice(0, 10);
const objectives = (['availability', 'packetDelivery', 'cleanSlots'] as const).map((sli) => {
  const calendar = ['1w', `${dateOf(yesterday)} 00:00:00`, 'UTC'] as const;
  const lossRatioMax = sli === 'cleanSlots' ? '0.02' : '0.10';
  const asked = { sli, lossRatioMax, run: 3, target: '0.999', calendar, ports: ['p1', 'h1/b'] };
  return readObjective('slo.yaml', objectiveText(asked));
});
/** Whole quarters of an hour, so that runs need not be cut in the files they are compared with. */
const exclusions = [
  {
    ...{ from: yesterday + 900, to: yesterday + 1800, category: 'maintenance', reason: 'firmware', approvedBy: 'acme' },
    ...{ id: 'e1', revision: 2 },
  },
];

const ports = [
  { host: 'h1', port: 'a' },
  { host: 'h2', port: 'a' },
  { host: 'h1', port: 'b' },
];
/** Those of h1/b go to a guest, so that what uplinks lost concerns them. */
const drawn = fc
  .sample(histories, { numRuns: 6, seed: 11 })
  .map((day, i): DayRows => (i % ports.length === 2 ? { ...day, direction: 'toGuest' } : day));
const uplinks = [
  { host: 'h1', port: 'nic0' },
  { host: 'h2', port: 'nic0' },
  { host: 'h1', port: 'nic1' },
];
const uplinkDays = fc.sample(histories, { numRuns: 6, seed: 12 }).map(received);

/** The rows of a day whose first slots lie in a span, s from its start. */
function part(day: DayRows, from: number, to: number): DayRows {
  const inside = <R extends { slot: number }>(rows: readonly R[]) =>
    rows.filter(({ slot }) => slot - dayStart >= from && slot - dayStart < to);
  return { ...day, ports: inside(day.ports), causes: inside(day.causes), entering: inside(day.entering) };
}

const full = aDay(Array.from({ length: 7200 }, (_, i) => aRow(i)));

function aFollower(objective: Objective): Follower {
  const body = { service: 'acme', openslo: '', rolling: null, coverageFloor: '0.999' };
  const version = { kind: 'objective', name: 'acme', version: 1, from: 0, to: null, body } as const;
  const known = { sha256: '', witness: 'ann', recordedAtMs: 0 };
  const terms = { objective, rolling: null, tenant: 'acme', agreement: null, finalAfterSeconds: 3 * daySeconds };
  return new Follower(
    { ...terms, version: { ...version, ...known }, placed: placedPorts(objective, service) },
    exclusions,
  );
}

/** Every second, as anybody can have it: exported from raw rows, and read as `fournines evaluate` does. */
async function verbatim(until: number): Promise<SlotsFile> {
  // Of both objectives, which name the same ports.
  const [objective] = objectives as [Objective];
  const reader = new SlotsReader('slots.ndjson', objective.ports);
  for (const { name, host, port, from, to } of placedPorts(objective, service)) {
    const span = { from: Math.max(yesterday, from), to: Math.min(until, to) };
    const request = { host, port, direction: undefined, ...span, source: 'raw' as const, run: 3, nowSeconds: until };
    if ((await directionsOf(store, request, request)).length === 0) continue;
    const plan = await planExport(store, request);
    for await (const text of exportSlots(store, plan, request)) {
      reader.push(new TextEncoder().encode(text.replaceAll(`"port":"${port}"`, `"port":${JSON.stringify(name)}`)));
    }
  }
  return reader.end();
}

/** Runs of seconds are unknown to burn rates in a file; those of a follower have sums of minutes, and are compared apart. */
const integers = ({ burn: _, ...rest }: Evaluation) => rest;

interface Round {
  readonly until: number;
  readonly file: SlotsFile;
  /** Whether all is read anew, too. */
  readonly anew: boolean;
}

/** Also gives whether anything lost further up made a difference. */
async function expectParity(followed: Follower, { until, file, anew }: Round): Promise<boolean> {
  const { objective } = followed.terms;
  const calendar = followed.judgement?.calendar as WindowReading;
  const { window } = calendar;
  const at = (to: number) =>
    evaluate({ objective, exclusions, window: { ...window, to: Math.min(to, window.to) }, at: to, file });
  const elapsed = integers(at(until));
  expect(integers(calendar.elapsed)).toEqual(elapsed);
  expect(integers(calendar.evaluation)).toEqual(integers(at(window.to)));
  if (objective.sli.sli === 'availability') {
    // A gap over midnight is unknown on both sides; what was bad for certain is bad in its day.
    const days = followed.days().flatMap(({ evaluation }) => (evaluation === undefined ? [] : [evaluation.high]));
    const sum = (of: (reading: Evaluation['high']) => bigint) => days.reduce((all, day) => all + of(day), 0n);
    expect({ total: sum(({ total }) => total), bad: sum(({ bad }) => bad) }).toEqual(calendar.elapsed.high);
  }
  const whole = evaluate({ objective, exclusions, window, at: until - (until % 60), file }).burn;
  const five = evaluate({ objective, exclusions, window, at: until - (until % 300), file }).burn;
  const expected = [whole[2], whole[3], five[4]];
  const slow = (follower: Follower) => follower.slowTiers().map(({ at: _, ...tier }) => tier);
  expect(slow(followed)).toEqual(expected);
  const differs = calendar.elapsed.low.bad > calendar.elapsed.unshared.bad;
  if (!anew) return differs;
  const again = aFollower(objective);
  await again.follow(store, until, until);
  expect(integers(again.judgement?.calendar.elapsed as Evaluation)).toEqual(elapsed);
  expect(slow(again)).toEqual(expected);
  return differs;
}

/** Inserts what is told so far in steps, and lets the histories follow; what is held back comes last. */
async function* told(): AsyncGenerator<number> {
  const held: Span = { from: 300, to: 700 };
  for (const [i, path] of ports.entries()) {
    const day = drawn[i] as DayRows;
    await insertDay(store, yesterday, path, part(day, 0, held.from));
    await insertDay(store, yesterday, path, part(day, held.to, daySeconds));
  }
  for (const [i, uplink] of uplinks.entries()) {
    const day = uplinkDays[i] as DayRows;
    await insertDay(store, yesterday, uplink, part(day, 0, held.from));
    await insertDay(store, yesterday, uplink, part(day, held.to + 100, daySeconds));
  }
  yield yesterday + 5000;
  for (const [from, to] of [
    [0, 500],
    [500, 1400],
    [1400, 5000],
  ] as const) {
    for (const [i, path] of ports.entries())
      await insertDay(store, today, path, part(drawn[i + 3] as DayRows, from, to));
    // Uplinks tell later: quarters of paths that were read already.
    for (const [i, uplink] of uplinks.entries())
      await insertDay(store, today, uplink, part(uplinkDays[i + 3] as DayRows, from - 700, to - 700));
    yield today + Math.min(to, 4321);
  }
  for (const [i, path] of ports.entries()) {
    await insertDay(store, yesterday, path, part(drawn[i] as DayRows, held.from, held.to));
    // A gap over quarters of an hour: what each of them says depends on the others.
    const gap = aDay([aRow(5400 - 40, { state: 'bridged', slots: 980, packets: 5_000n, dropsInside: 3n })]);
    await insertDay(store, today, path, { ...gap, direction: (drawn[i + 3] as DayRows).direction });
    await insertDay(store, today, path, { ...part(full, 6340, 6700), direction: (drawn[i + 3] as DayRows).direction });
  }
  yield today + 6_660;
  for (const [i, uplink] of uplinks.entries()) {
    await insertDay(store, yesterday, uplink, part(uplinkDays[i] as DayRows, held.from, held.to + 100));
    // What an uplink lost or does not know of an hour, told when it is over: quarters between are touched by nothing else.
    const over = i === 0 ? { state: 'bridged' as const, dropsOutside: 3n } : { state: 'unknown' as const };
    await insertDay(store, today, uplink, { ...aDay([aRow(2_000, { ...over, slots: 4_100 })]), direction: 'rx' });
    const midnight = aDay([aRow(daySeconds - 500, { state: 'bridged', slots: 1_500, dropsOutside: 9n })]);
    await insertDay(store, yesterday, uplink, { ...midnight, direction: 'rx' });
  }
  yield today + 6_700;
}

/** The store, until it has answered so many questions. */
function awayAfter(answers: number): Engine {
  let left = answers;
  return {
    query: async (...asked) => {
      if (left-- > 0) return store.engine.query(...asked);
      throw new FourninesError('FN_STORE_AWAY', 'a line that is cut');
    },
    command: (...asked) => store.engine.command(...asked),
    insertFile: (...asked) => store.engine.insertFile(...asked),
    stats: () => store.engine.stats(),
    close: async () => undefined,
  };
}

describe('what is followed', () => {
  test('comes to the same integers as what is read anew, and as a file of every second, also when rows come late and the store goes away', async () => {
    const followed = objectives.map(aFollower);
    let sinceMs = 0n;
    let [rounds, shared] = [0, 0];
    for await (const until of told()) {
      const changed = await runQuery(store, storedSince, { from: yesterday - daySeconds, sinceMs: String(sinceMs) });
      for (const { atMs } of changed) if (BigInt(atMs) > sinceMs) sinceMs = BigInt(atMs);
      const touched = changed.map(({ quarter }) => quarter);
      rounds++;
      const file = await verbatim(until);
      // What is read anew knows nothing of the rounds before: once where a day has ended, and once with all that came late.
      const anew = rounds === 1 || rounds === 6;
      for (const follower of followed) {
        follower.touch(touched);
        // The store goes away in the middle, and what was not read is read at the next look.
        const away = follower.follow({ engine: awayAfter(2 * rounds + 1) }, until, until);
        await expect(away).rejects.toMatchObject({ code: 'FN_STORE_AWAY' });
        await follower.follow(store, until, until);
        if (await expectParity(follower, { until, file, anew })) shared++;
      }
    }
    expect(rounds).toBe(6);
    expect(shared).toBeGreaterThan(4);
  });
});
