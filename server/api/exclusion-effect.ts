import { toFourninesError } from '../../core/runtime/error.ts';
import type { ExclusionEvent } from '../exclusions/exclusion.ts';
import type { Exclusions } from '../exclusions/exclusions.ts';
import type { Judging } from '../judge/reading.ts';
import type { Version } from '../objects/object.ts';
import { type ObjectHistory, ofKind } from '../objects/of-kind.ts';
import { readObjective } from '../openslo/objective-file.ts';
import { runSeconds } from '../seal/runs.ts';
import { isoOf } from '../slo/instant.ts';
import type { Exclusion, Window } from '../slo/objective.ts';
import { judgedAt } from '../slo/window.ts';
import { figuresOf } from './figures.ts';
import type { ExclusionDetail } from './schema/exclusions.ts';

export interface EffectContext {
  readonly exclusions: Pick<Exclusions, 'approved'>;
  readonly objects: Pick<ObjectHistory, 'at'>;
  readonly judging: Pick<Judging, 'judge'>;
}

type Effect = Pick<ExclusionDetail, 'effect' | 'notJudged'>;

/** Each costs two readings of a month. */
const objectivesMax = 20;

/**
 * What an exclusion changes in the window in which it begins, objective by objective: all other approved exclusions count
 * on both sides, this one on one. An objective that cannot be judged is named with the reason; what is still to come has
 * nothing to change.
 */
export async function readEffect(
  context: EffectContext,
  event: ExclusionEvent,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<Effect> {
  const effect: Effect['effect'] = [];
  const notJudged: Effect['notJudged'] = [];
  const { service, from } = event.request;
  // No run of seconds is cut there, and as good as all hosts have been heard of.
  const passed = now - (now % runSeconds);
  const held = ofKind(await context.objects.at(from), 'objective');
  const objectives = held.filter(({ body }) => body.service === service);
  for (const objective of objectives.slice(0, objectivesMax)) {
    try {
      const window = windowOf(objective, event, passed);
      if (window !== undefined) effect.push(await effectOn(context, objective, { event, window, passed, signal }));
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = toFourninesError(error);
      if (code === 'FN_INTERNAL') throw error;
      notJudged.push({ slo: objective.name, code, reason: message });
    }
  }
  for (const { name } of objectives.slice(objectivesMax)) {
    notJudged.push({
      slo: name,
      code: 'FN_STORE_TOO_MUCH',
      reason: `only ${objectivesMax} objectives are judged at once`,
    });
  }
  return { effect, notJudged };
}

/**
 * The objective's window in which the exclusion begins, or a rolling one at its end. Undefined: nothing of the exclusion
 * has passed.
 */
function windowOf(
  { name, body }: Version<'objective'>,
  { request }: ExclusionEvent,
  passed: number,
): Window | undefined {
  if (request.from >= passed) return undefined;
  const objective = readObjective(name, body.openslo);
  const at = objective.window.rolling ? Math.min(request.to, passed) : request.from + 1;
  return judgedAt(objective, at).window;
}

interface Asked {
  readonly event: ExclusionEvent;
  readonly window: Window;
  /** Figures are of what has passed, as they are told elsewhere. */
  readonly passed: number;
  readonly signal: AbortSignal;
}

async function effectOn(
  { exclusions, judging }: EffectContext,
  objective: Version<'objective'>,
  { event, window, passed, signal }: Asked,
): Promise<Effect['effect'][number]> {
  const { id, by, request } = event;
  const { from, to, category, reason } = request;
  const others: readonly Exclusion[] = (await exclusions.approved(window, request.service)).filter(
    (approved) => approved.id !== id,
  );
  const own = { from, to, category, reason, approvedBy: event.state === 'approved' ? by : '' };
  const elapsed = { ...window, to: Math.min(window.to, passed) };
  const without = await judging.judge({ objective, window: elapsed, exclusions: others }, signal);
  const withIt = await judging.judge({ objective, window: elapsed, exclusions: [...others, own] }, signal);
  return {
    slo: objective.name,
    window: { from: isoOf(window.from), to: isoOf(window.to), zone: window.zone },
    without: figuresOf(without),
    with: figuresOf(withIt),
  };
}
