import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits, noConfig } from '../../alerts/state/config.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { ActLinks, type LinkClaim } from '../../server/alerts/act-links.ts';
import { SealKey } from '../../server/alerts/sealed.ts';
import { type ActLinkContext, actLinkRoutes } from '../../server/api/routes/act-link.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import { ActLog } from '../../server/control/act-log.ts';
import { BreachStore } from '../../server/control/breach-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { SilenceStore } from '../../server/control/silence-store.ts';
import { ofSlots, type Slot } from '../unit/server/breach/readings.ts';
import { Author } from './alerts.ts';

const good = { evaluation: ofSlots(Array<Slot>(100).fill('good')) };
const at = 10_001;

/** What people do by links of notifications, on every control store. */
export function actLinkTests(of: () => ControlStore): void {
  describe('links of notifications', () => {
    const links = new ActLinks(new SealKey(Buffer.alloc(32, 7)));
    const receivers: Readonly<Record<string, string | null>> = { noc: null, 'acme-noc': 'acme' };
    const desk = {
      applied: { version: 1, document: '', by: 'kim', atMs: 0 } as ActLinkContext['desk']['applied'],
      config: { ...noConfig, limits: defaultLimits },
      receiver: (name: string) =>
        name in receivers
          ? ({ spec: { tenant: receivers[name] } } as ReturnType<ActLinkContext['desk']['receiver']>)
          : undefined,
    };
    let api: Api;
    let breaches: BreachStore;
    let nowMs = at * 1_000;
    let made = 0;

    beforeAll(async () => {
      await migrateControl(of());
      breaches = new BreachStore(of());
      api = bareApi(silentLogger);
      await actLinkRoutes(api, {
        control: { store: of() },
        desk,
        links: () => links,
        nowMs: () => nowMs,
        version: 'test',
      });
    });
    beforeEach(() => {
      nowMs = at * 1_000;
    });

    async function burning(): Promise<{ readonly author: Author; readonly id: string }> {
      const author = new Author(breaches, `linked-${++made}`);
      await author.read({ ...good, burn: { T4: 'firing' }, at });
      const [found] = await breaches.list({ slo: author.slo, limit: 1 });
      return { author, id: found?.row.breach ?? '' };
    }
    const tokenOf = (breach: string, over: Partial<LinkClaim> = {}) =>
      links.token({ act: 'acknowledge', breach, entry: 1, receiver: 'noc', until: at + 3_600, ...over });
    async function ask(token: string, form?: Readonly<Record<string, string>>) {
      const url = `/act?link=${token}`;
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await api.inject(
        form === undefined ? { url } : { method: 'POST', url, headers, payload: new URLSearchParams(form).toString() },
      );
      const title = /<h1>(.*?)<\/h1>/.exec(answer.body)?.[1];
      return { status: answer.statusCode, title, body: answer.body, headers: answer.headers };
    }
    const entryOf = async (id: string) => (await breaches.last(id))?.row;
    const newestAct = async () => (await new ActLog(of()).list({ limit: 1 }))[0];

    it('looking does nothing, however often; the form does it once, and later says what was done', async () => {
      const { id } = await burning();
      const token = tokenOf(id);
      const before = (await newestAct())?.ordinal;
      for (const _ of [1, 2]) {
        const { status, title, headers, body } = await ask(token);
        expect([status, title, body.includes('<form method="post">')]).toEqual([200, 'I take care of it', true]);
        expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
        expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
      }
      expect((await api.inject({ method: 'HEAD', url: `/act?link=${token}` })).statusCode).toBe(200);
      expect(await ask(token, { who: '  ' })).toMatchObject({ status: 400 });
      expect([(await entryOf(id))?.entry, (await newestAct())?.ordinal]).toEqual([1, before]);
      const done = await ask(token, { who: '<b>Kim</b>', comment: 'looking' });
      expect([done.status, done.title]).toEqual([200, 'This is done']);
      expect(done.body).toContain('&lt;b&gt;Kim&lt;/b&gt;, by a link to noc: takes care of it.');
      expect(await entryOf(id)).toMatchObject({ entry: 2, acknowledgedBy: '<b>Kim</b>, by a link to noc' });
      expect(await newestAct()).toMatchObject({
        act: 'breach.acknowledged',
        via: 'link',
        subject: id,
        comment: 'looking',
      });
      expect(JSON.stringify((await newestAct())?.details)).not.toContain(token);
      expect(await ask(token)).toMatchObject({ status: 200, title: 'This is done' });
      expect(await ask(token, { who: 'Lee' })).toMatchObject({ status: 409, title: 'This is done' });
      expect((await entryOf(id))?.entry).toBe(2);
    });

    it('of many who use one link at once one does it, and all are told who', async () => {
      const { id } = await burning();
      const token = tokenOf(id);
      const answers = await Promise.all(['a', 'b', 'c', 'd'].map((who) => ask(token, { who })));
      expect(new Set(answers.map(({ title }) => title))).toEqual(new Set(['This is done']));
      expect((await entryOf(id))?.entry).toBe(2);
      const acts = await new ActLog(of()).list({ subject: id, limit: 9 });
      expect(acts).toHaveLength(1);
      for (const { body } of answers) expect(body).toContain(`${acts[0]?.by}: takes care of it`);
    });

    it('a silence is of that breach alone, for the routes of whose receiver it is, as long as was chosen', async () => {
      const { id } = await burning();
      const token = tokenOf(id, { act: 'silence', receiver: 'acme-noc' });
      expect((await ask(token)).title).toBe('Be quiet about it for a while');
      expect((await ask(token, { who: 'Kim', hours: '4' })).body).toContain('why it shall be quiet is missing');
      expect((await ask(token, { who: 'Kim', comment: 'x', hours: '8760' })).body).toContain('for how long is missing');
      expect(await ask(token, { who: 'Kim', comment: 'the card is changed', hours: '4' })).toMatchObject({
        status: 200,
      });
      const [silence] = await new SilenceStore(of()).list({ now: at, tenant: 'acme', limit: 1 });
      expect(silence).toMatchObject({
        matchers: [{ label: 'breach', operator: '=', value: id }],
        ...{ tenant: 'acme', startsAt: at, endsAt: at + 4 * 3_600 },
      });
      expect(await newestAct()).toMatchObject({ act: 'silence.made', via: 'link', by: 'Kim, by a link to acme-noc' });
      expect(await ask(token, { who: 'Kim', comment: 'again', hours: '1' })).toMatchObject({ status: 409 });
      // One act each: the other link of the same breach is not used by it.
      expect((await ask(tokenOf(id, { receiver: 'acme-noc' }))).title).toBe('I take care of it');
    });

    it("no silence is the operator's because its receiver goes while it is made, whenever that is", async () => {
      const { receiver } = desk;
      const tenants: (string | null)[][] = [];
      for (const known of [1, 2, 3, 4]) {
        const { id } = await burning();
        let asked = 0;
        desk.receiver = (name) => (asked++ < known ? receiver(name) : undefined);
        const token = tokenOf(id, { act: 'silence', receiver: 'acme-noc' });
        await ask(token, { who: 'Kim', comment: 'x', hours: '4' }).finally(() => {
          desk.receiver = receiver;
        });
        const silences = await new SilenceStore(of()).list({ now: at, limit: 1_000 });
        const own = silences.filter(({ matchers }) => matchers.some(({ value }) => value === id));
        tenants.push(own.map(({ tenant }) => tenant));
      }
      expect(new Set(tenants.flat())).toEqual(new Set(['acme']));
      expect(tenants[0]).toEqual([]);
    });

    it('one of an older change says that it became worse, and that of the newest one acts', async () => {
      const { author, id } = await burning();
      await author.read({ ...good, burn: { T4: 'firing', T0: 'firing' }, at: at + 1 });
      const older = await ask(tokenOf(id), { who: 'Kim' });
      expect([older.status, older.title]).toEqual([409, 'It has become worse, or begun anew, since']);
      expect((await entryOf(id))?.entry).toBe(2);
      expect(await ask(tokenOf(id, { entry: 2 }), { who: 'Kim' })).toMatchObject({ status: 200 });
    });

    it('what is over, too old, or of a receiver or breach that is gone does nothing', async () => {
      const { author, id } = await burning();
      nowMs = (at + 3_600) * 1_000;
      expect(await ask(tokenOf(id), { who: 'Kim' })).toMatchObject({ status: 410, title: 'This link is too old' });
      nowMs = at * 1_000;
      const gone = { status: 410, title: 'This link is worth nothing any more' };
      expect(await ask(tokenOf(id, { receiver: 'nobody' }), { who: 'Kim' })).toMatchObject(gone);
      expect(await ask(tokenOf('0'.repeat(32)), { who: 'Kim' })).toMatchObject(gone);
      await author.read({ ...good, at: at + 1 });
      expect(await ask(tokenOf(id), { who: 'Kim' })).toMatchObject({ status: 409, title: 'It is over' });
      expect((await entryOf(id))?.acknowledgedBy).toBeNull();
    });

    it('says that it can be tried again while receivers are not known yet', async () => {
      const { id } = await burning();
      const { applied } = desk;
      desk.applied = undefined;
      expect(await ask(tokenOf(id), { who: 'Kim' })).toMatchObject({ status: 503, title: 'That did not work' });
      desk.applied = applied;
      expect(await ask(tokenOf(id), { who: 'Kim' })).toMatchObject({ status: 200, title: 'This is done' });
    });

    it('a link that was cut, changed, sealed by another key or is none at all is refused, and a huge form', async () => {
      const { id } = await burning();
      const token = tokenOf(id);
      const forged = { status: 403, title: 'This link is none of ours' };
      const bytes = Buffer.from(token, 'base64url');
      for (let i = 0; i < bytes.length; i++) {
        const changed = Buffer.from(bytes);
        changed[i] = (changed[i] ?? 0) ^ 1;
        expect(links.read(changed.toString('base64url'))).toBeUndefined();
      }
      const other = new ActLinks(new SealKey(Buffer.alloc(32, 8)));
      const claim = { act: 'acknowledge', breach: id, entry: 1, receiver: 'noc', until: at + 3_600 } as const;
      for (const text of ['', 'x', token.slice(0, -1), `${token}A`, `${token}=`, other.token(claim)]) {
        expect(await ask(encodeURIComponent(text), { who: 'Kim' })).toMatchObject(forged);
      }
      expect(await ask('x'.repeat(3_000))).toMatchObject({ status: 400 });
      expect(await ask(token, { who: 'Kim', comment: 'x'.repeat(20_000) })).toMatchObject({ status: 400 });
      expect(
        (await api.inject({ method: 'POST', url: `/act?link=${token}`, payload: { who: 'Kim' } })).statusCode,
      ).toBe(400);
      expect((await entryOf(id))?.entry).toBe(1);
    });
  });
}
