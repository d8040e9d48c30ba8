import type { SliName } from '../../../../server/slo/objective.ts';
import type { Drawn, DrawnFile } from './drawn-files.ts';
import { aloneLossOf, cleanClassOf } from './reference-clean-slots.ts';

/**
 * What the definitions say, slot by slot, as slowly and plainly as they are written: sets of slots, no runs, no clever
 * order, plain numbers. Only for small files.
 */
export interface ReferenceAsked {
  readonly sli: SliName;
  /** Loss ratio in tenths; of clean slots: one more, in hundredths. */
  readonly tenths: number;
  readonly run: number;
  /** Of 10,000: what may go wrong. */
  readonly allowedOf10000: number;
}

type Kind = 'observed' | 'bridged' | 'clean' | 'idle' | 'folded' | 'unknown' | 'suspect' | 'excluded';
type Loss = 'lossy' | 'good' | 'gap' | 'idle' | 'unknown' | 'excluded' | 'idle or lossy';

export interface Slot {
  kind: Kind;
  /** Of this slot where observed; of the whole lump in its first slot, else 0. */
  offered: number;
  bad: number;
  peak: number;
  sent: number;
  lost: number;
  /** Lost further up, told as `bad` is. */
  shared: number;
  /** All slots that are known only together with this one, in order. */
  lump: readonly number[];
}

interface Lump {
  slots: Set<number>;
  rows: Drawn[];
}

const isLump = ({ state, suspect }: Drawn) =>
  !suspect && (state === 'bridged' || state === 'clean' || state === 'idle');
const slotsOf = ({ slot, count }: Drawn) => Array.from({ length: count }, (_, i) => slot + i);
const tells = ({ slot: first, count }: Drawn, slot: number) => slot >= first && slot < first + count;
const offeredOf = (row: Drawn) => row.offered - row.contract;
const badOf = (row: Drawn) => row.provider + row.unknown;

/** Hosts added up: what is known of each slot that some row tells. */
function slotsOfPath(rows: readonly Drawn[]): Map<number, Slot> {
  const lumps = joined(rows.filter(isLump).map((row) => ({ slots: new Set(slotsOf(row)), rows: [row] })));
  const slots = new Map<number, Slot>();
  const singles = rows.filter((row) => !isLump(row));
  for (const slot of new Set(rows.flatMap(slotsOf))) {
    if (lumps.some((lump) => lump.slots.has(slot))) continue;
    slots.set(slot, added(singles.filter((row) => tells(row, slot))));
  }
  for (const lump of lumps) addLump(lump, singles, slots);
  return slots;
}

function joined(lumps: Lump[]): Lump[] {
  for (const a of lumps) {
    const b = lumps.find((other) => other !== a && [...other.slots].some((slot) => a.slots.has(slot)));
    if (b === undefined) continue;
    const rest = lumps.filter((lump) => lump !== a && lump !== b);
    return joined([...rest, { slots: new Set([...a.slots, ...b.slots]), rows: [...a.rows, ...b.rows] }]);
  }
  return lumps;
}

const nothing: Slot = { kind: 'unknown', offered: 0, bad: 0, peak: 0, sent: 0, lost: 0, shared: 0, lump: [] };

function added(rows: readonly Drawn[]): Slot {
  if (rows.some(({ suspect }) => suspect)) return { ...nothing, kind: 'suspect' };
  if (rows.some(({ state }) => state === 'unknown')) return nothing;
  const sum = (of: (row: Drawn) => number) => rows.reduce((total, row) => total + of(row), 0);
  const probes = { sent: sum(({ probe }) => probe?.sent ?? 0), lost: sum(({ probe }) => probe?.lost ?? 0) };
  const shared = sum((row) => row.shared);
  return { ...nothing, kind: 'observed', offered: sum(offeredOf), bad: sum(badOf), shared, ...probes };
}

function addLump(lump: Lump, singles: readonly Drawn[], slots: Map<number, Slot>): void {
  const order = [...lump.slots].sort((a, b) => a - b);
  const over = order.map((slot) => singles.filter((row) => tells(row, slot)));
  if (over.some((rows) => rows.some(({ state, suspect }) => suspect || state === 'unknown'))) {
    for (const [i, slot] of order.entries()) {
      const suspect = over[i]?.some((row) => row.suspect) === true;
      slots.set(slot, { ...nothing, kind: suspect ? 'suspect' : 'unknown' });
    }
    return;
  }
  const [only] = lump.rows;
  const alone = lump.rows.length === 1 && over.every((rows) => rows.length === 0);
  const sealed = lump.rows.some(({ state }) => state !== 'bridged');
  const kind: Kind = alone && only !== undefined ? (only.state as Kind) : sealed ? 'folded' : 'bridged';
  const all = [...lump.rows, ...over.flat()];
  const total = (of: (row: Drawn) => number) => all.reduce((sum, row) => sum + of(row), 0);
  const peak = lump.rows.reduce((sum, row) => sum + row.peak, 0);
  for (const [i, slot] of order.entries()) {
    const shared = total((row) => row.shared);
    const numbers = i === 0 ? { offered: total(offeredOf), bad: total(badOf), shared, peak } : {};
    slots.set(slot, { ...nothing, kind, ...numbers, lump: order });
  }
}

/** Excluded slots, and gaps that an end of the window or of an exclusion cuts. */
function cut(slots: Map<number, Slot>, { exclusions, window }: DrawnFile): Map<number, Slot> {
  const side = (slot: number) => {
    const out = exclusions.some(({ from, to }) => slot >= from && slot < to);
    return `${out} ${slot < window.from ? 'before' : slot < window.to ? 'inside' : 'behind'}`;
  };
  return new Map(
    [...slots].map(([slot, told]): [number, Slot] => {
      if (side(slot).startsWith('true')) return [slot, { ...told, kind: 'excluded' }];
      const whole = told.lump.every((other) => side(other) === side(slot));
      return [slot, whole ? told : nothing];
    }),
  );
}

function lossOf(slot: Slot, { sli, tenths }: ReferenceAsked, first: Slot | undefined): Loss {
  const { kind, offered, bad, sent, lost, lump } = slot;
  if (kind === 'excluded') return 'excluded';
  if (kind === 'unknown' || kind === 'suspect') return 'unknown';
  if (kind === 'clean') return 'good';
  if (kind === 'idle') return 'idle';
  if (lump.length > 0) return (first?.bad ?? 0) === 0 ? 'good' : 'gap';
  if (sli === 'cleanSlots') return aloneLossOf(slot, tenths);
  if (offered >= 10) return 10 * bad > tenths * offered ? 'lossy' : 'good';
  if (sent >= 1) return 10 * lost > tenths * sent ? 'lossy' : 'good';
  return 'idle';
}

/** The worst that loss further up can make of it. */
function worstOf(loss: Loss, slot: Slot, tenths: number, first: Slot | undefined): Loss {
  if (loss === 'excluded' || loss === 'unknown') return loss;
  if (slot.lump.length > 0) return (first?.shared ?? 0) > 0 ? 'gap' : loss;
  const offered = slot.offered + slot.shared;
  const isLossy = slot.shared > 0 && offered >= 10 && 10 * (slot.bad + slot.shared) > tenths * offered;
  if (!isLossy) return loss;
  return loss === 'idle' ? 'idle or lossy' : 'lossy';
}

/** In which state each slot is: looks ahead for `run` slots in a row that contradict it. */
function statesOf(order: readonly number[], losses: ReadonlyMap<number, Loss>, run: number): Map<number, boolean> {
  const kindOf = (slot: number) => (losses.get(slot) === 'idle or lossy' ? 'lossy' : losses.get(slot));
  const counting = order.filter((slot) => kindOf(slot) === 'lossy' || kindOf(slot) === 'good');
  const turns = new Set<number>();
  let available = true;
  for (let k = 0; k < counting.length; k++) {
    const ahead = counting.slice(k, k + run);
    const against = available ? 'lossy' : 'good';
    if (ahead.length < run || ahead.some((slot) => kindOf(slot) !== against)) continue;
    turns.add(counting[k] as number);
    available = !available;
  }
  const states = new Map<number, boolean>();
  let now = true;
  for (const slot of order) {
    if (turns.has(slot)) now = !now;
    states.set(slot, now || (run === 1 && losses.get(slot) === 'gap'));
  }
  return states;
}

export interface ReferencePath {
  readonly slots: ReadonlyMap<number, Slot>;
  readonly losses: ReadonlyMap<number, Loss>;
  /** true: available. */
  readonly states: ReadonlyMap<number, boolean>;
  /** The same with all loss further up as this path's. */
  readonly worst: Pick<ReferencePath, 'losses' | 'states'>;
}

export function referencePaths(file: DrawnFile, asked: ReferenceAsked): ReferencePath[] {
  const names = [...new Set(file.rows.map(({ port, direction }) => `${port} ${direction}`))];
  return names.map((name) => {
    const slots = slotsOfPath(file.rows.filter(({ port, direction }) => `${port} ${direction}` === name));
    const hole = (slot: number) => !slots.has(slot);
    for (let slot = file.window.from - 400; slot < file.window.to + 400; slot++)
      if (hole(slot)) slots.set(slot, nothing);
    const known = cut(slots, file);
    const order = [...known.keys()].sort((a, b) => a - b);
    const losses = new Map(
      order.map((slot): [number, Loss] => {
        const told = known.get(slot) ?? nothing;
        return [slot, lossOf(told, asked, known.get(told.lump[0] ?? slot))];
      }),
    );
    const worst = new Map(
      order.map((slot): [number, Loss] => {
        const told = known.get(slot) ?? nothing;
        const loss = losses.get(slot) ?? 'unknown';
        return [slot, worstOf(loss, told, asked.tenths, known.get(told.lump[0] ?? slot))];
      }),
    );
    return {
      slots: known,
      losses,
      states: statesOf(order, losses, asked.run),
      worst: { losses: worst, states: statesOf(order, worst, asked.run) },
    };
  });
}

const classes = ['bad', 'unknown', 'uncertain', 'good', 'idle', 'excluded'] as const;
type ClassOf = (path: ReferencePath, slot: number, reading: 'high' | 'low') => (typeof classes)[number];

const availabilityOf: ClassOf = (path, slot, reading) => {
  const { losses, states } = reading === 'high' ? path : path.worst;
  const loss = losses.get(slot) ?? 'unknown';
  if (loss === 'unknown' || loss === 'idle' || loss === 'excluded') return loss;
  const told = path.slots.get(slot) ?? nothing;
  const first = path.slots.get(told.lump[0] ?? slot) ?? nothing;
  const bad = reading === 'high' ? first.bad : first.bad + first.shared;
  if (loss === 'gap' && told.lump.indexOf(slot) < bad) return 'uncertain';
  if (states.get(slot) !== true) return 'bad';
  return loss === 'idle or lossy' ? 'idle' : 'good';
};

/** In the low reading the worse of both: without what was lost further up, and with all of it. */
function cleanSlotsOf({ tenths }: ReferenceAsked, from: number): ClassOf {
  return (path, slot, reading) => {
    const own = cleanClassOf(path.slots, slot, { tenths, from, isWorst: false });
    if (reading === 'high') return own;
    const worst = cleanClassOf(path.slots, slot, { tenths, from, isWorst: true });
    return classes.find((each) => each === own || each === worst) ?? own;
  };
}

/** The printed answer but for its name, window and burn rates. */
export function reference(file: DrawnFile, asked: ReferenceAsked) {
  const paths = referencePaths(file, asked);
  const { from, to } = file.window;
  const window = Array.from({ length: to - from }, (_, i) => from + i);
  const isOfSlots = asked.sli !== 'packetDelivery';
  const classOf = asked.sli === 'availability' ? availabilityOf : cleanSlotsOf(asked, from);
  const { high, low, bounded } = isOfSlots ? readSlots(paths, window, classOf) : readPackets(paths, window);
  const counts = countSlots(paths, window, isOfSlots);
  const allowedOf = (total: number) => Math.floor((total * asked.allowedOf10000) / 10_000);
  let verdict = 'undetermined';
  if (high.total === 0) verdict = counts.unknown === 0 && low.total === 0 ? 'noTraffic' : 'undetermined';
  else if (bounded && low.bad <= allowedOf(low.total)) verdict = 'met';
  else if (high.bad > allowedOf(high.total)) verdict = 'breached';
  const text = ({ total, bad }: { total: number; bad: number }) => ({ total: String(total), bad: String(bad) });
  const allowed = allowedOf(high.total);
  return {
    slots: counts,
    high: text(high),
    low: text(low),
    ...(asked.sli === 'availability' ? intervals(paths, window) : {}),
    budget: { allowed: String(allowed), spent: String(high.bad), remaining: String(allowed - high.bad) },
    verdict,
  };
}

function countSlots(paths: readonly ReferencePath[], window: readonly number[], isOfSlots: boolean) {
  const of = paths.flatMap(({ slots, losses }) =>
    window.map((slot) => ({
      kind: slots.get(slot)?.kind ?? 'unknown',
      idle: isOfSlots && losses.get(slot) === 'idle',
    })),
  );
  const count = (...kinds: Kind[]) => of.filter(({ kind, idle }) => kinds.includes(kind) && !idle).length;
  return {
    expected: of.length,
    observed: count('observed', 'clean', 'idle'),
    bridged: count('bridged', 'folded'),
    unknown: count('unknown', 'suspect'),
    excluded: count('excluded'),
    idle: of.filter(({ idle }) => idle).length,
    suspect: count('suspect'),
  };
}

function readPackets(paths: readonly ReferencePath[], window: readonly number[]) {
  const high = { total: 0, bad: 0 };
  const low = { total: 0, bad: 0 };
  let bounded = true;
  for (const { slots } of paths) {
    const told = window.map((slot) => slots.get(slot) ?? nothing).filter(({ kind }) => kind !== 'excluded');
    const known = told.filter(({ kind }) => kind !== 'unknown' && kind !== 'suspect');
    const unknown = told.length - known.length;
    const largest = Math.max(0, ...known.map(({ kind, offered, peak }) => (kind === 'observed' ? offered : peak)));
    const most = Math.max(
      largest,
      ...known.map(({ kind, offered, shared }) => (kind === 'observed' ? offered + shared : 0)),
    );
    for (const { offered, bad, shared } of known) {
      high.total += offered;
      high.bad += bad;
      low.total += offered + shared;
      low.bad += bad + shared;
    }
    low.total += unknown * most;
    low.bad += unknown * most;
    bounded &&= unknown === 0 || known.some(({ kind }) => kind === 'observed' || kind === 'clean' || kind === 'idle');
  }
  return { high, low, bounded };
}

function readSlots(paths: readonly ReferencePath[], window: readonly number[], classOf: ClassOf) {
  const read = (reading: 'high' | 'low', ...bad: string[]) => {
    const service = window.map((slot) => {
      const of = paths.map((path) => classOf(path, slot, reading));
      return classes.find((each) => of.includes(each)) ?? 'excluded';
    });
    const count = (...of: string[]) => service.filter((each) => of.includes(each)).length;
    return { total: count('bad', 'unknown', 'uncertain', 'good'), bad: count(...bad) };
  };
  const low = read('low', 'bad', 'unknown', 'uncertain');
  return { high: read('high', 'bad'), low, bounded: true };
}

function intervals(paths: readonly ReferencePath[], window: readonly number[]) {
  let hli = 0;
  let chli = 0;
  for (const { losses, states } of paths) {
    let runs = '';
    for (const slot of window) {
      const loss = losses.get(slot);
      if (states.get(slot) !== true) runs += ' ';
      else if (loss === 'lossy') runs += 'l';
      else if (loss === 'good') runs += ' ';
    }
    hli += runs.replaceAll(' ', '').length;
    chli += runs.split(' ').filter((run) => run.length >= 2).length;
  }
  return { hli: String(hli), chli: String(chli) };
}
