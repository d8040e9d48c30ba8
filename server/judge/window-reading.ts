import { FourninesError } from '../../core/runtime/error.ts';
import { parseDecimal, type Ratio } from '../slo/decimal.ts';
import { type Evaluation, evaluate } from '../slo/evaluate.ts';
import type { Pace } from '../slo/exhaustion.ts';
import { type Exclusion, isOfSlots, type Objective, type Window } from '../slo/objective.ts';
import type { SlotsFile } from '../slo/slots-reader.ts';
import type { OtherTerms, WindowReading } from './reading.ts';

export interface Facts {
  readonly objective: Objective;
  readonly window: Window;
  /** Rows up to here are known, unix seconds. */
  readonly until: number;
  /** Agreed ones. */
  readonly exclusions: readonly Exclusion[];
  /** Time in which the objective does not hold; left out of every figure. */
  readonly outOfContract: readonly Exclusion[];
  readonly file: SlotsFile;
}

/** A window as it stands. Everything is computed by `evaluate`, so that everybody gets the same from the same rows. */
export function windowReading(facts: Facts): WindowReading {
  const { objective, window, outOfContract, file } = facts;
  const until = Math.max(window.from, Math.min(facts.until, window.to));
  const all = [...outOfContract, ...facts.exclusions];
  const over = (exclusions: readonly Exclusion[], to: number): Evaluation =>
    evaluate({ objective, exclusions, window: { ...window, to }, file });
  const elapsed = over(all, until);
  return {
    window,
    until,
    elapsed,
    evaluation: until === window.to ? elapsed : over(all, window.to),
    withoutExclusions: facts.exclusions.length === 0 ? elapsed : over(outOfContract, until),
  };
}

/** How fast the budget of a window goes; undefined: of too much of it nobody knows. */
export function paceOf({ objective, window, exclusions, outOfContract, file }: Facts): Pace | undefined {
  if (window.to <= window.from) return undefined;
  const { slots, high, unshared } = evaluate({
    objective,
    exclusions: [...outOfContract, ...exclusions],
    window,
    file,
  });
  if (objective.sli.sli === 'packetDelivery') {
    return slots.unknown > 0 || slots.excluded > 0 ? undefined : { bad: high.bad, seconds: window.to - window.from };
  }
  const known = Number(high.total - (unshared.bad - high.bad));
  return known * 2 < window.to - window.from ? undefined : { bad: high.bad, seconds: known };
}

/** The objective under other terms. FN_QUERY_PARAMETER: a decimal that is none, or terms that packets do not have. */
export function withTerms(objective: Objective, { target, lossRatioMax, run }: OtherTerms): Objective {
  const wanted = { ...objective, target: ratioOf('target', target) ?? objective.target };
  const { sli } = objective;
  if (run !== undefined && sli.sli !== 'availability') throw meaningless('run', objective);
  if (lossRatioMax === undefined && run === undefined) return wanted;
  if (!isOfSlots(sli)) throw meaningless('lossRatioMax', objective);
  const max = ratioOf('lossRatioMax', lossRatioMax) ?? sli.lossRatioMax;
  if (sli.sli === 'availability') return { ...wanted, sli: { ...sli, lossRatioMax: max, run: run ?? sli.run } };
  if (max.num > 0n) return { ...wanted, sli: { ...sli, lossRatioMax: max } };
  throw new FourninesError('FN_QUERY_PARAMETER', 'lossRatioMax 0 is no share that a clean slot may lose', {
    hint: 'It says how many packets a slot needs, 10000 at 0.0001: write one above 0.',
  });
}

function meaningless(name: string, { name: of, sli }: Objective): FourninesError {
  return new FourninesError('FN_QUERY_PARAMETER', `${of} is of ${sli.sli}, which has no ${name}`);
}

function ratioOf(name: string, text: string | undefined): Ratio | undefined {
  if (text === undefined) return undefined;
  const ratio = parseDecimal(text);
  if (ratio !== undefined && ratio.num <= ratio.den && (name === 'target' || ratio.num < ratio.den)) return ratio;
  throw new FourninesError(
    'FN_QUERY_PARAMETER',
    `${name} ${JSON.stringify(text.slice(0, 40))} is no decimal from 0 to 1`,
    {
      hint: 'Write a ratio, such as 0.9999; 99.99 % is 0.9999.',
    },
  );
}
