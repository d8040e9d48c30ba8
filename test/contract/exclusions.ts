import { beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import { exclusionRoutes } from '../../server/api/routes/exclusions.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { Exclusion, ExclusionDetail, ExclusionPage } from '../../server/api/schema/exclusions.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { firstBrokenLink } from '../../server/control/hash-chain.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import type { ExclusionRequest } from '../../server/exclusions/exclusion.ts';
import { Exclusions } from '../../server/exclusions/exclusions.ts';
import type { JudgeRequest } from '../../server/judge/reading.ts';
import type { ObjectBodies, ObjectKind, Version } from '../../server/objects/object.ts';
import type { ObjectHistory } from '../../server/objects/of-kind.ts';
import { readObjective } from '../../server/openslo/objective-file.ts';
import { evaluate } from '../../server/slo/evaluate.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { objectiveText, question, second, seen } from '../unit/server/slo/asking.ts';

const now = second('2026-11-20T12:00:00Z');
const begun = second('2026-11-20T10:00:00Z');
const httpService = 'acme-http';
const midnight = second('2026-11-20T00:00:00Z');
/** A day with ten lost minutes. */
const lines = [
  seen(midnight, 100, 0, { repeat: begun - midnight }),
  seen(begun, 100, 100, { repeat: 600 }),
  seen(begun + 600, 100, 0, { repeat: now - begun - 600 }),
];

function aVersion<K extends ObjectKind>(kind: K, name: string, body: ObjectBodies[K]): Version<K> {
  const recorded = { sha256: '', witness: 'test', recordedAtMs: 0 };
  return { kind, name, version: 1, from: second('2026-10-01T00:00:00Z'), to: null, body, ...recorded };
}

const agreementOf = (service: string) =>
  aVersion('agreement', `${service}-gold`, {
    ...{ tenant: 'acme', service, objectives: ['acme'], coverageFloor: '0.999', undetermined: 'open' },
    ...{ finalAfterDays: 3, exclusions: { noticeHours: 24, retroactiveDays: 30 }, credits: null },
  });
const objectiveOf = (name: string, start: string) =>
  aVersion('objective', name, {
    ...{ service: httpService, rolling: null, coverageFloor: '0.999' },
    openslo: objectiveText({ calendar: ['1h', start, 'UTC'] }),
  });
const objects: ObjectHistory = {
  history: async (_kind, name) =>
    name.startsWith('acme') ? [aVersion('service', name, { displayName: name, tenant: 'acme', ports: [] })] : [],
  at: async () => [
    agreementOf('acme'),
    agreementOf(httpService),
    objectiveOf('acme', '2026-11-20 00:00:00'),
    objectiveOf('later', '2026-12-01 00:00:00'),
    aVersion('objective', 'other', { service: 'other', openslo: '', rolling: null, coverageFloor: '0.999' }),
  ],
};

function aRequest(over: Partial<ExclusionRequest> = {}): ExclusionRequest {
  const asked = { category: 'forceMajeure', reason: 'flood', requestedBy: 'Lan', notice: null } as const;
  return { service: 'acme', from: begun, to: begun + 900, ...asked, ...over };
}

/** What exclusions are on every control store. */
export function exclusionTests(of: () => ControlStore): void {
  const exclusionsOn = (control: ControlStore, nowMs = () => now * 1000) => new Exclusions({ control, objects, nowMs });
  const request = async (over: Partial<ExclusionRequest> = {}) => {
    const outcome = await exclusionsOn(of()).request(aRequest(over));
    if (!('event' in outcome)) throw new Error(JSON.stringify(outcome.broken));
    return outcome.event;
  };
  const by = (name: string, comment = '') => ({ by: name, comment });

  describe('exclusions', () => {
    beforeAll(async () => {
      await migrateControl(of());
    });

    it('are asked for by one, approved by another, and used from then on until they are revoked', async () => {
      const service = 'acme-life';
      const exclusions = exclusionsOn(of());
      const before = await exclusions.revision();
      const asked = await request({ service });
      const window = { from: begun + 899, to: begun + 900 };
      expect(await exclusions.approved(window, service)).toEqual([]);
      const own = await exclusions.change('approve', asked.id, by('lan'));
      expect(own).toMatchObject({ broken: [{ where: 'by' }] });
      await exclusions.change('approve', asked.id, by('Minh', 'seen'));
      const approved = await exclusions.approved(window, service);
      expect(approved).toEqual([
        {
          ...{ id: asked.id, revision: 2, service, from: begun, to: begun + 900 },
          ...{ category: 'forceMajeure', reason: 'flood', approvedBy: 'Minh' },
        },
      ]);
      expect(await exclusions.approved({ from: begun + 900, to: begun + 901 }, service)).toEqual([]);
      expect(await exclusions.approved(window)).toEqual(expect.arrayContaining([...approved]));
      await exclusions.change('revoke', asked.id, by('Lan'));
      expect(await exclusions.approved(window, service)).toEqual([]);
      expect(await exclusions.revision()).toBe(before + 3);
      await expect(exclusions.change('approve', asked.id, by('Minh'))).rejects.toMatchObject({
        code: 'FN_STATE_CONFLICT',
      });
      await expect(exclusions.change('approve', 'none', by('Minh'))).rejects.toMatchObject({ code: 'FN_NOT_FOUND' });
      expect((await exclusions.events(asked.id)).map(({ state }) => state)).toEqual([
        'requested',
        'approved',
        'revoked',
      ]);
    });

    it('of two who decide at once one wins and the other is told; nothing is recorded twice', async () => {
      for (let round = 0; round < 5; round++) {
        const { id } = await request({ service: 'acme-race' });
        const decided = await Promise.allSettled([
          exclusionsOn(of()).change('approve', id, by('Minh')),
          exclusionsOn(of()).change('reject', id, by('Hoa')),
          exclusionsOn(of()).change('approve', id, by('Huy')),
        ]);
        const refused = decided.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
        expect(refused).toEqual([
          expect.objectContaining({ code: 'FN_STATE_CONFLICT' }),
          expect.objectContaining({ code: 'FN_STATE_CONFLICT' }),
        ]);
        expect(await exclusionsOn(of()).events(id)).toHaveLength(2);
      }
    });

    it('nobody changes or removes what was recorded; where somebody could, the chain and the verdict find it', async () => {
      const service = 'acme-forged';
      const store = of();
      const { id } = await request({ service });
      await exclusionsOn(store).change('approve', id, by('Minh'));
      const forge = `UPDATE exclusion_event SET document = replace(document, 'flood', 'fraud')
        WHERE exclusion_id = $1 AND revision = 2`;
      await expect(store.query(forge, [id])).rejects.toMatchObject({ context: { sqlState: '23001' } });
      await expect(store.query('DELETE FROM exclusion_event WHERE exclusion_id = $1', [id])).rejects.toMatchObject({
        context: { sqlState: '23001' },
      });
      const events = await exclusionsOn(store).events(id);
      expect(firstBrokenLink(events)).toBeUndefined();
      await store.query('ALTER TABLE exclusion_event DISABLE TRIGGER exclusion_event_stays');
      await store.query(forge, [id]);
      await store.query('ALTER TABLE exclusion_event ENABLE TRIGGER exclusion_event_stays');
      expect(firstBrokenLink(await exclusionsOn(store).events(id))).toBe(1);
      await expect(exclusionsOn(store).approved({ from: begun, to: now }, service)).rejects.toMatchObject({
        code: 'FN_RECORD_CHANGED',
        context: { id },
      });
    });

    it('a clock that is set back does not turn the order of their events round', async () => {
      const { id, atMs } = await request({ service: 'acme-clock' });
      await exclusionsOn(of(), () => (now - 60) * 1000).change('reject', id, by('Minh'));
      expect((await exclusionsOn(of()).events(id)).map((event) => event.atMs)).toEqual([atMs, atMs]);
    });

    overHttp(exclusionsOn, of);
  });
}

function overHttp(exclusionsOn: (store: ControlStore) => Exclusions, of: () => ControlStore): void {
  const base = { service: httpService, category: 'forceMajeure', reason: 'flood', requestedBy: 'Lan' };
  const body = { ...base, from: isoOf(begun), to: isoOf(begun + 900) };
  let api: Api;
  beforeAll(async () => {
    const { file } = question(lines);
    const judge = async ({ objective, window, exclusions }: JudgeRequest) =>
      evaluate({
        ...{ objective: readObjective(objective.name, objective.body.openslo), exclusions, window },
        ...{ at: window.to, file },
      });
    api = bareApi(silentLogger);
    exclusionRoutes(api, {
      exclusions: exclusionsOn(of()),
      nowMs: () => now * 1000,
      judging: { judge },
      objects,
    });
  });
  const call = async <T>(method: 'GET' | 'POST', url: string, payload?: object) => {
    const response = await api.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    return { status: response.statusCode, body: response.json() as T };
  };

  it('over HTTP one is asked for, seen with what it would change, approved, and listed', async () => {
    const asked = await call<Exclusion>('POST', '/exclusions', body);
    expect(asked).toMatchObject({ status: 201, body: { state: 'requested', decidedBy: null, revision: 1 } });
    const { id } = asked.body;
    const would = await call<ExclusionDetail>('GET', `/exclusions/${id}`);
    expect(would.body).toMatchObject({
      brokenAt: null,
      effect: [
        {
          slo: 'acme',
          window: { from: '2026-11-20T10:00:00Z', to: '2026-11-20T11:00:00Z', zone: 'UTC' },
          without: { high: { bad: '600' }, verdict: 'breached', slots: { excluded: 0 } },
          with: { high: { bad: '0' }, verdict: 'met', slots: { excluded: 900 } },
        },
      ],
      notJudged: [{ slo: 'later', code: 'FN_USAGE' }],
    });
    const decided = await call<Exclusion>('POST', `/exclusions/${id}/approve`, { by: 'Minh', comment: 'agreed' });
    expect(decided).toMatchObject({ status: 200, body: { state: 'approved', decidedBy: 'Minh', revision: 2 } });
    const does = await call<ExclusionDetail>('GET', `/exclusions/${id}`);
    expect(does.body.effect).toEqual(would.body.effect);
    expect(does.body.events.map((event) => [event.state, event.by, event.comment])).toEqual([
      ['requested', 'Lan', ''],
      ['approved', 'Minh', 'agreed'],
    ]);
    const second = await call<Exclusion>('POST', '/exclusions', body);
    expect(second.body.warnings).toContainEqual(expect.stringMatching(`^Overlaps exclusion ${id}`));
    const again = await call<Problem>('POST', `/exclusions/${id}/reject`, { by: 'Hoa' });
    expect(again).toMatchObject({ status: 409, body: { code: 'FN_STATE_CONFLICT' } });
  });

  it('over HTTP pages follow each other, the latest first, by service and state', async () => {
    for (let hour = 1; hour <= 5; hour++) {
      const [from, to] = [begun + hour * 900, begun + (hour + 1) * 900].map(isoOf);
      await call('POST', '/exclusions', { ...body, service: 'acme-pages', from, to });
    }
    const seenFrom: string[] = [];
    let cursor = '';
    for (let page = 0; page < 3; page++) {
      const url = `/exclusions?service=acme-pages&state=requested&limit=2${cursor}`;
      const { body: told } = await call<ExclusionPage>('GET', url);
      seenFrom.push(...told.items.map(({ from }) => from));
      cursor = `&cursor=${told.nextCursor}`;
    }
    expect(seenFrom).toEqual([5, 4, 3, 2, 1].map((hour) => isoOf(begun + hour * 900)));
    expect(cursor).toBe('&cursor=null');
    const none = await call<ExclusionPage>('GET', '/exclusions?service=acme-pages&state=approved');
    expect(none.body).toEqual({ items: [], nextCursor: null });
  });

  it.each<[string, object, number, string[]]>([
    ['a category that is none', { category: 'weather' }, 400, ['body.category']],
    ['part of a second', { from: '2026-11-20T10:00:00.5Z' }, 400, ['body.from']],
    ['not on a quarter of an hour', { to: isoOf(begun + 600) }, 400, ['body.to']],
    ['no instant', { to: 'tomorrow' }, 400, ['body.to']],
    ['400 days', { from: isoOf(begun), to: isoOf(begun + 400 * 86_400) }, 400, ['body.to']],
    ['before the service', { from: '2026-09-30T10:00:00Z', to: '2026-09-30T11:00:00Z' }, 400, ['body.from', 'body.to']],
    ['no time', { to: isoOf(begun) }, 400, ['body.to']],
    ['maintenance without notice', { category: 'maintenance' }, 400, ['body.notice']],
    ['a key nobody knows', { approvedBy: 'Lan' }, 400, ['body.approvedBy']],
    ['no such service', { service: 'nobody' }, 404, []],
  ])('over HTTP is refused: %s', async (_name, over, status, where) => {
    const told = await call<Problem>('POST', '/exclusions', { ...body, ...over });
    expect([told.status, [...new Set(told.body.errors?.map((error) => error.where))]]).toEqual([status, where]);
  });

  it('over HTTP a cursor that is not ours, an own approval and another site are refused', async () => {
    expect((await call('GET', '/exclusions?cursor=WyJ4IiwieSJd')).status).toBe(400);
    const { body: asked } = await call<Exclusion>('POST', '/exclusions', body);
    const own = await call<Problem>('POST', `/exclusions/${asked.id}/approve`, { by: 'LAN' });
    expect(own).toMatchObject({ status: 400, body: { errors: [{ where: 'body.by' }] } });
    const headers = { 'sec-fetch-site': 'cross-site' };
    const elsewhere = await api.inject({ method: 'POST', url: '/exclusions', payload: body, headers });
    expect(elsewhere.statusCode).toBe(400);
  });
}
