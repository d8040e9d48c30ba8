import type { Burn, Slo, Verdict, WindowFigures } from '../../../../server/api/schema/slos.ts';
import type { Tone } from '../../components/tone.ts';
import { formatCount } from '../../format/count.ts';
import { type Fraction, formatPercent, formatTimes, fractionOf } from '../../format/decimal.ts';
import { formatSpan } from '../../format/duration.ts';
import { formatRatio } from '../../format/ratio.ts';

export type Sli = Slo['sli'];
type Figures = WindowFigures['figures'];

/** How a state or a verdict looks and reads: never by colour alone. */
export interface Words {
  readonly name: string;
  readonly tone: Tone;
  /** Another one than that of the tone. */
  readonly icon?: 'ok' | 'warn' | 'stale';
  readonly meaning: string;
}

/** The worst first. */
export const stateWords: Record<Slo['state'], Words> = {
  breached: {
    name: 'breached',
    tone: 'bad',
    meaning: 'More was bad than is allowed, even if all that is unknown was good.',
  },
  burning: { name: 'burning', tone: 'warn', meaning: 'The budget goes faster than a tier allows.' },
  atRisk: { name: 'at risk', tone: 'warn', meaning: 'At this pace the budget does not last to the end of the window.' },
  stale: { name: 'stale', tone: 'unknown', icon: 'stale', meaning: 'Nothing is known of the present.' },
  unproven: { name: 'unproven', tone: 'unknown', meaning: 'Too much is unknown to call it kept.' },
  noTraffic: { name: 'no traffic', tone: 'neutral', meaning: 'Nothing was offered: there is nothing to judge.' },
  kept: { name: 'kept', tone: 'ok', meaning: 'Within its budget, as far as the window has come.' },
};
export const states = Object.keys(stateWords) as Slo['state'][];

export const verdictWords: Record<Verdict, Words> = {
  met: { name: 'met', tone: 'ok', meaning: 'Even if all that is unknown was bad, it is within what is allowed.' },
  breached: {
    name: 'breached',
    tone: 'bad',
    meaning: 'Even if all that is unknown was good, it is beyond what is allowed.',
  },
  undetermined: {
    name: 'undetermined',
    tone: 'unknown',
    meaning: 'It depends on what nobody knows, or on what is yet to come.',
  },
  noTraffic: { name: 'no traffic', tone: 'neutral', meaning: 'Nothing was offered: there is nothing to judge.' },
};

const notDecided: Words = {
  name: 'not decided',
  tone: 'neutral',
  meaning: 'The window goes on: what is yet to come decides.',
};
const overItsShare: Words = {
  name: 'over its share so far',
  tone: 'warn',
  meaning: 'More was bad than what has passed allows; the rest of the window can still make up for it.',
};

/** A window that has been judged as far as it has come. */
export function wordsOfWindow({ until, figures, wholeBudget }: WindowFigures): Words {
  if (until.remaining === 0) return verdictWords[figures.verdict];
  if (wholeBudget !== null && BigInt(wholeBudget.remaining) < 0n) return verdictWords.breached;
  return wordsSoFar(figures.verdict);
}

/** A verdict over the part that has passed of a window that goes on. */
export function wordsSoFar(verdict: Verdict): Words {
  if (verdict === 'breached') return overItsShare;
  const words = verdictWords[verdict];
  return { ...words, name: `${words.name} so far` };
}

/** A verdict over a whole window, in which all that is yet to come is unknown. */
export function wordsOfVerdict(verdict: Verdict, { runs, sli }: { readonly runs: boolean; readonly sli: Sli }): Words {
  if (!runs) return verdictWords[verdict];
  if (verdict === 'undetermined') return notDecided;
  // Packets that are yet to come may thin out what was lost; slots cannot.
  return verdict === 'breached' && sli === 'packetDelivery' ? overItsShare : verdictWords[verdict];
}

export function unitOf(sli: Sli): 'seconds' | 'packets' {
  return sli === 'packetDelivery' ? 'packets' : 'seconds';
}

const sliNames: Record<Sli, string> = {
  availability: 'availability',
  cleanSlots: 'clean seconds',
  packetDelivery: 'packet delivery',
};

export function promiseText({ sli, target }: Pick<Slo, 'sli' | 'target'>): string {
  return `${formatPercent(target)} ${sliNames[sli]}`;
}

/** What counts as bad, in one line. */
export function termsText({ sli, lossRatioMax, run }: Pick<Slo, 'sli' | 'lossRatioMax' | 'run'>): string {
  if (sli === 'packetDelivery') return 'each lost packet is bad';
  const loss = lossRatioMax === null ? 'loss' : `loss > ${formatPercent(lossRatioMax)}`;
  if (sli === 'cleanSlots') return `${loss} in a second`;
  return run === null || run === 1 ? loss : `${loss} for ${run} s`;
}

/** The window that a list judges by: what was promised for the month, else the rolling one. */
export function leadingWindow({ calendar, rolling }: Pick<Slo, 'calendar' | 'rolling'>): WindowFigures | null {
  return calendar ?? rolling;
}

/** The budget of a window. `unsure`: of what has passed, bad or not, nobody knows. */
export interface BudgetView {
  /** `blind`: nothing of what has passed was seen. `nothing`: none was offered, or none has passed. */
  readonly basis: 'seen' | 'blind' | 'nothing';
  readonly allowed: bigint;
  readonly spent: bigint;
  readonly left: bigint;
  readonly unsure: bigint;
  /** Of the whole window; false: of what has passed, because nobody knows the traffic to come. */
  readonly isWhole: boolean;
  /** Percent of the width of a bar, for pixels alone. */
  readonly spentWidth: number;
  readonly unsureWidth: number;
}

export function budgetView(window: WindowFigures): BudgetView {
  const { figures, wholeBudget } = window;
  const spent = BigInt(figures.high.bad);
  const allowed = BigInt(wholeBudget?.allowed ?? figures.budget.allowed);
  const left = BigInt(wholeBudget?.remaining ?? figures.budget.remaining);
  const unsure = BigInt(figures.low.bad) - spent;
  const spentWidth = widthOf(spent, allowed);
  return {
    basis: basisOf(window),
    ...{ allowed, spent, left, unsure, isWhole: wholeBudget !== null, spentWidth },
    unsureWidth: Math.min(100 - spentWidth, widthOf(unsure, allowed)),
  };
}

function basisOf({ coverage, figures }: WindowFigures): BudgetView['basis'] {
  if (coverage.den > 0 && coverage.num === 0) return 'blind';
  return figures.high.total === '0' ? 'nothing' : 'seen';
}

function widthOf(part: bigint, whole: bigint): number {
  if (part <= 0n) return 0;
  if (whole <= 0n || part >= whole) return 100;
  // What is there must be seen, however little.
  return Math.max(1, Number((part * 1_000n) / whole) / 10);
}

export function spentText({ spent, allowed, isWhole }: BudgetView, sli: Sli): string {
  const of = isWhole ? '' : ' so far';
  return `${formatCount(spent)} of ${formatCount(allowed)} bad ${unitOf(sli)}${of}`;
}

/** What one still can afford; the first thing one wants to know. */
export function affordText({ basis, left, unsure }: BudgetView, sli: Sli): string {
  const unit = unitOf(sli);
  if (basis === 'blind') return 'unknown: nothing of it was seen';
  if (basis === 'nothing') return 'nothing was offered: nothing is judged';
  if (left < 0n) return `${formatCount(-left)} bad ${unit} too many`;
  if (left === 0n) return `you can afford no more bad ${unit}`;
  const upTo = unsure > 0n ? 'up to ' : '';
  return `you can afford ${upTo}${formatCount(left)} more bad ${unit}`;
}

/** What the unknown takes from that; null: nothing is unknown. */
export function unsureText({ left, unsure }: BudgetView): string | null {
  if (unsure === 0n) return null;
  const rest = left - unsure;
  if (left < 0n) return `and ${formatCount(unsure)} more may have been bad: unknown`;
  const worst = rest < 0n ? `${formatCount(-rest)} too many` : `${formatCount(rest)} left`;
  return `${formatCount(unsure)} unknown: if all were bad, ${worst}`;
}

const longSeconds = 400n * 86_400n;

/** At the pace of the last hour. */
export function exhaustionText(window: WindowFigures): string {
  const { basis, left } = budgetView(window);
  if (basis === 'blind') return 'unknown';
  if (basis === 'seen' && left <= 0n) return 'spent';
  const seconds = window.exhaustion === null ? null : BigInt(window.exhaustion.seconds);
  if (seconds === null) return 'nothing burns';
  return seconds > longSeconds ? 'in more than a year' : `in ${formatSpan(Number(seconds))}`;
}

/** Greater is later; for sorting. null: never. */
export function exhaustionRank(window: WindowFigures): bigint | null {
  const { basis, left } = budgetView(window);
  if (basis === 'blind') return null;
  if (basis === 'seen' && left <= 0n) return 0n;
  return window.exhaustion === null ? null : BigInt(window.exhaustion.seconds);
}

export interface CoverageView {
  readonly text: string;
  readonly floorText: string;
  readonly reached: boolean;
}

export function coverageView({ coverage }: WindowFigures): CoverageView {
  const { num, den, floor, reached } = coverage;
  return {
    text: den === 0 ? 'nothing yet' : formatRatio(BigInt(num), BigInt(den), 2),
    floorText: `${reached ? 'floor' : 'below'} ${formatPercent(floor)}`,
    reached,
  };
}

/** null: too little is known to guess. */
export function forecastText({ forecast }: WindowFigures): { guess: string; interval: string } | null {
  if (forecast === null) return null;
  const { bad, low, high, allowed } = forecast;
  return {
    guess: `≈ ${formatCount(bad)} of ${formatCount(allowed)}`,
    interval: `95 %: ${formatCount(low)} – ${formatCount(high)}`,
  };
}

type BurnState = Burn['state'];
const burnNames: Record<BurnState, string> = { firing: 'fires', frozen: 'frozen: too little known', quiet: 'quiet' };

/** The fastest tier that fires, else what holds them back. */
export function burnText(burn: readonly Burn[]): string {
  const firing = burn.find(({ state }) => state === 'firing');
  if (firing !== undefined) return `${firing.tier} fires`;
  const frozen = burn.filter(({ state }) => state === 'frozen').length;
  if (burn.length === 0) return 'not judged';
  return frozen === 0 ? 'quiet' : frozen === burn.length ? 'frozen' : `${frozen} frozen`;
}

/** For those who hear the page. */
export function burnSentence(burn: readonly Burn[]): string {
  return burn.map(({ tier, state }) => `${tier} ${burnNames[state]}`).join(', ');
}

/** Firing first, the fastest tier first; for sorting. */
export function burnRank(burn: readonly Burn[]): number {
  const firing = burn.findIndex(({ state }) => state === 'firing');
  if (firing !== -1) return firing;
  return burn.some(({ state }) => state === 'frozen') ? burn.length : burn.length + 1;
}

export interface BurnRow {
  readonly tier: string;
  readonly at: string;
  readonly state: BurnState;
  readonly stateName: string;
  readonly long: BurnPart;
  readonly short: BurnPart;
  readonly threshold: string;
  /** In how long a whole budget is gone at the threshold. */
  readonly meaning: string;
}

interface BurnPart {
  readonly window: string;
  readonly reading: string;
  readonly rate: string;
}

export function burnRows(burn: readonly Burn[], target: string, windowSeconds: number): BurnRow[] {
  return burn.map(({ tier, at, long, short, threshold, state }) => ({
    ...{ tier, at, state, stateName: burnNames[state] },
    long: burnPart(long, target),
    short: burnPart(short, target),
    threshold: `${threshold}×`,
    meaning: goneText(threshold, windowSeconds),
  }));
}

function burnPart({ bad, total, seconds }: Burn['long'], target: string): BurnPart {
  const rate = burnRate(BigInt(bad), BigInt(total), target);
  return {
    window: formatSpan(seconds),
    reading: `${formatCount(bad)} of ${formatCount(total)}`,
    rate: total === '0' ? 'unknown' : rate === null ? 'beyond all' : formatTimes(rate),
  };
}

/** bad/total over what the target allows; null: the target allows nothing, and something was bad. */
export function burnRate(bad: bigint, total: bigint, target: string): Fraction | null {
  const wanted = fractionOf(target);
  if (wanted === null || bad === 0n) return { num: 0n, den: 1n };
  const den = total * (wanted.den - wanted.num);
  return den === 0n ? null : { num: bad * wanted.den, den };
}

function goneText(threshold: string, windowSeconds: number): string {
  const times = fractionOf(threshold);
  if (times === null || times.num === 0n) return '';
  return `budget gone in ${formatSpan(Number((BigInt(windowSeconds) * times.den) / times.num))}`;
}

/** One figure of a window in both readings, with and without exclusions. */
export interface FigureRow {
  readonly name: string;
  readonly note: string;
  readonly agreed: string;
  readonly without: string;
  readonly isDifferent: boolean;
}

export function figureRows({ figures, withoutExclusions }: WindowFigures, sli: Sli): FigureRow[] {
  const unit = unitOf(sli);
  const row = (name: string, note: string, pick: (figures: Figures) => string): FigureRow => {
    const [agreed, without] = [pick(figures), pick(withoutExclusions)];
    return { name, note, agreed, without, isDifferent: agreed !== without };
  };
  const rows = [
    row(`Bad ${unit}, high`, 'unknown taken as good', ({ high }) => formatCount(high.bad)),
    row(`Bad ${unit}, low`, 'unknown taken as bad', (side) => formatCount(side.low.bad)),
    row(`All ${unit}, high`, '', ({ high }) => formatCount(high.total)),
    row(`All ${unit}, low`, '', ({ low }) => formatCount(low.total)),
    row('Ratio, high', 'good over all, cut', (side) => goodRatio(side, side.high)),
    row('Ratio, low', '', (side) => goodRatio(side, side.low)),
    row('Allowed', 'of what has passed', ({ budget }) => formatCount(budget.allowed)),
    row('Left', 'of that', ({ budget }) => formatCount(budget.remaining)),
  ];
  if (figures.highLoss === null) return rows;
  const losses = row('High loss intervals', 'lossy seconds while available', ({ highLoss }) =>
    formatCount(highLoss?.hli ?? '0'),
  );
  const runs = row('Runs of them', 'two and more in a row', ({ highLoss }) => formatCount(highLoss?.chli ?? '0'));
  return [...rows, losses, runs];
}

/** Of what nobody saw there is no ratio: the high reading of it would be 100 %. */
function goodRatio({ slots }: Figures, { total, bad }: Figures['high']): string {
  if (slots.observed + slots.bridged === 0) return 'nothing known';
  return formatRatio(BigInt(total) - BigInt(bad), BigInt(total), 4);
}

/** Slots by what is known of them; summed over the paths of the objective. */
export function slotsText({ slots }: Figures): string {
  const parts = [
    `${formatCount(`${slots.observed}`)} observed`,
    `${formatCount(`${slots.bridged}`)} bridged`,
    `${formatCount(`${slots.unknown}`)} unknown`,
    ...(slots.suspect > 0 ? [`${formatCount(`${slots.suspect}`)} of them suspect`] : []),
    ...(slots.idle > 0 ? [`${formatCount(`${slots.idle}`)} idle`] : []),
    ...(slots.excluded > 0 ? [`${formatCount(`${slots.excluded}`)} excluded`] : []),
  ];
  return `${parts.join(' · ')} of ${formatCount(`${slots.expected}`)} path-seconds`;
}

export function filterSlos(slos: readonly Slo[], filter: string): readonly Slo[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return slos;
  return slos.filter(({ name, service, tenant, ports, state }) => {
    const text = `${name} ${service} ${tenant ?? ''} ${ports.join(' ')} ${stateWords[state].name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
