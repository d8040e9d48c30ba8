import { parsePattern, type Range, refused, type Syntax } from './pattern-syntax.ts';

/**
 * A pattern as a list of steps that are all followed at once (Thompson). Tenants write patterns, and a server of many tenants
 * must not stand still for one of them: the time is at most steps x length of the value, whatever the pattern, where the
 * engine of the language may take for ever over (a+)+b.
 */
export interface Pattern {
  readonly steps: readonly PatternStep[];
}

type PatternStep =
  | { readonly type: 'one'; readonly ranges: readonly Range[]; readonly isNegated: boolean }
  | { readonly type: 'fork'; readonly to: readonly number[] }
  | { readonly type: 'start' | 'end' | 'match' };

const stepsMax = 2_000;

/** Throws FN_ALERT_ROUTES on what is not understood or too big. */
export function patternOf(text: string): Pattern {
  const steps: PatternStep[] = [];
  const add = (step: PatternStep): number => {
    if (steps.length >= stepsMax)
      throw refused(text, `has more than ${stepsMax} steps when its repetitions are written out`);
    return steps.push(step) - 1;
  };
  emit(parsePattern(text), steps, add);
  add({ type: 'match' });
  return { steps };
}

function emit(syntax: Syntax, steps: PatternStep[], add: (step: PatternStep) => number): void {
  switch (syntax.type) {
    case 'one':
    case 'start':
    case 'end':
      add(syntax);
      break;
    case 'sequence':
      // Also an empty one takes a step, so that the bound on steps bounds repetitions of nothing, too.
      if (syntax.parts.length === 0) add({ type: 'fork', to: [steps.length + 1] });
      for (const part of syntax.parts) emit(part, steps, add);
      break;
    case 'choice': {
      const fork = add({ type: 'fork', to: [] });
      const starts: number[] = [];
      const jumps: number[] = [];
      for (const option of syntax.options) {
        starts.push(steps.length);
        emit(option, steps, add);
        jumps.push(add({ type: 'fork', to: [] }));
      }
      steps[fork] = { type: 'fork', to: starts };
      for (const jump of jumps) steps[jump] = { type: 'fork', to: [steps.length] };
      break;
    }
    case 'times':
      emitTimes(syntax, steps, add);
      break;
  }
}

function emitTimes(
  { part, least, most }: Extract<Syntax, { type: 'times' }>,
  steps: PatternStep[],
  add: (step: PatternStep) => number,
): void {
  for (let n = 0; n < least; n++) emit(part, steps, add);
  if (most === null) {
    const fork = add({ type: 'fork', to: [] });
    emit(part, steps, add);
    add({ type: 'fork', to: [fork] });
    steps[fork] = { type: 'fork', to: [fork + 1, steps.length] };
    return;
  }
  const forks: number[] = [];
  for (let n = least; n < most; n++) {
    forks.push(add({ type: 'fork', to: [] }));
    emit(part, steps, add);
  }
  for (const fork of forks) steps[fork] = { type: 'fork', to: [fork + 1, steps.length] };
}

/** Whether it covers the whole value, as Alertmanager's do. */
export function patternMatches({ steps }: Pattern, value: string): boolean {
  const points = [...value];
  let places = new Set<number>();
  follow(steps, 0, { places, isStart: true, isEnd: points.length === 0 });
  for (const [index, point] of points.entries()) {
    const code = point.codePointAt(0) ?? 0;
    const next = new Set<number>();
    const ends = { places: next, isStart: false, isEnd: index === points.length - 1 };
    for (const place of places) {
      const step = steps[place];
      if (step?.type === 'one' && isOne(step, code)) follow(steps, place + 1, ends);
    }
    if (next.size === 0) return false;
    places = next;
  }
  return [...places].some((place) => steps[place]?.type === 'match');
}

interface Reached {
  readonly places: Set<number>;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** All places that are reached without another character. */
function follow(steps: readonly PatternStep[], from: number, { places, isStart, isEnd }: Reached): void {
  const open = [from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const step = steps[place];
    if (step?.type === 'fork') open.push(...step.to);
    if ((step?.type === 'start' && isStart) || (step?.type === 'end' && isEnd)) open.push(place + 1);
  }
}

function isOne({ ranges, isNegated }: Extract<PatternStep, { type: 'one' }>, code: number): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to) !== isNegated;
}
