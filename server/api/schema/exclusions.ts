import { type Static, Type } from 'typebox';
import { exclusionCategories, exclusionStates } from '../../exclusions/exclusion.ts';
import { Instant, page } from './common.ts';
import { Figures } from './slos.ts';

const ExclusionEvent = Type.Object({
  revision: Type.Integer(),
  at: Instant,
  state: Type.Enum(exclusionStates),
  by: Type.String(),
  comment: Type.String(),
  document: Type.String({ description: 'What was recorded, in canonical JSON with `previous` in it.' }),
  sha256: Type.String({ description: 'Of the bytes of `document`.' }),
  previous: Type.Union([Type.String(), Type.Null()]),
});

/** Time that both sides agree to leave out. Asked for by one person and approved by another. */
export const Exclusion = Type.Object({
  id: Type.String(),
  service: Type.String(),
  from: Instant,
  to: Instant,
  category: Type.Enum(exclusionCategories),
  reason: Type.String(),
  state: ExclusionEvent.properties.state,
  revision: Type.Integer(),
  requestedBy: Type.String(),
  requestedAt: Instant,
  decidedBy: Type.Union([Type.String(), Type.Null()]),
  notice: Type.Union([Type.Object({ givenAt: Instant, reference: Type.String() }), Type.Null()], {
    description: 'Proof that the tenant was told: when, and where that can be seen.',
  }),
  warnings: Type.Array(Type.String(), {
    description: 'Why it does not fit the agreement: short notice, asked too late.',
  }),
});
export type Exclusion = Static<typeof Exclusion>;
export const ExclusionPage = page(Exclusion);
export type ExclusionPage = Static<typeof ExclusionPage>;
export const ExclusionDetail = Type.Object({
  ...Exclusion.properties,
  events: Type.Array(ExclusionEvent),
  brokenAt: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The first revision whose hash does not hold; null: all do.',
  }),
  effect: Type.Array(
    Type.Object({
      slo: Type.String(),
      window: Type.Object({ from: Instant, to: Instant, zone: Type.String() }),
      without: Figures,
      with: Figures,
    }),
    { description: 'What it changes, or would change, in the window in which it begins, objective by objective.' },
  ),
  notJudged: Type.Array(Type.Object({ slo: Type.String(), code: Type.String(), reason: Type.String() }), {
    description: 'Objectives without an effect here, and why.',
  }),
});
export type ExclusionDetail = Static<typeof ExclusionDetail>;

export const ExclusionBody = Type.Object(
  {
    service: Type.String({ minLength: 1, maxLength: 255 }),
    from: Instant,
    to: Instant,
    category: Exclusion.properties.category,
    reason: Type.String({ minLength: 1, maxLength: 2000 }),
    requestedBy: Type.String({ minLength: 1, maxLength: 255 }),
    notice: Type.Optional(Exclusion.properties.notice),
  },
  { additionalProperties: false },
);
export type ExclusionBody = Static<typeof ExclusionBody>;
export const DecisionBody = Type.Object(
  { by: Type.String({ minLength: 1, maxLength: 255 }), comment: Type.String({ maxLength: 2000, default: '' }) },
  { additionalProperties: false },
);
export type DecisionBody = Static<typeof DecisionBody>;
