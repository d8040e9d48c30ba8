import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits, noConfig } from '../../alerts/state/config.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { AlertingDesk } from '../../server/alerts/alerting-desk.ts';
import { SealKey } from '../../server/alerts/sealed.ts';
import { actRoutes } from '../../server/api/routes/acts.ts';
import { alertingRoutes } from '../../server/api/routes/alerting.ts';
import { deliveryRoutes } from '../../server/api/routes/deliveries.ts';
import { receiverRoutes } from '../../server/api/routes/receivers.ts';
import { silenceRoutes } from '../../server/api/routes/silences.ts';
import type { ActPage, BreachComment, BreachComments } from '../../server/api/schema/acts.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { Silence, SilencePage } from '../../server/api/schema/silences.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import { AlertStore } from '../../server/control/alert-store.ts';
import { AlertingStore } from '../../server/control/alerting-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { DeliveryStore } from '../../server/control/delivery-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';

const began = Date.parse('2026-11-28T00:00:00Z');
const hour = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Silences, comments and the log of acts over HTTP, on every control store. */
export function actTests(of: () => ControlStore): void {
  describe('the log of acts', () => {
    let api: Api;
    let nowMs = began;
    const desk = { config: { ...noConfig, limits: { ...defaultLimits, silences: 3 } } };

    beforeAll(async () => {
      await migrateControl(of());
      api = bareApi(silentLogger);
      silenceRoutes(api, { control: { store: of() }, desk, nowMs: () => nowMs });
      actRoutes(api, { control: { store: of() }, nowMs: () => nowMs });
    });
    beforeEach(async () => {
      nowMs = began;
      for (const table of ['silence_pending', 'silence']) await of().query(`DELETE FROM ${table}`);
    });

    const call = async <T = Problem>(method: 'GET' | 'POST', url: string, payload?: object, headers = {}) => {
      const response = await api.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
      return { status: response.statusCode, body: response.json() as T };
    };
    const said = { by: 'kim', comment: 'the switch is changed' };
    const make = <T = Silence>(over: object = {}, headers = {}) =>
      call<T>('POST', '/silences', { matchers: ['slo=gold'], endsAt: iso(began + hour), ...said, ...over }, headers);
    const audit = async (query = '') => (await call<ActPage>('GET', `/audit?${query}`)).body;
    const aBreach = async (id: string) => {
      await of().query(
        `INSERT INTO breach (id, slo, slo_version, service, subject, ordinal, window_from, window_to, opened_at, changed_at,
           entry, state, sha256) VALUES ($1, $1, 1, 's', 'burn', 1, 0, 1, 0, 0, 1, 'open', '') ON CONFLICT DO NOTHING`,
        [id],
      );
      return id;
    };

    it('a silence goes from waiting to active to over, or is ended once', async () => {
      const made = (await make({ startsAt: iso(began + 60_000), tenant: 'acme', matchers: ['slo=~"a.*"'] })).body;
      expect(made).toMatchObject({ state: 'waiting', tenant: 'acme', matchers: ['slo=~a.*'], endedBy: null, ...said });
      const states = async () => {
        const { items } = (await call<SilencePage>('GET', '/silences')).body;
        return items.map(({ state }) => state);
      };
      nowMs += 60_000;
      expect(await states()).toEqual(['active']);
      nowMs = began + hour;
      expect(await states()).toEqual(['over']);
      expect((await call('POST', `/silences/${made.id}/end`, { by: 'lee' })).body.code).toBe('FN_STATE_CONFLICT');
      nowMs -= 1_000;
      const ended = (await call<Silence>('POST', `/silences/${made.id}/end`, { by: 'lee', comment: 'done' })).body;
      expect(ended).toMatchObject({ state: 'ended', endedBy: 'lee', endedComment: 'done' });
      expect((await call('POST', `/silences/${made.id}/end`, { by: 'lee' })).body.detail).toContain('by lee');
      expect(await call('POST', '/silences/nothing/end', { by: 'lee' })).toMatchObject({ status: 404 });
      expect((await audit(`subject=${made.id}`)).items.map(({ act, by }) => `${act} ${by}`)).toEqual([
        'silence.ended lee',
        'silence.made kim',
      ]);
    });

    it('lists silences by state and tenant, page by page, the one made last first', async () => {
      for (const tenant of ['a', 'b', null]) {
        await make({ tenant });
        nowMs += 1_000;
      }
      const page = async (query: string) => (await call<SilencePage>('GET', `/silences?${query}`)).body;
      const first = await page('limit=2');
      expect(first.items.map(({ tenant }) => tenant)).toEqual([null, 'b']);
      expect((await page(`limit=2&cursor=${first.nextCursor}`)).items.map(({ tenant }) => tenant)).toEqual(['a']);
      expect((await page('tenant=b')).items).toHaveLength(1);
      expect((await page('state=waiting')).items).toHaveLength(0);
      expect((await page('state=active&tenant=a')).items).toHaveLength(1);
      expect(await call('GET', '/silences?cursor=WyJhIiwiYiJd')).toMatchObject({ status: 400 });
    });

    it.each([
      ['no matchers', { matchers: [] }, 'body.matchers'],
      ['a matcher that is none', { matchers: ['slo'] }, 'body.matchers[0]'],
      ['a pattern that cannot be read', { matchers: ['slo=~(a'] }, 'body.matchers[0]'],
      ['a pattern that takes all', { matchers: ['slo=~.*', 'severity!=nothing'] }, 'body.matchers'],
      ['what nobody has a label for', { matchers: ['nothing!=x'] }, 'body.matchers'],
      ['an end that has passed', { endsAt: iso(began) }, 'body.endsAt'],
      ['an end before the start', { startsAt: iso(began + hour) }, 'body.endsAt'],
      ['more than a year', { endsAt: iso(began + 367 * 24 * hour) }, 'body.endsAt'],
      ['half a second', { endsAt: '2026-11-28T01:00:00.5Z' }, 'body.endsAt'],
      ['nobody who does it', { by: '  ' }, 'body.by'],
    ])('refuses a silence with %s, and keeps nothing of it', async (_what, over, where) => {
      const before = (await audit('limit=1')).items[0]?.ordinal;
      const { status, body } = await make<Problem>(over);
      expect([status, body.errors?.map((error) => error.where)]).toEqual([400, [where]]);
      expect((await audit('limit=1')).items[0]?.ordinal).toBe(before);
      expect((await call<SilencePage>('GET', '/silences')).body.items).toEqual([]);
    });

    it('refuses one for which there is no room when it is made; one that was ended takes its place until its end', async () => {
      for (const _ of [1, 2]) await make();
      const { id } = (await make({ endsAt: iso(began + 60_000) })).body;
      await call('POST', `/silences/${id}/end`, said);
      expect(await make<Problem>()).toMatchObject({ status: 409, body: { code: 'FN_SILENCES_FULL' } });
      nowMs += 60_000;
      expect((await make()).status).toBe(200);
    });

    it('what is looked at takes nothing away that came since', async () => {
      const { id } = (await make()).body;
      const alerts = new AlertStore(of());
      const [seen] = await alerts.pendingSilences(9);
      await call('POST', `/silences/${id}/end`, said);
      const [later] = await alerts.pendingSilences(9);
      expect([seen?.silence.ended, later?.silence.ended?.by]).toEqual([null, 'kim']);
      expect(later?.ordinal).not.toBe(seen?.ordinal);
    });

    it('each act names the one before, also of many at once, and by which road it came', async () => {
      const from = (await audit('limit=1')).items[0]?.ordinal ?? '0';
      const breach = await aBreach('ab'.repeat(16));
      const roads = [{ 'sec-fetch-site': 'same-origin' }, { 'user-agent': 'fournines/1' }, {}];
      const comment = (headers: object, n: number) =>
        call<BreachComment>('POST', `/breaches/${breach}/comments`, { by: `kim ${n}`, comment: `é ${n}` }, headers);
      await Promise.all(Array.from({ length: 12 }, (_, n) => comment(roads[n % 3] ?? {}, n)));
      const { items, chain } = await audit(`subject=${breach}&act=breach.commented&limit=12`);
      const ordinals = items.map(({ ordinal }) => BigInt(ordinal));
      expect(ordinals).toEqual(ordinals.map((_, i) => BigInt(from) + 12n - BigInt(i)));
      expect(items.slice(1).map(({ sha256 }) => sha256)).toEqual(items.slice(0, -1).map(({ previous }) => previous));
      expect([chain, new Set(items.map(({ via }) => via))]).toEqual(['holds', new Set(['page', 'cli', 'api'])]);
      const comments = (await call<BreachComments>('GET', `/breaches/${breach}/comments`)).body.items;
      expect(comments.map(({ by, via }) => `${by} ${via}`)).toEqual(
        items.map(({ by, via }) => `${by} ${via}`).reverse(),
      );
      const nobody = `/breaches/${'0'.repeat(32)}/comments`;
      expect(await call('POST', nobody, said)).toMatchObject({ status: 404 });
      expect(
        (await call('POST', `/breaches/${breach}/comments`, said, { 'sec-fetch-site': 'cross-site' })).status,
      ).toBe(400);
    });

    it('what is done about receivers leaves an act with it, and nothing that was not done; no secret is in it', async () => {
      for (const table of ['delivery_attempt', 'delivery', 'receiver_queue']) await of().query(`DELETE FROM ${table}`);
      const deliveries = new DeliveryStore(of());
      const desk = new AlertingDesk({
        store: new AlertingStore(of()),
        sealKey: () => new SealKey(Buffer.alloc(32, 7)),
        ready: async () => undefined,
        nowMs: () => nowMs,
        logger: silentLogger,
      });
      const own = bareApi(silentLogger);
      alertingRoutes(own, { desk, deliveries, dispatcher: { wake: () => undefined }, nowMs: () => nowMs });
      deliveryRoutes(own, { deliveries, nowMs: () => nowMs });
      receiverRoutes(own, { deliveries, nowMs: () => nowMs });
      const post = async (url: string, payload: object) => {
        const { statusCode, body } = await own.inject({ method: 'POST', url, payload });
        return { statusCode, body: JSON.parse(body) as Readonly<Record<string, string>> };
      };
      const from = BigInt((await audit('limit=1')).items[0]?.ordinal ?? 0);
      const document = JSON.stringify({
        ...{ apiVersion: 'fournines/v1', kind: 'Alerting' },
        spec: {
          receivers: [{ name: 'noc', channel: 'slack', url: 'https://noc.example.net/hook/as-good-as-a-secret' }],
          routes: [{ name: 'all', receivers: ['noc'] }],
        },
      });
      expect(await post('/deliveries/replay', { by: 'kim' })).toMatchObject({ statusCode: 400 });
      expect(await post('/receivers/noc/enable', { by: 'kim' })).toMatchObject({ statusCode: 404 });
      for (const _ of [1, 2]) await post('/alerting/apply', { document, by: 'kim' });
      const { secret = '' } = (await post('/receivers/noc/keys', { kind: 'hmac', by: 'kim' })).body;
      const { delivery = '' } = (await post('/receivers/noc/test', { by: 'kim' })).body;
      await of().query("UPDATE delivery SET state = 'dead' WHERE id = $1", [delivery]);
      expect(await post('/receivers/noc/enable', {})).toMatchObject({ statusCode: 200 });
      for (const _ of [1, 2]) await post('/deliveries/replay', { receiver: 'noc', by: 'kim', comment: 'mended' });
      const { items, chain } = await audit();
      const acts = items.filter(({ ordinal }) => BigInt(ordinal) > from).reverse();
      expect(acts.map(({ act, subject, by }) => `${act} ${subject} ${by}`)).toEqual([
        'alerting.applied alerting kim',
        'receiver.key.made noc kim',
        'receiver.tested noc kim',
        'receiver.enabled noc ',
        'deliveries.replayed noc kim',
      ]);
      expect(acts.at(-1)).toMatchObject({ comment: 'mended', details: { count: 1, receiver: 'noc' } });
      expect([chain, secret.startsWith('whsec_')]).toEqual(['holds', true]);
      expect(JSON.stringify(items)).not.toContain('as-good-as-a-secret');
      expect(JSON.stringify(items)).not.toContain(secret.slice(6));
    });

    it('rows of acts stay; whoever takes the triggers away and writes another is seen', async () => {
      const { id } = (await make()).body;
      await call('POST', `/silences/${id}/end`, said);
      const [ended, made] = (await audit(`subject=${id}`)).items;
      await expect(of().query('DELETE FROM act')).rejects.toMatchObject({ code: 'FN_CONTROL' });
      const [row] = await of().query('SELECT document, sha256 FROM act WHERE ordinal = $1', [made?.ordinal ?? '']);
      const write = async (document: string) => {
        await of().query('ALTER TABLE act DISABLE TRIGGER act_stays');
        const sql = `UPDATE act SET document = $2::text, sha256 = encode(sha256(convert_to($2::text, 'UTF8')), 'hex') WHERE ordinal = $1`;
        await of().query(sql, [made?.ordinal ?? '', document]);
        await of().query('ALTER TABLE act ENABLE TRIGGER act_stays');
      };
      await write(String(row?.['document']).replace('kim', 'lee'));
      // Its own hash was made to fit; the act behind it names another.
      expect((await audit('act=silence.ended&limit=1')).chain).toBe('broken');
      expect((await audit(`cursor=${Buffer.from(JSON.stringify([ended?.ordinal])).toString('base64url')}`)).chain).toBe(
        'holds',
      );
      await write('{');
      expect((await audit(`subject=${id}`)).chain).toBe('broken');
      await write(String(row?.['document']));
      expect((await audit()).chain).toBe('holds');
    });
  });
}
