import type { Verdict } from '../slo/verdict.ts';
import type { CreditResult } from './credit.ts';
import { ratioText } from './ratio.ts';

/**
 * `computed`: by us, when the month is final; `notified`: the tenant was told; `disputed`: and does not agree; `adjusted`: a
 * later computation gave another result; `issued`: it is in an invoice; `reversed`: taken back.
 */
export const creditStates = ['computed', 'notified', 'disputed', 'adjusted', 'issued', 'reversed'] as const;
export type CreditState = (typeof creditStates)[number];

/** States that people give; the others come of a computation. */
export const givenStates = ['notified', 'disputed', 'issued', 'reversed'] as const;
export type GivenState = (typeof givenStates)[number];

const next: Readonly<Record<CreditState, readonly GivenState[]>> = {
  computed: ['notified', 'reversed'],
  notified: ['disputed', 'issued', 'reversed'],
  // Notified again: the dispute was looked at and changed nothing.
  disputed: ['notified', 'issued', 'reversed'],
  adjusted: ['notified', 'disputed', 'issued', 'reversed'],
  issued: ['disputed', 'reversed'],
  reversed: [],
};

export function mayBecome(state: CreditState, wanted: GivenState): boolean {
  return next[state].includes(wanted);
}

/** Which event a credit is for: one agreement, as it was then, one service, one month. It pays once. */
export interface CreditEvent {
  readonly id: string;
  readonly tenant: string;
  readonly agreement: string;
  readonly agreementVersion: number;
  readonly service: string;
  /** What it is a share of. */
  readonly item: string;
  /** YYYY-MM in the zone of the tenant. */
  readonly month: string;
  readonly currency: string;
}

/** A line of the ledger as it is recorded: all that can pass 2^53 is text. */
export interface CreditLine extends CreditEvent {
  /** Of its agreement, from 1 without holes. */
  readonly entry: number;
  readonly state: CreditState;
  readonly slo: string;
  readonly verdict: Verdict;
  readonly bad: string;
  readonly total: string;
  readonly share: { readonly num: string; readonly den: string };
  readonly fee: string;
  /** What is owed from this line on, in minor units. */
  readonly amount: string;
  /** By how much that is more than before, signed: over all lines of a credit they add up to its last amount. */
  readonly change: string;
  readonly explanation: string;
  readonly by: string;
  readonly comment: string;
  readonly atMs: number;
  /** Entry of the line before of the same credit; null: the first. */
  readonly corrects: number | null;
}

/** What a computation adds to the lines of its credit, and before it has a place in the ledger. */
export type LineBody = Omit<CreditLine, 'entry' | 'atMs'>;

/**
 * The line that a computation adds; undefined: it says what was said before. What counts is what is owed and why: amount,
 * share, verdict and the objective that decided. One bad second more in the same tier is no news.
 */
export function computedLine(
  event: CreditEvent,
  result: CreditResult,
  lines: readonly CreditLine[],
): LineBody | undefined {
  const before = lines.at(-1);
  const told = lines.findLast(({ state }) => state === 'computed' || state === 'adjusted');
  const { slo, verdict, bad, total, share, fee, amount, explanation } = result;
  const body = {
    ...{ slo, verdict, bad: String(bad), total: String(total), fee: String(fee), amount: String(amount) },
    share: { num: String(share.num), den: String(share.den) },
  };
  if (told !== undefined && isSame(told, { ...event, ...body })) return undefined;
  return {
    ...event,
    ...body,
    state: before === undefined ? 'computed' : 'adjusted',
    change: String(amount - BigInt(before?.amount ?? 0)),
    explanation: before === undefined ? explanation : `${explanation} ${correction(before)}`,
    ...{ by: 'fournines', comment: '', corrects: before?.entry ?? null },
  };
}

function correction({ entry, state, amount }: CreditLine): string {
  return `Before it was ${amount} (entry ${entry}, ${state}).`;
}

type Said = Pick<CreditLine, 'amount' | 'currency' | 'share' | 'verdict' | 'slo'>;

function isSame(a: Said, b: Said): boolean {
  const said = ({ amount, currency, share: { num, den }, verdict, slo }: Said) =>
    [amount, currency, ratioText({ num: BigInt(num), den: BigInt(den) }), verdict, slo].join(' ');
  return said(a) === said(b);
}

/** The line of a state that somebody gives. What is reversed is owed no more. */
export function givenLine(last: CreditLine, state: GivenState, who: { by: string; comment: string }): LineBody {
  const { entry, atMs: _atMs, ...body } = last;
  const amount = state === 'reversed' ? '0' : last.amount;
  return { ...body, ...who, state, amount, change: String(BigInt(amount) - BigInt(last.amount)), corrects: entry };
}
