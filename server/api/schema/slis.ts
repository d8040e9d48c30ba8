import { type Static, Type } from 'typebox';
import { Completeness, Count, Coverage, Direction, page, Window } from './common.ts';

/** Numerator and denominator, never a quotient; `ppb` is floor(num x 10^9 / den) for display, null when den is 0. */
const Ratio = Type.Object({ num: Count, den: Count, ppb: Type.Union([Count, Type.Null()]) });
export type Ratio = Static<typeof Ratio>;

export const Sli = Type.Object({
  sli: Type.Union([Type.Literal('packetDelivery'), Type.Literal('pps')]),
  host: Type.String(),
  port: Type.String(),
  direction: Direction,
  slots: Coverage,
  offered: Count,
  delivered: Count,
  bad: Count,
  ratio: Ratio,
  verdict: Type.Union([Type.Literal('measured'), Type.Literal('noTraffic'), Type.Literal('unknown')], {
    description:
      'noTraffic: every slot is known and nothing was offered; unknown: nothing was offered as far as is known, and not all is known.',
  }),
  peakPps: Type.Union([Count, Type.Null()], {
    description: 'Most packets one observed slot passed; null: no slot is observed.',
  }),
});
export type Sli = Static<typeof Sli>;

export const SliPage = Type.Object({
  window: Window,
  ...Completeness,
  ...page(Sli).properties,
});
export type SliPage = Static<typeof SliPage>;
