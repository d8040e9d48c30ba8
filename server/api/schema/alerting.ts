import { type Static, Type } from 'typebox';
import { Instant } from './common.ts';

const Who = Type.String({ minLength: 1, maxLength: 200, description: 'Who does it, kept with it.' });

export const Alerting = Type.Object({
  version: Type.Integer({ description: '0: nobody has ever said who is told.' }),
  document: Type.Union([Type.String({ description: 'YAML, of kind Alerting.' }), Type.Null()]),
  by: Type.Union([Type.String(), Type.Null()]),
  at: Type.Union([Instant, Type.Null()]),
});
export type Alerting = Static<typeof Alerting>;

export const AlertingBody = Type.Object(
  {
    document: Type.String({ minLength: 1, maxLength: 262_144, description: 'YAML, of kind Alerting.' }),
    dryRun: Type.Optional(Type.Boolean({ description: 'Only say whether it could be applied.' })),
    by: Who,
  },
  { additionalProperties: false },
);
export type AlertingBody = Static<typeof AlertingBody>;

export const AppliedAlerting = Type.Object({
  version: Type.Integer({ description: 'Of the document that holds now.' }),
  dryRun: Type.Boolean(),
});
export type AppliedAlerting = Static<typeof AppliedAlerting>;

export const ReceiverKeys = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String({ description: 'Names the key and gives nothing of it away.' }),
      madeBy: Type.String(),
      madeAt: Instant,
      until: Type.Union([Instant, Type.Null()], {
        description: 'It signs no more from then on; null: nobody has said.',
      }),
    }),
    { description: 'Newest first. No secret is among them: it was shown when it was made.' },
  ),
});
export type ReceiverKeys = Static<typeof ReceiverKeys>;

export const NewKeyBody = Type.Object(
  { kind: Type.Union([Type.Literal('hmac'), Type.Literal('ed25519')]), by: Who },
  { additionalProperties: false },
);

export const MadeKey = Type.Object({
  id: Type.String(),
  secret: Type.String({ description: 'Shown this once. For hmac, the receiver gets it; for ed25519 nobody does.' }),
  publicKey: Type.Union([Type.String(), Type.Null()], { description: 'ed25519: what the receiver gets.' }),
});
export type MadeKey = Static<typeof MadeKey>;

export const SentTest = Type.Object({ delivery: Type.String({ description: 'See /deliveries/{id}.' }) });
export type SentTest = Static<typeof SentTest>;
