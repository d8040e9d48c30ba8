import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { remediationRoutes } from '../../server/api/routes/remediation.ts';
import type { AdviceDetail, AdvicePage, DatapathNowPage } from '../../server/api/schema/remediation.ts';
import { bareApi } from '../../server/api/server.ts';
import { AdviceStore } from '../../server/control/advice-store.ts';
import { Fleet } from '../../server/live/fleet.ts';
import { Advisor, type AdvisorOptions } from '../../server/remediation/advise/advisor.ts';
import { planJson } from '../../server/remediation/plan-json.ts';
import { plan } from '../../server/remediation/planner/plan.ts';
import { readPlanInput } from '../../server/remediation/read-plan-input.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { type OpenControl, openControl } from './control-fixture.ts';
import { aPort, insertFacts, insertPlacement, type Placed, place, settings } from './placement-fixture.ts';
import { type OpenStore, openStore, until } from './store-fixture.ts';

/** A datapath from the rows of its collector to what the API says of it, through both stores, at instants of our own. */

const start = Math.floor(Date.now() / 1000) - 3_600;
let store: OpenStore;
let control: OpenControl;
let advice: AdviceStore;
let now = start;
const burning: readonly string[] = [];
const api = bareApi(silentLogger);

const collided: Placed = {
  'vhu1/0': { core: 2, usagePpm: 500_000 },
  'vhu2/0': { core: 2, usagePpm: 420_000 },
  'vhu3/0': { core: 4, usagePpm: 200_000 },
};
const mended: Placed = { ...collided, 'vhu2/0': { core: 4, usagePpm: 430_000 } };

function anAdvisor(over: Partial<AdvisorOptions> = {}): Advisor {
  const source = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax: 1 << 16, nowMs: Date.now });
  const monoMs = () => now * 1_000;
  return new Advisor({
    ...{ advice, monoMs, startedMonoMs: 0, staleAfterMs: 5_000, engine: 'test', logger: silentLogger },
    fleet: new Fleet({ source, from: 'latest', logger: silentLogger, liveSeconds: 60, monoMs }),
    store: { engine: store.engine },
    nowMs: () => now * 1_000,
    burning: () => new Map(burning.length === 0 ? [] : [[place.host, burning]]),
    maintained: async () => () => [],
    ready: async () => undefined,
    ...over,
  });
}

const look = async (advisor: Advisor, at: number) => {
  now = at;
  await advisor.look(new AbortController().signal);
};
const get = async <T>(path: string) => {
  const answer = await api.inject({ method: 'GET', url: path });
  return { status: answer.statusCode, body: answer.json() as T };
};
const items = async () => (await get<AdvicePage>('/remediation/advice')).body.items;
const present = async () => (await get<DatapathNowPage>('/remediation/datapaths')).body.items;
const detail = async (id = '') => (await get<AdviceDetail>(`/remediation/advice/${id}`)).body;

beforeAll(async () => {
  store = await openStore();
  control = await openControl();
  advice = new AdviceStore(control.store);
  remediationRoutes(api, { advice });
  await insertFacts(store, start - 900, { ...settings(), ...aPort('vhu1'), ...aPort('vhu2'), ...aPort('vhu3') });
  await insertPlacement(store, { from: start - 62, to: start - 2, placed: collided });
}, 60_000);
afterAll(async () => {
  await api.close();
  await control?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
});

describe('a datapath with two queues that collide', () => {
  const advisor = () => (known ??= anAdvisor());
  let known: Advisor | undefined;

  it('is told with its plan, the proof of it, and what Open vSwitch would do', async () => {
    await look(advisor(), start);
    const [item, ...others] = await items();
    expect(others).toEqual([]);
    expect(item).toMatchObject({
      ...place,
      at: isoOf(start),
      ...{ decision: 'plan', diagnosis: 'overload', gates: [], lacks: [], reason: null },
      moves: [{ rxq: 'vhu2/0', from: 2, to: 4 }],
      ...{ beforePpm: 938_775, predictedPpm: 632_653 },
    });
    const told = await detail(item?.id);
    expect(told).toMatchObject({
      ...{ engine: 'test', resolutionPpm: 10_000, entry: 1, previous: null, chain: 'holds', outcome: null },
      certificate: { optimalForMoves: 2 },
      limits: { maxMoves: 2, enterPpm: 900_000, acceptPpm: 850_000 },
      before: [
        { core: 2, usagePpm: 938_775, overheadPpm: 20_000, stolenPpm: 0, rxqs: [{ id: 'vhu1/0' }, { id: 'vhu2/0' }] },
        { core: 4, rxqs: [{ id: 'vhu3/0' }] },
      ],
      after: [
        { core: 2, rxqs: [{ id: 'vhu1/0', usagePpm: 500_000, isPinned: false }] },
        { core: 4, usagePpm: 632_653, rxqs: [{ id: 'vhu2/0' }, { id: 'vhu3/0' }] },
      ],
    });
    expect(told.peers.map(({ algorithm, unpolled }) => [algorithm, unpolled])).toEqual([
      ['cycles', 0],
      ['group', 0],
    ]);
    expect(await present()).toMatchObject([
      { ...place, at: isoOf(start), decision: 'plan', diagnosis: 'overload', maxUsagePpm: 938_775, advice: item?.id },
    ]);
    expect(await present()).toMatchObject([{ phase: 'advised', since: isoOf(start) }]);
  });

  it('gives an input of which `fournines plan` makes the same plan', async () => {
    const [item] = await items();
    const { input, moves } = await detail(item?.id);
    const counted = (input as { rxqs: { id: string; pps: number | null }[] }).rxqs.map(({ id, pps }) => [id, pps]);
    expect(counted).toEqual([
      ['vhu1/0', 5_000],
      ['vhu2/0', 4_200],
      ['vhu3/0', 2_000],
    ]);
    const again = plan(readPlanInput('input.json', JSON.stringify(input)));
    expect(again).toMatchObject({ decision: 'plan', moves });
    expect(JSON.parse(planJson(again)).predicted).toEqual({ maxUsagePpm: item?.predictedPpm });
  });

  it('is told once, however often it is looked at, and by whoever looks next', async () => {
    await look(advisor(), start + 5);
    await look(anAdvisor(), start + 10);
    expect(await items()).toHaveLength(1);
    // What another server told is known; what it was about is looked for anew.
    expect(await present()).toMatchObject([{ phase: 'idle', since: isoOf(start + 10) }]);
  });

  it('what came of it is told once an operator has moved the queue', async () => {
    const [item] = await items();
    // Right behind the move its shares are NOT AVAIL.
    const unknown = { ...mended, 'vhu2/0': { core: 4, usagePpm: null }, 'vhu3/0': { core: 4, usagePpm: null } };
    await insertPlacement(store, { from: start + 3, to: start + 3, placed: unknown });
    await insertPlacement(store, { from: start + 8, to: start + 48, placed: mended });
    await look(advisor(), start + 30);
    expect((await detail(item?.id)).outcome).toBeNull();
    await look(advisor(), start + 50);
    // The queue takes a hundredth more than it was to: floor of 630,000 and 620,000 in 980,000.
    const outcome = { movesAdvised: 1, movesMade: 1, othersMoved: 0, predictedPpm: 632_653, observedPpm: 642_857 };
    expect((await detail(item?.id)).outcome).toEqual({ at: isoOf(start + 50), ...outcome, errorPpm: 10_204 });
    expect(await present()).toMatchObject([{ diagnosis: 'calm', maxUsagePpm: 642_857, advice: item?.id }]);
    await look(anAdvisor(), start + 52);
    expect(await items()).toHaveLength(1);
  });

  it('comes back as news, held while a gate holds, and chained to what came before', async () => {
    await insertPlacement(store, { from: start + 53, to: start + 198, placed: mended });
    await look(advisor(), start + 130);
    await insertFacts(store, start + 150, { 'ovs.pmd-auto-lb': 'true' });
    await insertPlacement(store, { from: start + 203, to: start + 268, placed: collided });
    await look(advisor(), start + 270);
    const [item, ...others] = await items();
    expect(others).toHaveLength(1);
    expect(item).toMatchObject({ decision: 'held', diagnosis: 'overload' });
    expect(item?.gates.map(({ gate }) => gate)).toEqual(['autoLb', 'changed']);
    // It was on another core a minute ago: the other one is to move.
    expect(item?.moves).toEqual([{ rxq: 'vhu1/0', from: 2, to: 4 }]);
    expect(await detail(item?.id)).toMatchObject({ entry: 3, chain: 'holds' });
  });

  it('whose thread is robbed is told as theft, without a plan', async () => {
    await insertPlacement(store, { from: start + 273, to: start + 298, placed: collided, delayNs: 50_000_000n });
    await look(advisor(), start + 300);
    const [item] = await items();
    expect(item).toMatchObject({ decision: 'none', diagnosis: 'theft', reason: 'starved', moves: [] });
    expect(item?.because[0]).toBe('others took at least 5.0 % of the time of core 2');
  });

  it('which is no longer told of, and whose switch is another, is held back', async () => {
    await insertFacts(store, start + 310, { 'ovs.pid': '8', 'ovs.settings': 'unread' });
    await look(advisor(), start + 322);
    const [state] = await present();
    expect(state?.gates.map(({ gate }) => gate)).toEqual(['stale', 'settingsUnread', 'young', 'autoLb', 'changed']);
    // Nobody knows of the threads of another process how long they waited.
    expect(state?.lacks).toEqual(['what others take from core 2', 'what others take from core 4']);
  });

  it('that an operator stopped is told as it is, and nothing is to be moved', async () => {
    await insertFacts(store, start + 325, { ...settings(), 'ovs.pmd-auto-lb': '', 'ovs.remediation': 'off' });
    await insertPlacement(store, { from: start + 328, to: start + 398, placed: collided });
    await look(advisor(), start + 400);
    const [item] = await items();
    expect(item).toMatchObject({ decision: 'none', diagnosis: 'overload', reason: 'frozen', moves: [] });
    expect(item?.gates).toContainEqual({
      gate: 'killSwitch',
      detail: 'external_ids:remediation of the switch is off',
    });
    expect((await detail(item?.id)).input).toMatchObject({ frozen: true });
  });
});

describe('the machine of a datapath', () => {
  it('whose state cannot be read starts anew, is told of by name, and tells what goes on once more', async () => {
    const before = await items();
    await control.store.query(`UPDATE remediation_state SET machine = '{"version":9}'`);
    await insertPlacement(store, { from: start + 403, to: start + 418, placed: collided });
    const logged: unknown[] = [];
    const logger = { ...silentLogger, error: (context: unknown) => logged.push(context) } as typeof silentLogger;
    const advisor = anAdvisor({ logger });
    await look(advisor, start + 420);
    await look(advisor, start + 421);
    expect(logged).toEqual([
      expect.objectContaining({ ...place, code: 'FN_MACHINE_STATE', unread: 1, reason: expect.stringContaining('9') }),
    ]);
    expect(await items()).toHaveLength(before.length + 1);
    expect(await present()).toMatchObject([{ phase: 'advised', since: isoOf(start + 420) }]);
  });

  it('that could not be stored is gone on with from what is stored: what was not told is told, once', async () => {
    const before = await items();
    await control.store.query('UPDATE remediation_state SET machine = NULL');
    await insertPlacement(store, { from: start + 423, to: start + 438, placed: collided });
    class Away extends AdviceStore {
      isAway = true;
      override append(...of: Parameters<AdviceStore['append']>) {
        return this.isAway ? Promise.reject(new Error('away')) : super.append(...of);
      }
    }
    const away = new Away(control.store);
    const advisor = anAdvisor({ advice: away });
    await look(advisor, start + 440);
    expect(await items()).toHaveLength(before.length);
    away.isAway = false;
    await insertPlacement(store, { from: start + 443, to: start + 448, placed: collided });
    await look(advisor, start + 450);
    await insertPlacement(store, { from: start + 453, to: start + 478, placed: collided });
    await look(advisor, start + 480);
    expect(await items()).toHaveLength(before.length + 1);
  });

  it('goes on by its deadlines where there is nothing to look at any more, and between two looks', async () => {
    expect(await present()).toMatchObject([{ phase: 'advised' }]);
    await insertPlacement(store, { from: start + 483, to: start + 498, placed: collided });
    let monoMs = 0;
    now = start + 500;
    const advisor = anAdvisor({ monoMs: () => monoMs, everyMs: 60_000 });
    await look(advisor, start + 500);
    expect(await present()).toMatchObject([{ phase: 'advised', since: isoOf(start + 500) }]);
    monoMs = 15_000;
    await look(advisor, start + 900);
    expect(await present()).toMatchObject([{ phase: 'idle', since: isoOf(start + 900), at: isoOf(start + 500) }]);
    // In its own loop: the next look is a minute away.
    await insertPlacement(store, { from: start + 903, to: start + 903, placed: collided });
    now = start + 905;
    await advisor.start();
    await until(async () => (await present())[0]?.phase === 'suspect');
    monoMs = 45_000;
    await until(async () => (await present())[0]?.phase === 'idle');
    await advisor.stop();
  });
});

describe('the API', () => {
  it('pages through advice, newest first', async () => {
    const all = await items();
    const first = await get<AdvicePage>('/remediation/advice?limit=2');
    expect(first.body.items).toEqual(all.slice(0, 2));
    const next = await get<AdvicePage>(`/remediation/advice?limit=100&cursor=${first.body.nextCursor}`);
    expect(next.body).toEqual({ items: all.slice(2), nextCursor: null });
    expect((await get<AdvicePage>('/remediation/advice?host=cn2')).body.items).toEqual([]);
    expect((await get<AdvicePage>(`/remediation/advice?host=cn1&datapath=${place.datapath}`)).body.items).toEqual(all);
  });

  it.each([
    ['/remediation/advice/0', 400, 'FN_QUERY_PARAMETER'],
    [`/remediation/advice/${'0'.repeat(32)}`, 404, 'FN_NOT_FOUND'],
    ['/remediation/advice?cursor=nonsense', 400, 'FN_QUERY_PARAMETER'],
    ['/remediation/datapaths?host=cn1', 400, 'FN_QUERY_PARAMETER'],
  ])('%s is %i', async (path, status, code) => {
    expect(await get(path)).toMatchObject({ status, body: { code } });
  });

  it('entries cannot be changed', async () => {
    const change = control.store.query("UPDATE remediation_entry SET document = '{}'");
    await expect(change).rejects.toMatchObject({ code: 'FN_CONTROL' });
  });
});
