import type { Agreement, CreditTerms } from '../objects/object.ts';
import { allowedOf, type Ratio } from '../slo/decimal.ts';
import { isoOf } from '../slo/instant.ts';
import type { Sli, Span } from '../slo/objective.ts';
import type { Reading, Readings, Verdict } from '../slo/verdict.ts';
import { compare, halfUp, none, plus, ratioText, reduced, times } from './ratio.ts';
import { decimalOf, shareOf } from './schedule.ts';

/** What an objective that pays came to. */
export interface Outcome extends Readings {
  readonly slo: string;
  readonly ports: readonly string[];
  readonly target: Ratio;
  readonly sli: Sli['sli'];
  readonly verdict: Verdict;
}

/** What is due for a time, in minor units. */
export interface PieceFee {
  readonly exact: Ratio;
  /** How it came about: `10000001 x 1296000/2592000`. */
  readonly text: string;
}

/** Time in which the same objectives held: most often the whole month. */
export interface Piece extends Span {
  readonly fee: PieceFee;
  readonly outcomes: readonly Outcome[];
}

export interface CreditQuestion {
  readonly terms: CreditTerms;
  readonly undetermined: Agreement['undetermined'];
  readonly currency: string;
  readonly pieces: readonly Piece[];
}

/** What is owed for a month. Objective, verdict and integers are those that decided. */
export interface CreditResult {
  readonly slo: string;
  readonly verdict: Verdict;
  readonly bad: bigint;
  readonly total: bigint;
  /** Of the fee, after the cap. */
  readonly share: Ratio;
  /** Minor units, for the time in service. */
  readonly fee: bigint;
  readonly amount: bigint;
  readonly explanation: string;
}

/** An objective in one piece, with what it would pay alone. */
interface Paying {
  readonly outcome: Outcome;
  readonly reading: Reading;
  readonly share: Ratio;
  readonly words: string;
}

/**
 * The credit of a month: of each piece the share of its fee, then all of them added up, and only then rounded, a half
 * upwards, to the minor unit; what is below the minimum payout is not paid. Undefined: no objective that pays held.
 *
 * Which reading counts (sla research §4.3): an agreement for the tenant takes the low one, in which unknown is bad; any
 * other the high one, which is proven. Undetermined and `open`: nothing is paid, which is said. No traffic pays nothing.
 * Objectives that name a port in common judge the same seconds: of these the highest share pays, also where shares are
 * added up.
 *
 * Example: fee 10,000,001 VND, of 2,592,000 slots 400 bad, target 0.9999 (259 allowed), from 0.99 10 %:
 * 10,000,001 x 1/10 = 1,000,000.1, paid 1,000,000 VND. For 15 of 30 days in service: 500,000.05, paid 500,000 VND.
 */
export function creditOf(question: CreditQuestion): CreditResult | undefined {
  const { terms, pieces, currency } = question;
  const paid = pieces.flatMap((piece) => payingIn(piece, question) ?? []);
  const [first] = paid;
  if (first === undefined) return undefined;
  const decided = paid.reduce((a, b) => (compare(b.amount, a.amount) > 0 ? b : a), first);
  const exact = paid.reduce((sum, { amount }) => plus(sum, amount), none);
  const fee = pieces.reduce((sum, piece) => plus(sum, piece.fee.exact), none);
  const rounded = halfUp(exact);
  const minimum = BigInt(terms.minimumPayout);
  const isPaid = rounded >= minimum;
  const words = [...paid.map(({ words }) => words)];
  words.push(`${ratioText(exact)} rounds to ${rounded} minor units of ${currency}.`);
  if (!isPaid && rounded > 0n) words.push(`Below the minimum payout of ${minimum}: nothing is paid.`);
  const { outcome, reading } = decided.paying;
  return {
    slo: outcome.slo,
    verdict: outcome.verdict,
    ...{ bad: reading.bad, total: reading.total },
    share: fee.num === 0n ? none : times(exact, { num: fee.den, den: fee.num }),
    fee: halfUp(fee),
    amount: isPaid ? rounded : 0n,
    explanation: words.join(' '),
  };
}

interface PaidPiece {
  readonly amount: Ratio;
  /** The objective with the highest share. */
  readonly paying: Paying;
  readonly words: string;
}

function payingIn(piece: Piece, { terms, undetermined }: CreditQuestion): PaidPiece | undefined {
  const all = piece.outcomes.map((outcome) => payingOf(outcome, terms, undetermined));
  const [first] = all;
  if (first === undefined) return undefined;
  const best = highestOf(all) ?? first;
  const groups = sharingPorts(all).map((group) => highestOf(group)?.share ?? none);
  const combined = terms.combine === 'max' ? best.share : groups.reduce(plus, none);
  const cap = decimalOf(terms.cap);
  const share = compare(combined, cap) > 0 ? reduced(cap) : combined;
  const words = [
    `${isoOf(piece.from)} to ${isoOf(piece.to)}:`,
    ...all.map((paying) => paying.words),
    ...(all.length > 1 ? [`${terms.combine === 'max' ? 'Highest' : 'Sum'}: ${ratioText(combined)}.`] : []),
    ...(share === combined ? [] : [`Capped at ${terms.cap}.`]),
    `Fee ${piece.fee.text}, times ${ratioText(share)}.`,
  ];
  return { amount: times(piece.fee.exact, share), paying: best, words: words.join(' ') };
}

function payingOf(outcome: Outcome, terms: CreditTerms, undetermined: Agreement['undetermined']): Paying {
  const { slo, verdict, target, sli } = outcome;
  const which = undetermined === 'tenant' ? 'low' : 'high';
  const reading = outcome[which];
  const facts = `${slo} ${verdict}, bad ${reading.bad} of ${reading.total} (${which})`;
  const nothing = (why: string) => ({ outcome, reading, share: none, words: `${facts}: ${why}.` });
  if (verdict === 'noTraffic') return nothing('no traffic, nothing is paid');
  if (verdict === 'undetermined' && undetermined === 'open') {
    return nothing('the agreement leaves open who gains where nothing is proven, nothing is paid');
  }
  if (reading.total === 0n) return nothing('nothing is known of it, nothing is paid');
  const allowed = allowedOf(reading.total, target);
  if (reading.bad <= allowed) return nothing(`${allowed} allowed, nothing is paid`);
  const { share, because } = shareOf(terms.schedule, { ...reading, target, sli });
  return { outcome, reading, share, words: `${facts}, ${allowed} allowed: ${because}, share ${ratioText(share)}.` };
}

/** The first of those with the highest share. */
function highestOf(paying: readonly Paying[]): Paying | undefined {
  return paying.reduce<Paying | undefined>(
    (a, b) => (a === undefined || compare(b.share, a.share) > 0 ? b : a),
    undefined,
  );
}

/** Groups whose members are connected by ports that they name in common. */
function sharingPorts(all: readonly Paying[]): readonly (readonly Paying[])[] {
  let groups: { ports: Set<string>; members: Paying[] }[] = [];
  for (const paying of all) {
    const joined = { ports: new Set(paying.outcome.ports), members: [paying] };
    const apart = groups.filter(({ ports }) => paying.outcome.ports.every((port) => !ports.has(port)));
    for (const group of groups) {
      if (apart.includes(group)) continue;
      joined.members.push(...group.members);
      for (const port of group.ports) joined.ports.add(port);
    }
    groups = [...apart, joined];
  }
  return groups.map(({ members }) => members);
}
