// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noBrowser } from './browser.ts';
import { eachPage, goTo } from './each-page.ts';
import { ledgerDetail } from './fixture-ledger.ts';
import { hostNames, intervalsOf, pathsOf } from './fixture-numbers.ts';
import type { FixtureServer } from './fixture-server.ts';
import { instant, total } from './fixture-span.ts';

const host = hostNames[0] ?? '';
const whole = 'netdev@ovs-netdev';
const leaking = 'netdev@edge';
/** A whole round of the fixture, with its gap and its leak, that has passed. */
const from = (Math.floor(Date.now() / 300_000) - 2) * 300;
const range = `from=${instant(from)}&to=${instant(from + 300)}`;
const grouped = (digits: string | number | bigint) => BigInt(digits).toLocaleString('en-US');

describe.skipIf(noBrowser !== null)('the ledger', () => {
  let server: FixtureServer;
  let page: Page;
  eachPage((opened) => {
    ({ server, page } = opened);
  });

  function open(path = `?tab=ledger&${range}`): Promise<void> {
    return goTo({ server, page }, `/hosts/${host}${path}`);
  }

  function ledgerOf(datapath: string): Locator {
    return page.getByRole('region', { name: `Ledger of ${datapath}` });
  }

  function detailOf(datapath: string) {
    const detail = ledgerDetail('normal', host, datapath, { from, to: from + 300 });
    if (detail === null) throw new Error(`the fixture has no ${datapath}`);
    return detail;
  }

  it('says the balance in words and figures that add up', async () => {
    await open();
    const { entry } = detailOf(whole);
    const inside = total(entry.insideDrops.map(({ packets }) => Number(packets)));
    const text = (await ledgerOf(whole).locator('.equation').innerText()).replace(/\s+/g, ' ').trim();
    expect(text).toBe(
      `in ${grouped(entry.in)} = out ${grouped(entry.out)} + dropped at ports ${grouped(entry.portDrops)} ` +
        `+ dropped inside ${grouped(inside)} + taken by the switch 300 − copies 1,200 + left over 0`,
    );
    await ledgerOf(whole).getByText('balanced', { exact: true }).waitFor();
    await ledgerOf(whole)
      .getByText(/settled up to \d\d:\d\d:\d\d UTC/)
      .waitFor();
  });

  it('says what is unexplained, by how much, and when it came about', async () => {
    await open();
    const ledger = ledgerOf(leaking);
    await ledger.getByText('unexplained', { exact: true }).waitFor();
    await ledger.getByText(/packets came in and are in no other sum: [\d,]+ more than can be on their way/).waitFor();
    await ledger.getByText(/No step is beyond its bound\./).waitFor();
    await ledger.getByText(/Added up, it leaves its bound at \d\d:\d\d:\d\d and reaches 1,2\d\d\./).waitFor();
  });

  it('leaves a gap a gap: in the chart, in words and in the table', async () => {
    await open();
    const panel = page.getByRole('region', { name: `Left over, ${leaking}` });
    await panel.getByText('no data for 12 s: neither good nor bad').waitFor();
    expect(await panel.getByRole('img').first().getAttribute('aria-label')).toContain('No data for 12 s.');
    await panel.getByRole('button', { name: 'Show as table' }).click();
    const row = panel.getByRole('row').filter({ hasText: instant(from + 105).slice(11, 19) });
    expect(await row.innerText()).toMatch(/no data\s+no data/);
  });

  it('opens the losses of a joint by keyboard, and closes them again', async () => {
    await open();
    const way = page.getByRole('region', { name: `Where packets were lost, ${whole}` });
    const ring = way.getByRole('button', { name: /^Ring/ });
    expect(await ring.innerText()).toMatch(/[\d,]+ passed/);
    await ring.focus();
    await page.keyboard.press('Enter');
    expect(await ring.getAttribute('aria-expanded')).toBe('true');
    const list = page.getByRole('region', { name: `Lost here: Ring, ${whole}` });
    await list.waitFor();
    const drops = detailOf(whole).joints.find(({ joint }) => joint === 'ring')?.drops ?? [];
    const first = list.getByRole('row').nth(1);
    expect(drops.length).toBeGreaterThan(1);
    expect(await first.innerText()).toContain(grouped(drops[0]?.packets ?? ''));
    expect(await first.innerText()).toContain("The guest's receive ring had no free buffer.");
    await page.keyboard.press('Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Space');
    await list.waitFor({ state: 'detached' });
    expect(await ring.getAttribute('aria-expanded')).toBe('false');
  });

  it('has the picture as a table too, with the same sums', async () => {
    await open();
    const way = page.getByRole('region', { name: `Where packets were lost, ${leaking}` });
    await way.getByRole('button', { name: 'Show as table' }).click();
    await way.getByRole('row').nth(6).waitFor();
    const rows = await way.getByRole('row').allInnerTexts();
    expect(rows.map((text) => text.split(/\s/)[0])).toEqual(['Joint', 'Wire', 'Rxq', 'PMD', 'Port', 'Ring', 'Place']);
    expect(rows[1]).toContain('not counted');
    // How many such seconds lie in five minutes depends on when they began.
    const lost = detailOf(leaking).joints.find(({ joint }) => joint === 'unknown')?.lost ?? '';
    expect(BigInt(lost)).toBeGreaterThan(0n);
    expect(rows[6]).toContain(`other ${grouped(lost)}`);
  });

  it('says at each joint whose the losses are, and of each drop', async () => {
    await open();
    const ring = detailOf(whole).joints.find(({ joint }) => joint === 'ring');
    const way = page.getByRole('region', { name: `Where packets were lost, ${whole}` });
    const branch = way.locator('.joint').filter({ has: page.getByRole('button', { name: /^Ring/ }) });
    const said = await branch.locator('.owners').getByRole('listitem').allInnerTexts();
    const expected = (['provider', 'tenant', 'contract', 'unknown'] as const)
      .map((owner) => [owner, ring?.owners[owner] ?? '0'] as const)
      .filter(([, packets]) => packets !== '0')
      .map(([owner, packets]) => `${owner} ${grouped(packets)}`);
    expect(expected.length).toBeGreaterThan(2);
    expect(said.map((text) => text.trim())).toEqual(expected);
    await branch.getByRole('button').click();
    const list = page.getByRole('region', { name: `Lost here: Ring, ${whole}` });
    expect(await list.getByRole('row').nth(1).innerText()).toMatch(/provider [\d,]+/);
    await way.getByRole('button', { name: 'Show as table' }).click();
    const row = way.getByRole('row').filter({ hasText: /^Ring/ });
    expect(await row.innerText()).toContain(grouped(ring?.owners.provider ?? ''));
  });

  it('tells no loss from an unknown one', async () => {
    await open();
    const calm = page.getByRole('region', { name: `Where packets were lost, ${leaking}` });
    expect(await calm.locator('.joint-calm').count()).toBe(5);
    server.scenario = 'noData';
    await open();
    const unknown = page.getByRole('region', { name: `Where packets were lost, ${whole}` });
    expect(await unknown.locator('.joint-unknown').count()).toBe(5);
    expect(await unknown.innerText()).not.toMatch(/\b0 (lost|passed)/);
    expect(await ledgerOf(whole).locator('.equation').innerText()).not.toMatch(/\d/);
    await ledgerOf(whole).getByText('No second of this window is known: neither balanced nor not.').waitFor();
  });

  it('says what is not told of queues and threads, and which ports the sums leave out', async () => {
    await open();
    const queues = page.getByRole('region', { name: `Receive queues of ${whole}` });
    expect(await queues.getByRole('row', { name: /vhu7be2044a-90 0/ }).innerText()).toContain('not told yet');
    const pmds = page.getByRole('region', { name: `Polling threads of ${whole}` });
    expect(await pmds.getByRole('row').last().innerText()).toMatch(/unknown/);
    await pmds.getByText('9,007,199,254,740,993').waitFor();
    const ports = page.getByRole('region', { name: `Ports of ${whole}` });
    expect(await ports.getByRole('row', { name: /vxlan_sys_4789/ }).innerText()).toContain('not counted');
    await ports.getByRole('link', { name: 'ovs:br0' }).click();
    await page.waitForURL(/ports\/ovs(:|%3A)br0\?.*from=/);
  });

  it.each([1280, 400])('fits a page %d wide: the way of a packet is in sight', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    await open();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const boxes = await page.locator('.datapath').first().locator('.joint-box').all();
    const places = await Promise.all(boxes.map((box) => box.boundingBox()));
    expect(places).toHaveLength(5);
    for (const [i, place] of places.entries()) {
      const before = places[i - 1];
      if (place === null || before === null) throw new Error('a joint is not drawn');
      expect(place.x + place.width).toBeLessThanOrEqual(width);
      if (before === undefined) continue;
      if (width > 1_000) expect([place.y, place.x > before.x + before.width]).toEqual([before.y, true]);
      else expect([place.x, place.y > before.y + before.height]).toEqual([before.x, true]);
    }
  });

  it('draws ten causes of a port over the time they were told for, each by name', async () => {
    const port = 'vhu7be2044a-90';
    await open(`/ports/${port}?${range}`);
    const path = pathsOf('normal').find((item) => item.host === host && item.port === port);
    if (path === undefined) throw new Error('the fixture has no such port');
    const told = intervalsOf('normal', path, { from, to: from + 300 });
    const lanes = page.getByRole('list', { name: 'to guest: causes over time' });
    expect(await lanes.getByRole('listitem').count()).toBe(10);
    const ringFull = total(
      told.flatMap(({ causes }) =>
        causes.filter(({ cause }) => cause === 'vhost_ring_full').map(({ packets }) => packets),
      ),
    );
    const first = await lanes.getByRole('listitem').first().innerText();
    expect(first).toContain('vhost_ring_full');
    expect(first).toContain(grouped(ringFull));
    const chart = page.getByRole('region', { name: 'to guest: rate and losses' });
    await chart.getByRole('button', { name: 'Show as table' }).click();
    const table = page.getByRole('region', { name: 'to guest: causes over time, as a table' });
    expect(await table.getByRole('row').count()).toBe(1 + total(told.map(({ causes }) => causes.length)));
    const sums = page.getByRole('region', { name: 'Sums of the window' });
    expect(await sums.getByRole('row', { name: /^pending/ }).innerText()).toContain('has not told the cause yet');
    expect(await sums.getByRole('row', { name: /^unexplained/ }).innerText()).toContain('no cause was counted');
  });
});
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
