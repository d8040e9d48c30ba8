import fc from 'fast-check';
import { isoOf } from '../../../../server/slo/instant.ts';
import type { Exclusion } from '../../../../server/slo/objective.ts';
import { type Asked, excluded, type Line, november } from './asking.ts';

/** A row as plain numbers, so that a reference can read it without the parser. */
export interface Drawn {
  readonly host: string;
  readonly port: string;
  readonly direction: 'toGuest' | 'fromGuest';
  readonly slot: number;
  readonly count: number;
  readonly state: 'observed' | 'bridged' | 'clean' | 'idle' | 'unknown';
  readonly offered: number;
  readonly provider: number;
  readonly unknown: number;
  readonly tenant: number;
  readonly contract: number;
  readonly peak: number;
  readonly probe: { readonly sent: number; readonly lost: number } | undefined;
  readonly suspect: boolean;
  /** Lost further up: of each slot, or of the whole gap. */
  readonly shared: number;
}

export interface DrawnFile {
  readonly rows: readonly Drawn[];
  readonly exclusions: readonly Exclusion[];
  readonly at: number;
  readonly window: { readonly from: number; readonly to: number };
}

/** The window of drawn files: two minutes, with a lead of up to a minute before and behind. */
const drawnWindow = { from: november, to: november + 120 };
export const drawnAsked: Asked = { calendar: ['2m', '2026-11-01 00:00:00', 'UTC'] };

const step = fc.record({
  kind: fc.constantFrom(
    'good',
    'good',
    'lossy',
    'lossy',
    'some',
    'idle',
    'gap',
    'gap',
    'clean',
    'quiet',
    'unknown',
    'suspect',
    'nothing',
  ),
  count: fc.integer({ min: 1, max: 9 }),
  packets: fc.integer({ min: 10, max: 40 }),
  lost: fc.integer({ min: 0, max: 9 }),
  few: fc.integer({ min: 0, max: 9 }),
  contract: fc.integer({ min: 0, max: 3 }),
  owner: fc.constantFrom('provider' as const, 'unknown' as const, 'tenant' as const),
  probe: fc.option(fc.record({ sent: fc.integer({ min: 0, max: 10 }), lost: fc.integer({ min: 0, max: 10 }) }), {
    nil: undefined,
  }),
  shared: fc.constantFrom(0, 0, 0, 0, 1, 2, 5, 12, 60),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export type StepKind = Step['kind'];

const path = fc.record({
  port: fc.constantFrom('p1', 'p2'),
  direction: fc.constantFrom('toGuest' as const, 'fromGuest' as const),
  host: fc.constantFrom('', 'a', 'b'),
  /** Seconds before the window at which its rows begin. */
  lead: fc.integer({ min: -60, max: 60 }),
  steps: fc.array(step, { minLength: 1, maxLength: 30 }),
});

const span = fc.record({ from: fc.integer({ min: -20, max: 130 }), slots: fc.integer({ min: 1, max: 30 }) });

/** Files of rows of every state, from several hosts that overlap, with exclusions. Every row is valid. */
export const drawnFiles = (kinds?: ReadonlySet<StepKind>, onlyHost?: '', shares = true): fc.Arbitrary<DrawnFile> =>
  fc
    .record({
      paths: fc.array(path, { minLength: 1, maxLength: 5 }),
      exclusions: fc.array(span, { maxLength: 2 }),
      at: fc.integer({ min: 1, max: 120 }),
    })
    .map(({ paths, exclusions, at }) => {
      const spans = exclusions.map(({ from, slots }) => excluded(november + from, november + from + slots));
      const seen = new Set<string>();
      const rows = paths.flatMap((each) => {
        const host = onlyHost ?? each.host;
        const name = `${host} ${each.port} ${each.direction}`;
        if (seen.has(name)) return [];
        seen.add(name);
        return rowsOf({ ...each, host }, kinds).map((row) => (shares ? row : { ...row, shared: 0 }));
      });
      const ends = [drawnWindow, ...spans].flatMap(({ from, to }) => [from, to]);
      const crosses = (row: Drawn) => ends.some((end) => row.slot < end && end < row.slot + row.count);
      const fitting = rows.filter((row) => !((row.state === 'clean' || row.state === 'idle') && crosses(row)));
      // Each port has a row; one slot after all others says nothing about the window.
      const anchors = ['p1', 'p2'].map((port) => ({ ...bare(port, november + 4000), state: 'unknown' as const }));
      return { rows: [...fitting, ...anchors], exclusions: spans, at: november + at, window: drawnWindow };
    });

type PathDraw = typeof path extends fc.Arbitrary<infer P> ? P : never;

function bare(port: string, slot: number): Drawn {
  const none = { offered: 0, provider: 0, unknown: 0, tenant: 0, contract: 0, peak: 0, probe: undefined, shared: 0 };
  return { host: '', port, direction: 'toGuest', slot, count: 1, state: 'observed', ...none, suspect: false };
}

function rowsOf({ host, port, direction, lead, steps }: PathDraw, kinds: ReadonlySet<StepKind> | undefined): Drawn[] {
  let slot = november - lead;
  return steps.flatMap((each) => {
    const from = slot;
    slot += each.count;
    const kind = kinds === undefined || kinds.has(each.kind) ? each.kind : 'good';
    return kind === 'nothing'
      ? []
      : [{ ...bare(port, from), host, direction, count: each.count, ...partsOf({ ...each, kind }) }];
  });
}

function partsOf({ kind, count, packets, lost, few, contract, owner, probe, shared }: Step): Partial<Drawn> {
  const probed = probe === undefined ? {} : { probe: { sent: probe.sent, lost: Math.min(probe.lost, probe.sent) } };
  switch (kind) {
    case 'good':
      return { offered: packets + contract, contract, shared, ...probed };
    case 'lossy':
      return { offered: packets, provider: Math.ceil(packets / 2), shared, ...probed };
    case 'some':
      return { offered: packets + lost + contract, [owner]: lost, contract, shared, ...probed };
    case 'idle':
      return { offered: few, [owner]: Math.min(lost, few), shared, ...probed };
    case 'gap':
      return { state: 'bridged', offered: packets * count + contract, [owner]: lost, contract, shared };
    case 'clean': {
      const each = packets + few;
      return { state: 'clean', offered: each + packets * (count - 1) + contract, contract, peak: each };
    }
    case 'quiet':
      return { state: 'idle', offered: few, peak: few };
    case 'unknown':
      return { state: 'unknown' };
    default:
      return { offered: packets, provider: lost, suspect: true, state: few < 5 ? 'observed' : 'bridged', shared };
  }
}

export function lineOf(row: Drawn): Line {
  const { host, port, direction, slot, count, state, probe, suspect, shared } = row;
  const head = { ...(host === '' ? {} : { host }), port, direction, slot: isoOf(slot) };
  if (state === 'unknown') return { ...head, state, ...(count > 1 ? { repeat: count } : {}) };
  const drops = (['provider', 'unknown', 'tenant', 'contract'] as const)
    .filter((owner) => row[owner] > 0)
    .map((owner) => ({ cause: `by ${owner}`, owner, packets: String(row[owner]) }));
  const lost = row.provider + row.unknown + row.tenant + row.contract;
  const numbers = { offered: String(row.offered), delivered: String(row.offered - lost), drops };
  const doubted = suspect ? { suspect, delivered: String(row.offered + 1) } : {};
  const more = shared > 0 ? { ...doubted, shared: String(shared) } : doubted;
  if (state === 'observed') {
    const repeat = count > 1 ? { repeat: count } : {};
    return { ...head, ...repeat, state, ...numbers, ...(probe === undefined ? {} : { probe }), ...more };
  }
  if (state === 'bridged') return { ...head, state, slots: count, ...numbers, ...more };
  return { ...head, state: 'sealed', class: state, slots: count, ...numbers, offeredMax: String(row.peak) };
}
