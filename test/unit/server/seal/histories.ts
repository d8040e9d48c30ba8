import fc from 'fast-check';
import { owners } from '../../../../server/attribution/evidence.ts';
import type { OwnedSlot } from '../../../../server/attribution/owned-slots.ts';
import type { CauseRow, DayRows, PortRow } from '../../../../server/seal/day-rows.ts';

/** A day whose rows are told below; times are seconds from its start. */
export const dayStart = 1_793_491_200;

export const aRow = (at: number, over: Partial<PortRow> = {}): PortRow => ({
  slot: dayStart + at,
  slots: 1,
  state: 'observed',
  suspect: false,
  packets: 100n,
  dropsOutside: 0n,
  dropsInside: 0n,
  ...over,
});

export const aCause = (at: number, over: Partial<CauseRow> = {}): CauseRow => ({
  slot: dayStart + at,
  slots: 1,
  state: 'observed',
  suspect: false,
  packets: 1n,
  cause: 'no_mbuf',
  place: 'outside',
  ...over,
});

export const aDay = (ports: readonly PortRow[], over: Partial<DayRows> = {}): DayRows => ({
  direction: 'toGuest',
  from: dayStart,
  to: dayStart + 86_400,
  ports,
  sums: [],
  causes: [],
  entering: [],
  shared: [],
  ...over,
});

const step = fc.record({
  kind: fc.constantFrom('clean', 'clean', 'clean', 'idle', 'drops', 'gap', 'unknown', 'suspect', 'nothing', 'repeated'),
  slots: fc.integer({ min: 1, max: 400 }),
  packets: fc.bigInt({ min: 10n, max: 2n ** 40n }),
  steady: fc.boolean(),
  few: fc.integer({ min: 0, max: 9 }),
  outside: fc.integer({ min: 0, max: 30 }),
  inside: fc.integer({ min: 0, max: 30 }),
  told: fc.constantFrom('each', 'part', 'over five', 'not', 'too much'),
  beside: fc.constantFrom('no', 'no', 'no', 'slot', 'over two', 'unknown'),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Histories of clean and idle runs, drops told in every way, gaps, resets, suspect and repeated rows, and silence. */
export const histories = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 25 }),
    direction: fc.constantFrom('rx' as const, 'tx' as const, 'toGuest' as const, 'fromGuest' as const),
    entering: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  })
  .map(({ steps, direction, entering }): DayRows => {
    const ports: PortRow[] = [];
    const causes: CauseRow[] = [];
    let at = 0;
    for (const each of steps) at = tell(each, at, ports, causes);
    const reach = entering === undefined ? [] : [{ slot: dayStart - 3, slots: 3 + entering }];
    return aDay(ports, { direction, causes, entering: reach });
  });

/** The same, where some have said whose drops are: of rows of causes, in parts, and of seconds that several intervals tell. */
export const ownedHistories = fc
  .record({ rows: histories, seed: fc.integer({ min: 0, max: 1_000 }) })
  .map(({ rows, seed }): DayRows => {
    const ownerAt = (i: number) => owners[(i * 7 + seed) % owners.length] ?? 'unknown';
    const causes = rows.causes.map((row, i): CauseRow => {
      if ((i + seed) % 3 === 0) return row;
      const half = row.packets / 2n;
      const told = { provider: 0n, tenant: 0n, contract: 0n, unknown: 0n };
      told[ownerAt(i)] += half;
      told[ownerAt(i + 1)] += row.packets - half;
      return { ...row, owners: told };
    });
    const owned = new Map<number, OwnedSlot>();
    for (const [i, { slot }] of rows.ports.entries()) {
      const owner = ownerAt(i);
      if (owner !== 'unknown') owned.set(slot, { owner, cause: i % 2 === 0 ? 'vhost_ring_full' : undefined });
    }
    return { ...rows, causes, owned };
  });

function tell(drawn: Step, at: number, ports: PortRow[], causes: CauseRow[]): number {
  const { kind, slots, packets, few } = drawn;
  switch (kind) {
    case 'clean':
    case 'idle': {
      for (let i = 0; i < slots; i++) {
        const own = kind === 'idle' ? BigInt(few) : drawn.steady ? packets : packets + BigInt(i);
        ports.push(aRow(at + i, { packets: own }));
      }
      return at + slots;
    }
    case 'drops':
      return tellDrops(drawn, at, ports, causes);
    case 'gap':
      ports.push(aRow(at, { state: 'bridged', slots: slots + 1, packets, dropsInside: BigInt(drawn.inside) }));
      return at + slots + 1;
    case 'unknown':
      ports.push(aRow(at, { state: 'unknown', slots, packets: 0n }));
      return at + slots;
    case 'suspect':
      ports.push(aRow(at, { suspect: true, packets }));
      return at + 1;
    case 'repeated':
      // Time that is told twice, and one slot that two rows tell differently.
      ports.push(aRow(at, { packets }), aRow(at, { suspect: true, packets: 5n }), aRow(at + 1, { packets: 7n }));
      ports.push(aRow(at + 1, { packets: 8n }), aRow(at + 2), aRow(at + 2));
      return at + 3;
    default:
      return at + slots;
  }
}

function tellDrops(drawn: Step, at: number, ports: PortRow[], causes: CauseRow[]): number {
  const [outside, inside] = [BigInt(drawn.outside), BigInt(drawn.inside)];
  const slots = Math.min(drawn.slots, 20);
  for (let i = 0; i < slots; i++) {
    const packets = drawn.few > 4 ? BigInt(drawn.few) : drawn.packets;
    ports.push(aRow(at + i, { packets, dropsOutside: outside, dropsInside: inside }));
    const told = { each: outside, part: outside / 2n, 'too much': outside + inside + 1n }[drawn.told as 'each'];
    if (told !== undefined && told > 0n) causes.push(aCause(at + i, { packets: told }));
  }
  if (drawn.told === 'over five') causes.push(aCause(at, { slots: 5, state: 'bridged', packets: outside + 1n }));
  const beside = { place: 'beside' as const, cause: 'qdisc_full' };
  if (drawn.beside === 'slot') causes.push(aCause(at, { ...beside, packets: 3n }));
  if (drawn.beside === 'over two') causes.push(aCause(at, { ...beside, slots: 2, state: 'bridged', packets: 4n }));
  if (drawn.beside === 'unknown') causes.push(aCause(at, { ...beside, state: 'unknown', packets: 0n }));
  return at + slots;
}
