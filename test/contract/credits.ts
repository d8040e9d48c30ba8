import { beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import { creditRoutes } from '../../server/api/routes/credits.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { Credit, CreditPage } from '../../server/api/schema/credits.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import type { RecordedLine } from '../../server/control/credit-lines.ts';
import { firstBrokenLink } from '../../server/control/hash-chain.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { Credits } from '../../server/credits/credits.ts';
import type { JudgeRequest } from '../../server/judge/reading.ts';
import type { Version } from '../../server/objects/object.ts';
import { readObjective } from '../../server/openslo/objective-file.ts';
import { evaluate } from '../../server/slo/evaluate.ts';
import type { Exclusion } from '../../server/slo/objective.ts';
import { agreementBody, version } from '../unit/server/credits/versions.ts';
import { type Line, objectiveText, question, second, seen } from '../unit/server/slo/asking.ts';

/** February in Viet Nam: 28 days from the evening before, by UTC. */
const february = { from: second('2026-01-31T17:00:00Z'), to: second('2026-02-28T17:00:00Z') };
const seconds = february.to - february.from;
const never = new AbortController().signal;

const standing: readonly Version[] = [
  version('service', 'acme', { displayName: 'Acme', tenant: 'acme', ports: [] }, 0),
  version('objective', 'acme', objectiveBody(), 0),
  version('contract', 'acme-2026', contractBody('VND'), 0),
];

function objectiveBody() {
  const openslo = objectiveText({ sli: 'packetDelivery', calendar: ['1M', '2026-01-01 00:00:00', 'Asia/Ho_Chi_Minh'] });
  return { service: 'acme', openslo, rolling: null, coverageFloor: '0.999' };
}

function contractBody(currency: string) {
  return { service: 'acme', rates: [], items: [{ name: 'port', currency, monthlyFee: '10000001' }] };
}

/** A month of which `bad` seconds at its beginning were lost. */
function aMonth(bad: number): readonly Line[] {
  return [seen(february.from, 100, 100, { repeat: bad }), seen(february.from + bad, 100, 0, { repeat: seconds - bad })];
}

interface World {
  lines: readonly Line[];
  exclusions: readonly Exclusion[];
  versions: readonly Version[];
  nowMs: number;
}

/** What the ledger of credits is on every control store. */
export function creditTests(of: () => ControlStore): void {
  const world = (over: Partial<World> = {}): World => ({
    ...{ lines: aMonth(400), exclusions: [], versions: standing, nowMs: second('2026-03-04T00:00:00Z') * 1000 },
    ...over,
  });
  const creditsIn = (here: World) =>
    new Credits({
      control: of(),
      objects: {
        history: async (_kind, name) =>
          name === 'acme' ? [version('tenant', name, { displayName: 'Acme', zone: 'Asia/Ho_Chi_Minh' }, 0)] : [],
        within: async () => here.versions,
      },
      exclusions: {
        approved: async () => here.exclusions.map((each) => ({ ...each, id: 'e1', revision: 2, service: 'acme' })),
      },
      judging: {
        judge: async ({ objective, window, exclusions }: JudgeRequest) => {
          const { file } = question(here.lines);
          const asked = readObjective(objective.name, objective.body.openslo);
          return evaluate({ objective: asked, window, exclusions, at: window.to, file });
        },
      },
      nowMs: () => here.nowMs,
    });
  const gold = (name: string) => version('agreement', name, agreementBody, 0);
  const compute = (here: World, name: string) => creditsIn(here).computeMonth(gold(name), '2026-02', never);
  const linesOf = async (name: string): Promise<RecordedLine[]> => {
    const all = await creditsIn(world()).list({ tenant: '', month: '', after: undefined, limit: 1000 });
    return all.filter(({ agreement }) => agreement === name);
  };
  const sumOf = (lines: readonly RecordedLine[]) => lines.reduce((sum, { change }) => sum + BigInt(change), 0n);

  describe('credits', () => {
    beforeAll(async () => {
      await migrateControl(of());
    });

    it('of a month are computed by the clocks of the tenant, once, and adjusted by late rows and exclusions', async () => {
      const here = world();
      const first = await compute(here, 'life');
      expect(first).toMatchObject({
        kind: 'credit',
        line: {
          ...{ entry: 1, state: 'computed', tenant: 'acme', service: 'acme', item: 'port', month: '2026-02' },
          ...{ verdict: 'breached', bad: '40000', total: `${seconds}00`, share: { num: '1', den: '10' } },
          ...{ fee: '10000001', amount: '1000000', change: '1000000', currency: 'VND', corrects: null, previous: null },
        },
      });
      expect(await compute(here, 'life')).toMatchObject({ kind: 'credit', line: null });
      here.lines = aMonth(30_000);
      const worse = await compute(here, 'life');
      expect(worse).toMatchObject({ line: { state: 'adjusted', amount: '3000000', change: '2000000', corrects: 1 } });
      here.exclusions = [
        {
          ...{ from: february.from, to: february.from + 30_000 },
          category: 'attack',
          reason: 'flood',
          approvedBy: 'Minh',
        },
      ];
      const excluded = await compute(here, 'life');
      expect(excluded).toMatchObject({ line: { state: 'adjusted', verdict: 'met', amount: '0', corrects: 2 } });
      const lines = await linesOf('life');
      expect(sumOf(lines)).toBe(0n);
      expect(firstBrokenLink(lines)).toBeUndefined();
    });

    it('are not paid twice by servers that compute and people who decide at once', async () => {
      const id = (await compute(world(), 'race')) as { id: string };
      const worlds = [400, 400, 30_000, 30_000].map((bad) => world({ lines: aMonth(bad) }));
      const given = creditsIn(world()).give(id.id, 'notified', { by: 'Lan', comment: '' });
      const all = await Promise.allSettled([...worlds.map((each) => compute(each, 'race')), given]);
      expect(all.filter(({ status }) => status === 'rejected')).toEqual([]);
      await compute(world({ lines: aMonth(140_000) }), 'race');
      const lines = await linesOf('race');
      expect(lines.map(({ entry }) => entry)).toEqual(lines.map((_, i) => i + 1));
      expect(firstBrokenLink(lines)).toBeUndefined();
      expect(new Set(lines.map((line) => line.id)).size).toBe(1);
      expect([sumOf(lines), lines.at(-1)?.amount]).toEqual([10_000_001n, '10000001']);
    });

    it('are nothing where nothing is promised, due or over, and refused where money cannot be added up', async () => {
      const unpaid = { ...gold('none'), body: { ...agreementBody, credits: null } };
      const credits = creditsIn(world());
      expect(await credits.computeMonth(unpaid, '2026-02', never)).toMatchObject({ kind: 'none' });
      expect(await compute(world({ versions: standing.slice(0, 2) }), 'none')).toMatchObject({ kind: 'none' });
      const noObjective = standing.filter(({ kind }) => kind !== 'objective');
      expect(await compute(world({ versions: noObjective }), 'none')).toMatchObject({ kind: 'none' });
      const later = version('agreement', 'none', agreementBody, february.to);
      expect(await credits.computeMonth(later, '2026-02', never)).toMatchObject({ kind: 'none' });
      await expect(credits.computeMonth(gold('none'), '2026-03', never)).rejects.toMatchObject({ code: 'FN_USAGE' });
      await expect(credits.computeMonth(gold('none'), '2026-13', never)).rejects.toMatchObject({ code: 'FN_USAGE' });
      const mixed = [...standing, version('contract', 'usd', contractBody('USD'), 0)];
      await expect(compute(world({ versions: mixed }), 'none')).rejects.toMatchObject({ code: 'FN_OBJECTIVE_FILE' });
      expect(await linesOf('none')).toEqual([]);
    });

    it('are never changed; where somebody could, nothing more is added', async () => {
      await compute(world(), 'forged');
      const forge = `UPDATE credit_line SET document = replace(document, '1000000', '9000000') WHERE agreement = 'forged'`;
      await expect(of().query(forge)).rejects.toMatchObject({ context: { sqlState: '23001' } });
      await of().query('ALTER TABLE credit_line DISABLE TRIGGER credit_line_stays');
      await of().query(forge);
      await expect(compute(world(), 'forged')).rejects.toMatchObject({ code: 'FN_RECORD_CHANGED' });
      await of().query(`DELETE FROM credit_line WHERE agreement = 'forged'`);
      await of().query('ALTER TABLE credit_line ENABLE TRIGGER credit_line_stays');
    });

    overHttp(
      () => creditsIn(world()),
      (name) => compute(world(), name),
    );
  });
}

function overHttp(credits: () => Credits, compute: (name: string) => ReturnType<Credits['computeMonth']>): void {
  let api: Api;
  let id = '';
  beforeAll(async () => {
    api = bareApi(silentLogger);
    creditRoutes(api, { credits: credits() });
    const computed = await compute('http');
    id = computed.kind === 'credit' ? computed.id : '';
    await compute('http-2');
  });
  const call = async <T>(method: 'GET' | 'POST', url: string, payload?: object) => {
    const response = await api.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    return { status: response.statusCode, body: response.json() as T };
  };

  it('over HTTP are told by tenant and month, page by page', async () => {
    const seenLines: string[] = [];
    let cursor = '';
    for (let page = 0; page < 50 && cursor !== '&cursor=null'; page++) {
      const { body } = await call<CreditPage>('GET', `/credits?tenant=acme&month=2026-02&limit=2${cursor}`);
      seenLines.push(...body.items.map(({ agreement, entry }) => `${agreement} ${entry}`));
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(seenLines).toEqual([...new Set(seenLines)]);
    expect(seenLines).toEqual(expect.arrayContaining(['http 1', 'http-2 1']));
    expect((await call<CreditPage>('GET', '/credits?tenant=nobody')).body.items).toEqual([]);
    expect((await call<CreditPage>('GET', '/credits?month=2026-03')).body.items).toEqual([]);
    expect((await call('GET', '/credits?month=2026')).status).toBe(400);
    expect((await call('GET', '/credits?cursor=WyJ4IiwieSIsInoiXQ')).status).toBe(400);
  });

  it('over HTTP are given a state that follows, with who and why', async () => {
    const give = (state: string, over: object = {}) =>
      call<Credit & Problem>('POST', `/credits/${id}/state`, { state, by: 'Lan', comment: 'mail 7', ...over });
    expect(await give('issued')).toMatchObject({ status: 409, body: { code: 'FN_STATE_CONFLICT' } });
    const told = await give('notified');
    expect(told).toMatchObject({
      status: 200,
      body: { state: 'notified', by: 'Lan', comment: 'mail 7', amount: '1000000', change: '0', corrects: 1, entry: 2 },
    });
    expect(await give('reversed')).toMatchObject({ body: { amount: '0', change: '-1000000' } });
    expect((await give('adjusted')).status).toBe(400);
    expect((await give('notified', { by: '' })).status).toBe(400);
    expect((await call('POST', '/credits/none/state', { state: 'issued', by: 'Lan' })).status).toBe(404);
  });
}
