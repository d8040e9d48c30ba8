import type { ObjectKind, Version } from '../objects/object.ts';
import { ofKind } from '../objects/of-kind.ts';
import { lastSecond } from '../slo/instant.ts';
import type { Span } from '../slo/objective.ts';
import { addMonths, type Zone } from '../slo/zone-time.ts';
import type { PieceFee } from './credit.ts';
import { none, plus, reduced } from './ratio.ts';

/** Time of a month in which the objectives that pay are the same versions, and what is due for it. */
export interface MonthPiece extends Span {
  /** Monthly fee x slots in service / slots of the month. */
  readonly fee: PieceFee;
  readonly objectives: readonly Version<'objective'>[];
}

export interface MonthOfAgreement {
  readonly pieces: readonly MonthPiece[];
  /** Names of what is paid for. */
  readonly items: readonly string[];
  /** Each that is paid in. */
  readonly currencies: readonly string[];
}

const monthForm = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** [from, to) of a month, as YYYY-MM, by the clocks of a zone; undefined: it is none. */
export function monthSpan(month: string, zone: Zone): Span | undefined {
  const [, year, number] = monthForm.exec(month) ?? [];
  if (year === undefined) return undefined;
  const first = { year: Number(year), month: Number(number), day: 1, time: 0 };
  const span = { from: zone.unixOf(first), to: zone.unixOf(addMonths(first, 1)) };
  return span.from < 0 || span.to > lastSecond ? undefined : span;
}

/**
 * The part of a month in which a version of an agreement holds, cut where an objective that pays was changed. A contract
 * that begins or ends within it, or a service that does, pays and is paid for by slots.
 *
 * Example: 31,000 a month, a contract from the 11th of a month of 31 days on: 31,000 x 1,814,400 / 2,678,400 = 21,000.
 */
export function piecesOf(
  agreement: Version<'agreement'>,
  month: Span,
  versions: readonly Version[],
): MonthOfAgreement | undefined {
  const span = common(month, agreement);
  if (span === undefined) return undefined;
  const { service, credits } = agreement.body;
  const isOfService = ({ body }: Version<'contract' | 'objective'>) => body.service === service;
  const paying = ofKind(versions, 'objective')
    .filter((version) => isOfService(version) && credits?.objectives.includes(version.name) === true)
    .filter((version) => common(version, span) !== undefined);
  const contracts = ofKind(versions, 'contract').filter((version) => isOfService(version) && common(version, span));
  const lives = ofKind(versions, 'service').filter(({ name }) => name === service);
  const items = contracts.flatMap(({ body }) => body.items);
  const monthSeconds = month.to - month.from;
  const feeOf = (piece: Span) => sumOf(contracts.flatMap((each) => feeWithin(each, lives, piece, monthSeconds) ?? []));
  return {
    pieces: cutAt(span, paying).map((piece) => ({
      ...piece,
      fee: feeOf(piece),
      objectives: paying.filter((version) => common(version, piece) !== undefined),
    })),
    items: [...new Set(items.map(({ name }) => name))],
    currencies: [...new Set(items.map(({ currency }) => currency))],
  };
}

/** Undefined: nothing is due. */
function feeWithin(
  contract: Version<'contract'>,
  lives: readonly Version<'service'>[],
  piece: Span,
  monthSeconds: number,
): PieceFee | undefined {
  const held = common(contract, piece);
  const spans = held === undefined ? [] : lives.flatMap((life) => common(life, held) ?? []);
  const seconds = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const monthly = contract.body.items.reduce((sum, { monthlyFee }) => sum + BigInt(monthlyFee), 0n);
  if (seconds === 0) return undefined;
  return {
    exact: reduced({ num: monthly * BigInt(seconds), den: BigInt(monthSeconds) }),
    text: seconds === monthSeconds ? String(monthly) : `${monthly} x ${seconds}/${monthSeconds}`,
  };
}

function sumOf(fees: readonly PieceFee[]): PieceFee {
  const exact = fees.map((fee) => fee.exact).reduce(plus, none);
  return { exact, text: fees.length === 0 ? '0' : fees.map(({ text }) => text).join(' + ') };
}

type Held = Pick<Version<ObjectKind>, 'from' | 'to'>;

/** Seconds that both hold in; undefined: none. */
export function common(a: Held, b: Held): Span | undefined {
  const from = Math.max(a.from, b.from);
  const to = Math.min(a.to ?? lastSecond, b.to ?? lastSecond);
  return to > from ? { from, to } : undefined;
}

function cutAt({ from, to }: Span, versions: readonly Held[]): Span[] {
  const ends = versions.flatMap((version) => [version.from, version.to ?? to]).filter((end) => end > from && end < to);
  const cuts = [...new Set([from, ...ends, to])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => ({ from: cuts[i] as number, to: end }));
}
