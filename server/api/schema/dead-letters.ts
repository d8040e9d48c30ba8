import { type Static, Type } from 'typebox';
import { Count, Instant, page } from './common.ts';

const letter = {
  id: Type.String({ description: 'log:partition:offset' }),
  at: Instant,
  log: Type.String(),
  partition: Type.Integer(),
  offset: Count,
  key: Type.String(),
  code: Type.String({ description: 'Why; see docs/errors.md.' }),
  reason: Type.String(),
  host: Type.String({ description: 'Empty: it cannot be read.' }),
  stream: Type.String(),
  seq: Type.Union([Count, Type.Null()]),
  refusedBy: Type.String({ description: 'Table that did not take its rows; empty: it was refused before.' }),
  size: Count,
  replayedAt: Type.Union([Instant, Type.Null()]),
};

export const DeadLetter = Type.Object(letter);
export type DeadLetter = Static<typeof DeadLetter>;

export const DeadLetterPage = page(DeadLetter);
export type DeadLetterPage = Static<typeof DeadLetterPage>;

export const DeadLetterDetail = Type.Object({
  ...letter,
  bytes: Type.String({ description: 'The whole message, base64.' }),
});
export type DeadLetterDetail = Static<typeof DeadLetterDetail>;

export const Replay = Type.Object({
  outcome: Type.Union([Type.Literal('sent'), Type.Literal('stored'), Type.Literal('before'), Type.Literal('refused')], {
    description:
      'sent: it is on the log again; stored: in the table that refused it; before: replayed earlier, nothing was done; ' +
      'refused: this server still cannot take it.',
  }),
  code: Type.String({ description: 'Empty unless refused.' }),
  reason: Type.String(),
});
export type Replay = Static<typeof Replay>;

export const Release = Type.Object({ host: Type.String(), released: Type.Boolean() });
