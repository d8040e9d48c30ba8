import { type Static, Type } from 'typebox';
import { Instant, page } from './common.ts';

const circuits = ['closed', 'open', 'disabled'] as const;

/** Something was to be sent to it at least once. */
export const Receiver = Type.Object({
  name: Type.String(),
  circuit: Type.Enum([...circuits], {
    description:
      'closed: it is sent to; open: it failed too often in a row, and is left alone until `openUntil`; disabled: nothing is ' +
      'sent until somebody enables it.',
  }),
  failures: Type.Integer({ description: 'Attempts in a row that failed.' }),
  openUntil: Type.Union([Instant, Type.Null()], { description: 'null: the circuit is not open.' }),
  disabled: Type.String({ description: 'Why it is disabled; empty: it is not.' }),
  waiting: Type.Integer({ description: 'Deliveries that wait for it, counted up to 10,000.' }),
  oldestSeconds: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Since the oldest of those was decided; null: nothing waits.',
  }),
});
export type Receiver = Static<typeof Receiver>;
export const ReceiverPage = page(Receiver);
export type ReceiverPage = Static<typeof ReceiverPage>;
