import { type Static, Type } from 'typebox';
import { templateLengthMax } from '../../../alerts/content/template.ts';
import { Instant } from './common.ts';

const Who = Type.String({ minLength: 1, maxLength: 200, description: 'Who does it, kept with it.' });

export const Alerting = Type.Object({
  version: Type.Integer({ description: '0: nobody has ever said who is told.' }),
  document: Type.Union([Type.String({ description: 'YAML, of kind Alerting.' }), Type.Null()]),
  by: Type.Union([Type.String(), Type.Null()]),
  at: Type.Union([Instant, Type.Null()]),
  receivers: Type.Array(
    Type.Object({
      name: Type.String(),
      tenant: Type.Union([Type.String(), Type.Null()], { description: "null: the operator's." }),
      channel: Type.String(),
      keys: Type.Integer({ description: 'How many keys sign what is sent to it; 0: nothing signs it.' }),
    }),
    { description: 'Those of the document, by name; something need not have been sent to them.' },
  ),
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

/** Of what a template may have at all; what is wrong with it is told with its place. */
const Template = Type.String({ maxLength: templateLengthMax });

export const PreviewBody = Type.Object(
  {
    template: Type.Object(
      { title: Type.Optional(Template), text: Type.Optional(Template) },
      { additionalProperties: false, description: 'What is left out is said in the built-in words.' },
    ),
    language: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'BCP 47; en if left out.' })),
    zone: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'IANA; UTC if left out.' })),
  },
  { additionalProperties: false },
);
export type PreviewBody = Static<typeof PreviewBody>;

export const TemplatePreview = Type.Object({
  title: Type.String(),
  text: Type.String({ description: 'Of a sample, and it says so.' }),
  language: Type.String({ description: 'Of the words: there may be none in the one that was asked for.' }),
  notices: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
});
export type TemplatePreview = Static<typeof TemplatePreview>;

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
