import { type Static, Type } from 'typebox';
import { Count, Instant, page } from './common.ts';
import { Verdict } from './slos.ts';

/** One line of the ledger: lines are never changed; a correction is a line that refers to the one before. */
export const Credit = Type.Object({
  entry: Type.Integer(),
  id: Type.String({ description: 'Of the event: agreement, service, month. One event pays once.' }),
  state: Type.Enum(['computed', 'notified', 'disputed', 'adjusted', 'issued', 'reversed']),
  tenant: Type.String(),
  agreement: Type.String(),
  service: Type.String(),
  item: Type.String(),
  month: Type.String(),
  slo: Type.String({ description: 'The objective that decided.' }),
  verdict: Verdict,
  bad: Count,
  total: Count,
  share: Type.Object({ num: Count, den: Count }),
  fee: Count,
  amount: Count,
  currency: Type.String(),
  explanation: Type.String({ description: 'The arithmetic, in words and integers.' }),
  at: Instant,
  previous: Type.Union([Type.String(), Type.Null()]),
  sha256: Type.String(),
});
export type Credit = Static<typeof Credit>;
export const CreditPage = page(Credit);
export type CreditPage = Static<typeof CreditPage>;
