// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noBrowser } from './browser.ts';
import { eachPage, goTo } from './each-page.ts';
import { fullAdvice, manyCoresAdvice, outcomeAdvice, planAdvice, unknownAdvice } from './fixture-advice.ts';
import type { FixtureServer } from './fixture-server.ts';
import { seriousFaults } from './sla-pages.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const planPath = `/advice/${planAdvice}`;

describe.skipIf(noBrowser !== null)('advice', () => {
  let server: FixtureServer;
  let page: Page;
  eachPage((opened) => {
    ({ server, page } = opened);
  });

  const open = (path: string) => goTo({ server, page }, path);
  const region = (name: string) => page.getByRole('region', { name, exact: true });

  it('has no serious faults of accessibility in both themes, and nothing to scroll sideways', async () => {
    for (const path of ['/advice', planPath, `/advice/${outcomeAdvice}`, `/advice/${unknownAdvice}`]) {
      await open(path);
      await page.evaluate(axeSource);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
        expect(await seriousFaults(page, []), `${path}, ${colorScheme}`).toEqual([]);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(1280);
    }
  });

  it('lists how datapaths stand with the gates that hold, and what was advised, newest first', async () => {
    await open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL((url) => url.pathname === '/advice');
    const now = page.getByRole('table', { name: 'Datapaths now', exact: true });
    const held = await now.getByRole('row', { name: /^compute-01/ }).innerText();
    expect(held).toContain('autoLb pmd-auto-lb is on and moves queues by itself');
    expect(held).toContain('93.8 %');
    expect(held).toMatch(/overload\s+told since \d{4}-\d\d-\d\d/);
    const stopped = await now.getByRole('row', { name: /^compute-03/ }).innerText();
    expect(stopped).toMatch(/unknown[\s\S]*unknown/);
    expect(stopped).toContain('killSwitch external_ids:remediation of the switch is off');
    const log = page.getByRole('table', { name: 'Advice', exact: true });
    await log.waitFor();
    const hosts = await log.getByRole('rowheader').allInnerTexts();
    expect(hosts.map((text) => text.slice(0, 10))).toEqual([1, 2, 3, 2, 1].map((n) => `compute-0${n}`));
    await page.getByLabel('Filter advice', { exact: true }).fill('held');
    await expect.poll(() => log.getByRole('rowheader').count(), { timeout: 15_000 }).toBe(1);
    await log.getByRole('link', { name: 'compute-01.zone-a', exact: true }).click();
    await page.waitForURL((url) => url.pathname === planPath);
    await page.getByRole('heading', { name: 'Plan for compute-01.zone-a', exact: true }).waitFor();
  });

  it('tells a plan with its proof, what holds it back, what moves, and what Open vSwitch would do', async () => {
    await open(planPath);
    await page
      .getByText('No placement can do better than 57.8 %; this plan reaches 70.4 % with one move.', { exact: true })
      .waitFor();
    expect(await region('The advice in short').innerText()).toContain('pmd-auto-lb is on and moves queues by itself');
    const cores = page.getByRole('table', { name: 'Queues on cores', exact: true });
    const [, two, four] = await cores.getByRole('row').allInnerTexts();
    expect(two).toMatch(/▲ vhu3a91c0de-1f\/0 38\.0 %, leaves[\s\S]*93\.8 %[\s\S]*55\.1 %/);
    expect(four).toMatch(/0\.08 %[\s\S]*31\.6 %[\s\S]*▲ vhu3a91c0de-1f\/0 38\.0 %, came[\s\S]*70\.4 %/);
    // The picture says the same by shape and text.
    const bars = region('Queues on cores').locator('figure');
    expect(await bars.count()).toBe(2);
    expect(await bars.first().locator('svg').textContent()).toContain('▲ vhu3a91c0de-1f/0 leaves for core 4');
    expect(await bars.last().locator('svg').textContent()).toContain('▲ vhu3a91c0de-1f/0 came from core 2');
    const ways = page.getByRole('table', { name: 'Ways to place the queues', exact: true });
    expect((await ways.getByRole('row').allInnerTexts()).map((text) => text.split(/\s*\t\s*/))).toEqual([
      ['Way', 'Queues moved', 'Polled by nobody', 'Busiest thread'],
      ['As it is', '0', '0', '93.8 %'],
      ['This plan', '1', '0', '70.4 %'],
      ['Open vSwitch, cycles', '2', '0', '71.4 %'],
      ['Open vSwitch, group', '4', '0', '63.2 %'],
    ]);
    expect(await region('What it rests on').innerText()).toContain('it lost 18446 packets in a minute');
  });

  it('says why there is no plan, and that nobody knows where nobody does', async () => {
    await open(`/advice/${fullAdvice}`);
    await page.getByRole('heading', { name: 'No plan for compute-02.zone-a', exact: true }).waitFor();
    expect(await region('Why not otherwise').innerText()).toContain('no placement helps. More polling threads may');
    expect(await region('Queues on cores').locator('figure').count()).toBe(1);
    await open(`/advice/${unknownAdvice}`);
    await page.getByRole('heading', { name: 'No data', exact: true }).waitFor();
    expect(await page.locator('main').innerText()).not.toMatch(/\d %.*busiest|\bcalm\b/);
  });

  it('sets what was observed beside what was predicted, and says that it is of then', async () => {
    await open(`/advice/${outcomeAdvice}`);
    const outcome = (await region('What came of it').innerText()).replace(/\s+/g, ' ');
    expect(outcome).toContain('1 of 1');
    expect(outcome).toMatch(/Predicted 64\.2 %.*Observed 63\.2 %.*Observed less predicted −1\.0 %/i);
    await page.getByRole('link', { name: 'what is advised last', exact: true }).click();
    await page.waitForURL((url) => url.pathname === planPath);
  });

  it('draws the cores that matter of many, and all by a key', async () => {
    await open(`/advice/${manyCoresAdvice}`);
    const before = region('Queues on cores').locator('figure').first();
    expect(await before.locator('.place-core').count()).toBe(12);
    await page.getByRole('button', { name: 'Show 4 more cores', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => before.locator('.place-core').count(), { timeout: 15_000 }).toBe(16);
    await page.getByRole('button', { name: 'Show the busiest', exact: true }).waitFor();
  });

  it('tells loading, failing, stale, empty and not known apart', async () => {
    server.holding = true;
    await page.goto(`${server.url}/advice`);
    await page.getByRole('status', { name: 'Loading datapaths', exact: true }).waitFor();
    server.holding = false;
    await page.getByRole('table', { name: 'Datapaths now', exact: true }).waitFor();
    server.scenario = 'empty';
    await open('/advice');
    await page.getByRole('heading', { name: 'No datapaths', exact: true }).waitFor();
    await page.getByText('Nothing was advised yet', { exact: false }).waitFor();
    server.scenario = 'noData';
    await open('/advice');
    const now = page.getByRole('table', { name: 'Datapaths now', exact: true });
    expect(await now.innerText()).not.toMatch(/\d %/);
    server.scenario = 'stale';
    await open('/advice');
    await page.locator('[data-banner="host"]').waitFor();
    server.scenario = 'error';
    await open('/advice');
    await page.getByRole('alert').getByText('FN_STORE_UNAVAILABLE').first().waitFor();
  });
});
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
