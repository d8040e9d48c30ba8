import type { AdviceDetail } from '../../../../server/api/schema/remediation.ts';

/** Queues on cores as bars, in shares of a core: what of it stands where. Pure. */

type Thread = AdviceDetail['before'][number];
type Limits = NonNullable<AdviceDetail['limits']>;

export type SegmentKind = 'overhead' | 'stolen' | 'queue' | 'moved';

export interface Segment {
  readonly kind: SegmentKind;
  readonly name: string;
  readonly fromPpm: number;
  readonly ppm: number;
}

export interface Bar {
  readonly core: number;
  readonly numa: number;
  /** Of what the thread has for queues. */
  readonly usagePpm: number;
  readonly isOver: boolean;
  readonly segments: readonly Segment[];
  /** Where its use reaches a limit: overhead and theft come first, and the limit is of what they leave. */
  readonly enterPpm: number;
  readonly acceptPpm: number;
  /** What leaves it or came to it; empty: nothing. */
  readonly note: string;
}

export interface PlacementPicture {
  readonly before: readonly Bar[];
  readonly after: readonly Bar[];
  /** Both have one scale, which ends behind the longest bar. */
  readonly scalePpm: number;
  /** Cores that are left out, none of them touched. */
  readonly hidden: number;
}

const whole = 1_000_000;
/** Bars that are drawn unless all are asked for. */
const barsMax = 12;

/** Threads that moves touch and the busiest of all others, in order of their cores. */
export function pictureOf(
  { before, after, moves, limits }: Pick<AdviceDetail, 'before' | 'after' | 'moves' | 'limits'>,
  all: boolean,
): PlacementPicture {
  const touched = new Set(moves.flatMap(({ from, to }) => [from, to]));
  const byNeed = [...before].sort(
    (a, b) => Number(touched.has(b.core)) - Number(touched.has(a.core)) || b.usagePpm - a.usagePpm || a.core - b.core,
  );
  const shown = new Set((all ? byNeed : byNeed.slice(0, barsMax)).map(({ core }) => core));
  const barsOf = (threads: readonly Thread[], noteOf: (core: number) => string) =>
    threads
      .filter(({ core }) => shown.has(core))
      .map((thread) => barOf(thread, { limits, note: noteOf(thread.core), moved: moves.map(({ rxq }) => rxq) }));
  const bars = {
    before: barsOf(before, (core) => leavingText(moves, core)),
    after: barsOf(after, (core) => comingText(moves, core)),
  };
  const ends = [...bars.before, ...bars.after].map(({ segments }) => endOf(segments.at(-1)));
  return { ...bars, scalePpm: Math.max(whole, ...ends), hidden: before.length - shown.size };
}

function barOf(
  thread: Thread,
  { limits, note, moved }: { limits: Limits | null; note: string; moved: readonly string[] },
): Bar {
  const { core, numa, usagePpm, overheadPpm, stolenPpm, rxqs } = thread;
  const enter = limits?.enterPpm ?? whole;
  const accept = limits?.acceptPpm ?? whole;
  const parts: Omit<Segment, 'fromPpm'>[] = [
    { kind: 'stolen', name: 'taken by others', ppm: stolenPpm },
    { kind: 'overhead', name: 'overhead', ppm: overheadPpm },
    ...[...rxqs]
      .sort((a, b) => Number(moved.includes(a.id)) - Number(moved.includes(b.id)) || b.usagePpm - a.usagePpm)
      .map(({ id, usagePpm: ppm }) => ({
        kind: moved.includes(id) ? ('moved' as const) : ('queue' as const),
        name: id,
        ppm,
      })),
  ];
  let fromPpm = 0;
  const segments = parts.map((part) => {
    const segment = { ...part, fromPpm };
    fromPpm += part.ppm;
    return segment;
  });
  const taken = overheadPpm + stolenPpm;
  const at = (limit: number) => taken + Math.floor(((whole - taken) * limit) / whole);
  return {
    ...{ core, numa, usagePpm, isOver: usagePpm >= enter, note },
    segments: segments.filter(({ ppm }) => ppm > 0),
    ...{ enterPpm: at(enter), acceptPpm: at(accept) },
  };
}

function leavingText(moves: AdviceDetail['moves'], core: number): string {
  const own = moves.filter(({ from }) => from === core);
  return own.map(({ rxq, to }) => `▲ ${rxq} leaves for core ${to}`).join(', ');
}

function comingText(moves: AdviceDetail['moves'], core: number): string {
  const own = moves.filter(({ to }) => to === core);
  return own.map(({ rxq, from }) => `▲ ${rxq} came from core ${from}`).join(', ');
}

function endOf(segment: Segment | undefined): number {
  return segment === undefined ? 0 : segment.fromPpm + segment.ppm;
}
