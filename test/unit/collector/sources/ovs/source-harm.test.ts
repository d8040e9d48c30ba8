import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeOvs } from './fake-ovs.ts';
import { FakeSwitch } from './fake-switch.ts';
import { answer } from './scripted-server.ts';
import { SourceRun } from './source-run.ts';

let model: FakeSwitch;
let ovs: FakeOvs;
let run: SourceRun;

beforeEach(async () => {
  model = new FakeSwitch();
  model.add('uplink0', 'dpdk');
  model.add('vhu1');
  model.add('vhu2');
  ovs = new FakeOvs(model);
  ovs.version = '3.1.0';
  run = new SourceRun(ovs);
  await ovs.startDatabase();
  await ovs.startDaemon();
});
afterEach(async () => {
  await run.stop();
  await ovs.stop();
});

/** Five ticks of traffic, the last with a refresh; what was asked for ports meanwhile. */
async function round(lost = 0): Promise<Set<string>> {
  const asked: string[] = [];
  for (let i = 0; i < 5; i++) {
    model.pass('uplink0', 'vhu1', 20, lost);
    if (i === 4) await ovs.refresh();
    asked.push(...(await run.tick()).asked);
  }
  return new Set(asked.filter((question) => question.startsWith('dpctl/show')));
}

describe('a version that is harmed by the question for counters', () => {
  it('is never asked it while a guest is away; its counters come from the database, and live again afterwards', async () => {
    await run.open();
    await run.tick();
    expect(await round()).toEqual(new Set(['dpctl/show -s']));
    const before = model.port('vhu2').status;
    model.port('vhu2').leave();
    await ovs.tellStatus(model.port('vhu2'), before);
    for (let i = 0; i < 3; i++) expect(await round(1)).toEqual(new Set(['dpctl/show']));
    const away = model.port('vhu2').status;
    model.port('vhu2').return();
    await ovs.tellStatus(model.port('vhu2'), away);
    for (let i = 0; i < 2; i++) expect(await round()).toEqual(new Set(['dpctl/show -s']));

    expect(run.known('ovs:uplink0', 'rx')).toEqual([615n, 0n]);
    expect(run.known('vhu1', 'toGuest')).toEqual([600n, 15n]);
    const rows = run.portRows('ovs:uplink0', 'rx');
    expect(rows.filter(([, , state]) => state === 'unknown')).toEqual([]);
    expect(rows.map(([, slots]) => slots).filter((slots) => slots > 1)).toEqual([4, 5, 5, 2]);
    expect(run.facts().get('ovs.portCounters')).toBe('dpctl/show');
    expect(run.portRows('vhu2', 'toGuest').filter(([, , state]) => state === 'unknown')).toHaveLength(1);
  });

  it.each([
    ['from the beginning', () => model.port('vhu2').leave()],
    ['and its version is not told', () => ovs.instead.set('version', (question) => answer(question, 'odd'))],
  ])('is not asked it with a guest away %s', async (_what, prepare) => {
    prepare();
    model.port('vhu2').leave();
    await run.open();
    await run.tick();
    for (let i = 0; i < 2; i++) expect(await round()).toEqual(new Set(['dpctl/show']));
    expect(run.facts().get('ovs.portCounters')).toBe('ovsdb');
  });

  it('is not asked it while nobody can say whether all guests are there', async () => {
    await ovs.killDatabase();
    const asked: string[] = [];
    for (let i = 0; i < 14; i++) asked.push(...(await run.tick()).asked);
    expect(asked).toContain('dpctl/show');
    expect(asked).not.toContain('dpctl/show -s');
  });

  it('that was mended is asked it all the same', async () => {
    ovs.version = '3.1.6';
    model.port('vhu2').leave();
    await run.open();
    await run.tick();
    expect(await round()).toEqual(new Set(['dpctl/show -s']));
  });

  it('a guest that came back between two refreshes is known to have been away', async () => {
    model.port('vhu2').leave();
    await run.open();
    await run.tick();
    model.port('vhu2').return();
    await ovs.tellStatus(model.port('vhu2'), { mode: 'client', status: 'disconnected' });
    await run.tick();
    model.pass('uplink0', 'vhu2', 10);
    await run.tick();
    expect(run.known('vhu2', 'toGuest')).toEqual([10n, 0n]);
    const before = model.port('vhu2').status;
    model.port('vhu2').leave();
    await ovs.tellStatus(model.port('vhu2'), before);
    await run.tick();
    const away = model.port('vhu2').status;
    model.port('vhu2').return();
    model.pass('uplink0', 'vhu2', 500);
    await ovs.tellStatus(model.port('vhu2'), away);
    await run.tick();
    model.pass('uplink0', 'vhu2', 1);
    await run.tick();
    expect(run.known('vhu2', 'toGuest')).toEqual([11n, 0n]);
  });
});
