import { type Static, Type } from 'typebox';
import { creditStates, givenStates } from '../../credits/line.ts';
import { Count, Instant, page } from './common.ts';
import { Verdict } from './slos.ts';

/** One line of the ledger: lines are never changed; a correction is a line that refers to the one before. */
export const Credit = Type.Object({
  entry: Type.Integer({ description: 'Of its agreement, from 1 without holes.' }),
  id: Type.String({ description: 'Of the event: agreement and its version, service, month. One event pays once.' }),
  state: Type.Enum(creditStates),
  tenant: Type.String(),
  agreement: Type.String(),
  agreementVersion: Type.Integer(),
  service: Type.String(),
  item: Type.String(),
  month: Type.String(),
  slo: Type.String({ description: 'The objective that decided.' }),
  verdict: Verdict,
  bad: Count,
  total: Count,
  share: Type.Object({ num: Count, den: Count }, { description: 'Of the fee, after the cap.' }),
  fee: Count,
  amount: Count,
  change: Type.String({
    pattern: '^-?[0-9]+$',
    description: 'By how much more is owed than before. Over all lines of an id they add up to its last amount.',
  }),
  currency: Type.String(),
  explanation: Type.String({ description: 'The arithmetic, in words and integers.' }),
  by: Type.String(),
  comment: Type.String(),
  corrects: Type.Union([Type.Integer(), Type.Null()], { description: 'Entry of the line before of the same id.' }),
  at: Instant,
  previous: Type.Union([Type.String(), Type.Null()], { description: 'Hash of the line before of the agreement.' }),
  document: Type.String({ description: 'What was recorded, in canonical JSON with `previous` in it.' }),
  sha256: Type.String({ description: 'Of the bytes of `document`.' }),
});
export type Credit = Static<typeof Credit>;
export const CreditPage = page(Credit);
export type CreditPage = Static<typeof CreditPage>;

export const CreditStateBody = Type.Object(
  {
    state: Type.Enum(givenStates),
    by: Type.String({ minLength: 1, maxLength: 255 }),
    comment: Type.String({ maxLength: 2000, default: '' }),
  },
  { additionalProperties: false },
);
