import { type Static, Type } from 'typebox';
import { alertStatuses, severities } from '../../../alerts/alert.ts';
import { silenceStates } from '../../control/silence-store.ts';
import { Remark, Who, Words } from './acts.ts';
import { Instant, page } from './common.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const InstantOrNull = Type.Union([Instant, Type.Null()]);
const Tenant = Type.Union([Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000]*$' }), Type.Null()], {
  description: "Whose routes it quiets; null: the operator's.",
});
const Matchers = Type.Array(Type.String({ maxLength: 1000, pattern: '^[^\\u0000]*$' }), {
  maxItems: 20,
  description: 'As in the document of routes: slo=acme-gold, severity!=critical, slo=~acme-.*; all of them must match.',
});

export const SilenceState = Type.Enum([...silenceStates], {
  description: 'waiting: it has not begun; over: its time has passed; ended: somebody ended it before.',
});

export const Silence = Type.Object({
  id: Type.String(),
  tenant: Tenant,
  matchers: Type.Array(Type.String()),
  startsAt: Instant,
  endsAt: Instant,
  by: Type.String(),
  at: Instant,
  comment: Type.String(),
  state: SilenceState,
  endedBy: TextOrNull,
  endedAt: InstantOrNull,
  endedComment: TextOrNull,
});
export type Silence = Static<typeof Silence>;
export const SilencePage = page(Silence);
export type SilencePage = Static<typeof SilencePage>;

export const SilenceBody = Type.Object(
  {
    tenant: Type.Optional(Tenant),
    matchers: Matchers,
    startsAt: Type.Optional(Instant),
    endsAt: Instant,
    by: Who,
    comment: Words,
  },
  { additionalProperties: false },
);
export type SilenceBody = Static<typeof SilenceBody>;

export const SilencePreviewBody = Type.Object(
  { tenant: Type.Optional(Tenant), matchers: Matchers },
  { additionalProperties: false },
);
export type SilencePreviewBody = Static<typeof SilencePreviewBody>;

export const SilenceEndBody = Type.Object({ by: Who, comment: Type.Optional(Remark) }, { additionalProperties: false });
export type SilenceEndBody = Static<typeof SilenceEndBody>;

const Labels = Type.Record(Type.String(), Type.String());
const Severity = Type.Enum([...severities]);
const Status = Type.Enum([...alertStatuses], { description: 'unknown: whether it goes on cannot be told now.' });
const Breach = Type.Union([Type.String(), Type.Null()], { description: 'Id of the breach that it tells of.' });

export const SilencePreview = Type.Object({
  known: Type.Integer({ description: 'Alerts that fire now and that these routes see.' }),
  matched: Type.Integer({ description: 'Those of them that would be told to nobody.' }),
  alerts: Type.Array(
    Type.Object({ fingerprint: Type.String(), labels: Labels, severity: Severity, status: Status, breach: Breach }),
    { description: 'The first hundred of those matched.' },
  ),
});
export type SilencePreview = Static<typeof SilencePreview>;

export const PresentAlert = Type.Object({
  fingerprint: Type.String(),
  labels: Labels,
  severity: Severity,
  status: Status,
  startsAt: Instant,
  endsAt: InstantOrNull,
  breach: Breach,
  acknowledgedBy: TextOrNull,
  silencedBy: Type.Array(Type.String(), {
    description: "Silences that quiet it now for the routes asked for: those of `tenant`, else the operator's.",
  }),
  hiddenBy: Type.Array(Type.String(), { description: 'Fingerprints of alerts that hide it now from those routes.' }),
  isFlapping: Type.Boolean(),
});
export type PresentAlert = Static<typeof PresentAlert>;
export const AlertPage = page(PresentAlert);
export type AlertPage = Static<typeof AlertPage>;
