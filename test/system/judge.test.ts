import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ObjectiveHistory } from '../../server/judge/objective-history.ts';
import { placedPorts } from '../../server/judge/objective-ports.ts';
import { windowReading } from '../../server/judge/window-reading.ts';
import type { Service } from '../../server/objects/object.ts';
import { readObjective } from '../../server/openslo/objective-file.ts';
import type { DayRows } from '../../server/seal/day-rows.ts';
import { exportSlots, planExport } from '../../server/seal/export-slots.ts';
import { directionsOf } from '../../server/seal/path-days.ts';
import { type Evaluation, evaluate } from '../../server/slo/evaluate.ts';
import type { Objective, Span } from '../../server/slo/objective.ts';
import { SlotsReader } from '../../server/slo/slots-reader.ts';
import { storedSince } from '../../server/store/queries/stored-since.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { dayStart, histories } from '../unit/server/seal/histories.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { insertDay } from './day-fixture.ts';
import { type OpenStore, openStore, today } from './store-fixture.ts';

const daySeconds = 86_400;
const yesterday = today - daySeconds;
let store: OpenStore;

beforeAll(async () => {
  store = await openStore();
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
const objectives = (['availability', 'packetDelivery'] as const).map((sli) =>
  readObjective('slo.yaml', objectiveText({ sli, ports: ['p1', 'h1/b'], run: 3, target: '0.999' })),
);
const window = { from: yesterday, to: today + 7200, zone: 'UTC' };
/** Whole quarters of an hour, so that runs need not be cut in the files they are compared with. */
const exclusions = [
  { from: yesterday + 900, to: yesterday + 1800, category: 'maintenance', reason: 'firmware', approvedBy: 'acme' },
];

const ports = [
  { host: 'h1', port: 'a' },
  { host: 'h2', port: 'a' },
  { host: 'h1', port: 'b' },
];
const drawn = fc.sample(histories, { numRuns: 6, seed: 11 });

/** The rows of a day whose first slots lie in a span, s from its start. */
function part(day: DayRows, from: number, to: number): DayRows {
  const inside = <R extends { slot: number }>(rows: readonly R[]) =>
    rows.filter(({ slot }) => slot - dayStart >= from && slot - dayStart < to);
  return { ...day, ports: inside(day.ports), causes: inside(day.causes), entering: inside(day.entering) };
}

function aHistory(objective: Objective): ObjectiveHistory {
  return new ObjectiveHistory({ objective, placed: placedPorts(objective, service), minuteDays: 3 });
}

/** Every second, as anybody can have it: exported from raw rows, and read as `fournines evaluate` does. */
async function verbatim(objective: Objective, until: number) {
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

/** Burn rates of seconds that are kept as runs are frozen here; they have their own parity. */
const integers = ({ burn: _, ...rest }: Evaluation) => rest;

async function expectParity(objective: Objective, followed: ObjectiveHistory, until: number): Promise<void> {
  const again = aHistory(objective);
  await again.fill(store, { from: window.from, to: until }, until);
  const facts = { objective, window, until, exclusions, outOfContract: [] };
  const incremental = windowReading({ ...facts, file: followed.file('followed', until) });
  const recomputed = windowReading({ ...facts, file: again.file('again', until) });
  const question = { objective, exclusions, at: until, file: await verbatim(objective, until) };
  const elapsed = evaluate({ ...question, window: { ...window, to: until } });
  expect(integers(incremental.elapsed)).toEqual(integers(elapsed));
  expect(integers(recomputed.elapsed)).toEqual(integers(elapsed));
  expect(integers(incremental.evaluation)).toEqual(integers(evaluate({ ...question, window })));
}

/** Inserts what is told so far in steps, and lets the histories follow; what is held back comes last. */
async function* told(): AsyncGenerator<number> {
  const held: Span = { from: 300, to: 700 };
  for (const [i, path] of ports.entries()) {
    const day = drawn[i] as DayRows;
    await insertDay(store, yesterday, path, part(day, 0, held.from));
    await insertDay(store, yesterday, path, part(day, held.to, daySeconds));
  }
  yield yesterday + 5000;
  for (const [from, to] of [
    [0, 500],
    [500, 1400],
    [1400, 5000],
  ] as const) {
    for (const [i, path] of ports.entries())
      await insertDay(store, today, path, part(drawn[i + 3] as DayRows, from, to));
    yield today + Math.min(to, 4321);
  }
  for (const [i, path] of ports.entries()) {
    await insertDay(store, yesterday, path, part(drawn[i] as DayRows, held.from, held.to));
  }
  yield today + 4400;
}

describe('what is followed', () => {
  test('comes to the same integers as what is read anew, and as a file of every second, also when rows come late', async () => {
    const followed = objectives.map((objective) => ({ objective, history: aHistory(objective) }));
    let sinceMs = 0n;
    let rounds = 0;
    for await (const until of told()) {
      const changed = await runQuery(store, storedSince, { from: yesterday - daySeconds, sinceMs: String(sinceMs) });
      for (const { atMs } of changed) if (BigInt(atMs) > sinceMs) sinceMs = BigInt(atMs);
      for (const { objective, history } of followed) {
        await history.fill(store, { from: window.from, to: until }, until);
        if (rounds > 0)
          await history.refresh(
            store,
            changed.map(({ quarter }) => quarter),
            until,
            until,
          );
        await expectParity(objective, history, until);
      }
      rounds++;
    }
    expect(rounds).toBe(5);
  });
});
