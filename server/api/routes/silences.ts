import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { matcherText } from '../../../alerts/state/matcher-text.ts';
import type { AlertingDesk } from '../../alerts/alerting-desk.ts';
import { presentAlerts, previewSilence } from '../../alerts/present-alerts.ts';
import { type Mistake, readMatchers, readTime } from '../../alerts/silence-mistakes.ts';
import { AlertRecords } from '../../control/alert-records.ts';
import { SilenceStore, type StoredSilence, silenceStateOf } from '../../control/silence-store.ts';
import { isoOf } from '../../slo/instant.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { roadOf } from '../road.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import {
  AlertPage,
  type PresentAlert,
  Silence,
  SilenceBody,
  SilenceEndBody,
  SilencePage,
  SilencePreview,
  SilencePreviewBody,
  SilenceState,
} from '../schema/silences.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const tenant = Type.Optional(Type.String({ minLength: 1, maxLength: 255 }));
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }, strict);
const silencesQuery = Type.Object({ ...PageQuery, tenant, state: Type.Optional(SilenceState) }, strict);
const alertsQuery = Type.Object({ ...PageQuery, tenant }, strict);

export interface SilenceContext extends Pick<ApiContext, 'nowMs'> {
  readonly control: Pick<ApiContext['control'], 'store'>;
  readonly desk: Pick<AlertingDesk, 'config'>;
}

/** Times in which some alerts are told to nobody, and what fires now. */
export function silenceRoutes(api: Api, { control, desk, nowMs }: SilenceContext): void {
  const silences = new SilenceStore(control.store);
  const records = new AlertRecords(control.store);
  const nowSecond = () => Math.floor(nowMs() / 1_000);
  api.get(
    '/silences',
    { schema: { querystring: silencesQuery, response: { 200: SilencePage, ...problems } } },
    async ({ query: { limit, cursor, ...filter } }) => {
      const now = nowSecond();
      const found = await silences.list({ ...filter, now, after: keyOf(cursor), limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([String(last.made.atMs), last.id]);
      return { items: found.slice(0, limit).map((silence) => told(silence, now)), nextCursor };
    },
  );
  api.post(
    '/silences',
    { schema: { body: SilenceBody, response: { 200: Silence, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const silence = silenceOf(request.body, nowMs());
      const { id, made } = silence;
      const act = {
        ...made,
        via: roadOf(request),
        act: 'silence.made',
        subject: id,
        details: detailsOf(silence),
      } as const;
      const now = nowSecond();
      await silences.make(silence, act, { now, most: desk.config.limits.silences });
      return told(silence, now);
    },
  );
  api.post(
    '/silences/preview',
    { schema: { body: SilencePreviewBody, response: { 200: SilencePreview, ...problems } }, onRequest: ownPageOnly },
    async ({ body }) => {
      const mistakes: Mistake[] = [];
      const matchers = readMatchers(body.matchers, mistakes);
      refuse(mistakes);
      const preview = await previewSilence(records, { tenant: body.tenant ?? null, matchers }, nowSecond());
      const alerts = preview.alerts.map(({ fingerprint, labels, severity, status }) => {
        return { fingerprint, labels, severity, status, breach: labels['breach'] ?? null };
      });
      return { ...preview, alerts };
    },
  );
  api.post(
    '/silences/:id/end',
    { schema: { params, body: SilenceEndBody, response: { 200: Silence, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const ended = { comment: '', ...request.body, atMs: nowMs() };
      const subject = request.params.id;
      const act = { ...ended, via: roadOf(request), act: 'silence.ended', subject, details: {} } as const;
      return told(await silences.end(subject, ended, act), nowSecond());
    },
  );
  api.get(
    '/alerts',
    { schema: { querystring: alertsQuery, response: { 200: AlertPage, ...problems } } },
    async ({ query: { limit, cursor, tenant: whose = null } }) => {
      const [after = ''] = decodeCursor(cursor, 1) ?? [];
      const found = await presentAlerts(records, { tenant: whose, after, limit: limit + 1 }, nowSecond());
      const last = found.length > limit ? found[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([last.alert.fingerprint]);
      return { items: found.slice(0, limit).map(toldAlert), nextCursor };
    },
  );
}

function silenceOf({ tenant: whose = null, by, comment, ...body }: SilenceBody, atMs: number): StoredSilence {
  const mistakes: Mistake[] = [];
  const matchers = readMatchers(body.matchers, mistakes);
  const { from, to } = readTime(body, Math.floor(atMs / 1_000), mistakes);
  refuse(mistakes);
  const made = { by, atMs, comment };
  return { id: randomUUID(), tenant: whose, matchers, startsAt: from, endsAt: to, made, ended: null };
}

function refuse(mistakes: readonly Mistake[]): void {
  if (mistakes.length === 0) return;
  throw new RequestProblem(mistakes.map(({ where, problem }) => ({ where: `body.${where}`, problem })));
}

function detailsOf({ tenant: whose, matchers, startsAt, endsAt }: StoredSilence) {
  const texts = matchers.map(matcherText).join('; ');
  return { tenant: whose, matchers: texts, startsAt: isoOf(startsAt), endsAt: isoOf(endsAt) };
}

function keyOf(cursor: string | undefined) {
  const key = decodeCursor(cursor, 2);
  if (key === undefined) return undefined;
  const [madeMs = '', id = ''] = key;
  if (/^\d{1,15}$/.test(madeMs)) return { madeMs: Number(madeMs), id };
  throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not a cursor this server gave' }]);
}

function told(silence: StoredSilence, now: number): Silence {
  const { id, tenant: whose, matchers, startsAt, endsAt, made, ended } = silence;
  return {
    ...{ id, tenant: whose, by: made.by, comment: made.comment },
    matchers: matchers.map(matcherText),
    startsAt: isoOf(startsAt),
    endsAt: isoOf(endsAt),
    at: new Date(made.atMs).toISOString(),
    state: silenceStateOf(silence, now),
    endedBy: ended?.by ?? null,
    endedAt: ended === null ? null : new Date(ended.atMs).toISOString(),
    endedComment: ended?.comment ?? null,
  };
}

function toldAlert({ alert, ...rest }: Awaited<ReturnType<typeof presentAlerts>>[number]): PresentAlert {
  const { fingerprint, labels, severity, status, startsAt, endsAt, facts } = alert;
  return {
    ...{ fingerprint, labels, severity, status },
    startsAt: isoOf(startsAt),
    endsAt: endsAt === null ? null : isoOf(endsAt),
    breach: labels['breach'] ?? null,
    acknowledgedBy: facts.acknowledgedBy,
    isFlapping: rest.isFlapping,
    silencedBy: [...rest.silencedBy],
    hiddenBy: [...rest.hiddenBy],
  };
}
