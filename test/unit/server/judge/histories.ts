import fc from 'fast-check';
import type { ServicePort } from '../../../../server/objects/object.ts';
import { slotsOfDay } from '../../../../server/seal/day-slots.ts';
import { cutLines } from '../../../../server/seal/runs.ts';
import { encodeLine } from '../../../../server/seal/slot-line.ts';
import type { Exclusion } from '../../../../server/slo/objective.ts';
import { aDropRow, aPortRow, type DropRow, type PortRow } from '../../../fakes/tick-message.ts';
import { excluded, november } from '../slo/asking.ts';

/** Histories begin here: an hour into a day, at a whole five minutes. */
export const base = november + 3600;

/** A row, and when it arrives. */
export interface Told {
  readonly atSecond: number;
  readonly port?: PortRow;
  readonly drop?: DropRow;
}

export interface History {
  /** In order of arrival. */
  readonly told: readonly Told[];
  readonly ports: readonly ServicePort[];
  readonly exclusions: readonly Exclusion[];
  /** End of the newest slot. */
  readonly end: number;
}

const step = fc.record({
  kind: fc.constantFrom(
    'good',
    'good',
    'good',
    'lossy',
    'some',
    'idle',
    'gap',
    'gap',
    'unknown',
    'suspect',
    'twice',
    'silent',
  ),
  count: fc.integer({ min: 1, max: 25 }),
  packets: fc.integer({ min: 10, max: 40 }),
  lost: fc.integer({ min: 0, max: 9 }),
  lateSeconds: fc.constantFrom(0, 0, 0, 1, 7, 50),
  huge: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const beside = fc.record({
  at: fc.integer({ min: 0, max: 300 }),
  slots: fc.constantFrom(1, 1, 1, 2, 5),
  /** A row of no drops is not kept, so that it cannot contradict one that is. */
  packets: fc.integer({ min: 1, max: 12 }),
  cause: fc.constantFrom('qdisc_full', 'other'),
  known: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
  lateSeconds: fc.constantFrom(0, 0, 3),
});

const path = fc.record({
  host: fc.constantFrom('a', 'b'),
  port: fc.constantFrom('eth0', 'eth1'),
  direction: fc.constantFrom('rx' as const, 'tx' as const),
  shift: fc.integer({ min: 0, max: 100 }),
  steps: fc.array(step, { minLength: 5, maxLength: 40 }),
  beside: fc.array(beside, { maxLength: 3 }),
});
type PathDraw = typeof path extends fc.Arbitrary<infer P> ? P : never;

const span = fc.record({ from: fc.integer({ min: -20, max: 400 }), slots: fc.integer({ min: 1, max: 60 }) });

/**
 * A service of one or two ports on two hosts: the first port moves from a to b, for some slots it may be on both. Rows of all
 * states, late, twice, contradicting each other; drops beside ports; exclusions.
 */
export const histories: fc.Arbitrary<History> = fc
  .record({
    paths: fc.array(path, { minLength: 1, maxLength: 5 }),
    exclusions: fc.array(span, { maxLength: 2 }),
    leaves: fc.option(fc.integer({ min: 20, max: 400 }), { nil: null }),
    comes: fc.integer({ min: -20, max: 400 }),
  })
  .map(({ paths, exclusions, leaves, comes }) => {
    const unique = new Map(paths.map((each) => [`${each.host} ${each.port} ${each.direction}`, each]));
    const told = [...unique.values()].flatMap(rowsOf).sort((a, b) => a.atSecond - b.atSecond);
    const to = leaves === null ? null : base + leaves;
    const first = { host: 'a', port: 'eth0', from: null, to };
    const ports: ServicePort[] = [
      { name: 'p1', placements: [first, { host: 'b', port: 'eth0', from: base + comes, to: null }] },
      { name: 'p2', placements: [{ host: 'b', port: 'eth1', from: null, to: null }] },
    ];
    const end = told.reduce((most, row) => Math.max(most, endOf(row)), base);
    return {
      told,
      ports,
      exclusions: exclusions.map(({ from, slots }) => excluded(base + from, base + from + slots)),
      end,
    };
  });

function endOf({ port, drop }: Told): number {
  const row = port ?? drop;
  return row === undefined ? 0 : row.slot + row.slots;
}

function rowsOf({ host, port, direction, shift, steps, beside: drops }: PathDraw): Told[] {
  const out: Told[] = [];
  let slot = base + shift;
  const tell = (row: PortRow, late: number) => out.push({ atSecond: row.slot + row.slots + late, port: row });
  const rowOf = (each: Step, at: number, slots: number, over: Partial<PortRow> = {}): PortRow => {
    const lost = BigInt(each.kind === 'lossy' ? each.packets : each.kind === 'good' ? 0 : each.lost);
    const few = each.kind === 'idle' ? 9n - lost : BigInt(each.packets);
    const packetsInc = each.huge ? 1n << 40n : few;
    const incs = { packetsInc, dropsOutsideInc: lost / 2n, dropsInsideInc: lost - lost / 2n };
    return aPortRow({ host, port, direction, slot: at, slots, ...incs, ...over });
  };
  for (const each of steps) {
    const { kind, count, lateSeconds } = each;
    if (kind === 'silent') slot += count;
    else if (kind === 'gap' || kind === 'unknown') {
      const none = { packetsInc: null, dropsOutsideInc: null, dropsInsideInc: null };
      const row = rowOf(each, slot, count, kind === 'gap' ? { state: 'bridged' } : { state: 'unknown', ...none });
      tell(row, lateSeconds);
      if (each.lost === 0) tell(row, lateSeconds + 2);
      slot += count;
    } else {
      for (let i = 0; i < count; i++) {
        const row = rowOf(each, slot, 1, kind === 'suspect' ? { suspect: 1 } : {});
        tell(row, lateSeconds);
        if (kind === 'twice') tell(i % 2 === 0 ? row : { ...row, packetsInc: 77n }, lateSeconds + (i % 3));
        // Slots that repeat: the clock stepped back.
        if (kind === 'suspect' && i % 4 === 3) slot -= 2;
        slot++;
      }
    }
  }
  for (const { at, slots, packets, cause, known, lateSeconds } of drops) {
    const state = known ? (slots > 1 ? 'bridged' : 'observed') : 'unknown';
    const packetsInc = known ? BigInt(packets) : null;
    const place = 'beside' as const;
    const drop = aDropRow({ host, port, direction, slot: base + at, slots, state, packetsInc, cause, place });
    out.push({ atSecond: base + at + slots + lateSeconds, drop });
  }
  return out;
}

/** The same rows as lines of a file of slots, as an export has them: by host, cut to where the ports were. */
export function linesOf(told: readonly Told[], ports: readonly ServicePort[]): string {
  let text = '';
  for (const { name, placements } of ports) {
    for (const placement of placements) {
      for (const direction of ['rx', 'tx'] as const) {
        const mine = <R extends PortRow | DropRow>(row: R | undefined): row is R =>
          row?.host === placement.host && row.port === placement.port && row.direction === direction;
        const portRows = told.map(({ port }) => port).filter(mine);
        const dropRows = told.map(({ drop }) => drop).filter(mine);
        const { lines } = slotsOfDay({
          direction,
          from: november,
          to: november + 86_400,
          ports: portRows.map((row) => ({
            ...quality(row),
            packets: row.packetsInc ?? 0n,
            dropsOutside: row.dropsOutsideInc ?? 0n,
            dropsInside: row.dropsInsideInc ?? 0n,
          })),
          causes: dropRows.map((row) => ({
            ...quality(row),
            packets: row.packetsInc ?? 0n,
            cause: row.cause,
            place: row.place,
          })),
          sums: [],
          entering: [],
          shared: [],
        });
        const cut = cutLines(lines, { from: placement.from ?? 0, to: placement.to ?? november + 86_400 }).lines;
        for (const line of cut) text += `${encodeLine({ host: placement.host, port: name, direction }, line)}\n`;
      }
    }
  }
  return text;
}

function quality(row: PortRow | DropRow) {
  return { slot: row.slot, slots: row.slots, state: row.state, suspect: row.suspect === 1 };
}
