// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { complaintsOf, launchBrowser, noBrowser } from './browser.ts';
import { hostNames, manyPorts, packetsAt, pathsOf } from './fixture-numbers.ts';
import { type FixtureServer, startFixtureServer } from './fixture-server.ts';
import { seriousFaults, slaPages } from './sla-pages.ts';
import { tellingPages } from './telling-pages.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const firstLoadBytesMax = 250_000;
const host = hostNames[0] ?? '';
const hostPath = `/hosts/${host}`;
const portPath = `${hostPath}/ports/bond0`;
const pages = [
  ['fleet', '/'],
  ['ports', '/ports'],
  ['host', hostPath],
  ['ledger', `${hostPath}?tab=ledger`],
  ['threads', `${hostPath}?tab=threads`],
  ['softnet', `${hostPath}?tab=softnet`],
  ['sources', `${hostPath}?tab=sources`],
  ['facts', `${hostPath}?tab=facts`],
  ['port', portPath],
  ['port with causes over stretches', `${hostPath}/ports/vhu7be2044a-90`],
  ['timeline', `${hostPath}/ports/vhu7be2044a-90?tab=timeline`],
  ['timeline of a port without rings', `${portPath}?tab=timeline`],
  ['queues', `${portPath}/queues`],
  ['queue', `${portPath}/queues/0`],
] as const;
const themes = ['dark', 'light'] as const;

if (noBrowser !== null) process.stderr.write(`skipping the browser tests: ${noBrowser}\n`);

describe.skipIf(noBrowser !== null)('the page', () => {
  let server: FixtureServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  /** One window for all: opening one takes several times as long as opening a page in it. */
  beforeAll(async () => {
    [server, browser] = await Promise.all([startFixtureServer(), launchBrowser()]);
    await openContext();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    server.scenario = 'normal';
    server.streaming = true;
    server.holding = false;
    await page.emulateMedia({ colorScheme: 'dark' });
    complaints.length = 0;
  });

  /** Nothing of a test is there in the next one; after a failed one not even the window is. */
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') return renewContext();
    await page.evaluate(() => localStorage.clear());
    await page.goto('about:blank');
    await context.clearPermissions();
  });

  async function openContext(): Promise<void> {
    context = await browser.newContext({
      colorScheme: 'dark',
      reducedMotion: 'reduce',
      viewport: { width: 1440, height: 900 },
    });
    context.setDefaultTimeout(15_000);
    page = await context.newPage();
    complaints = complaintsOf(page);
  }

  async function renewContext(): Promise<void> {
    await context.close();
    await openContext();
  }

  async function open(path: string): Promise<void> {
    await page.goto(`${server.url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }

  /** The page has its numbers: no skeleton is left. */
  async function settled(): Promise<void> {
    await page.locator('.state-loading').first().waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.querySelector('.state-loading') === null);
  }

  function heading(): Promise<string> {
    return page.getByRole('heading', { level: 1 }).innerText();
  }

  // Every other page is opened in the light theme; both follow the system while the page is open.
  it.each(pages.map(([name, path], i) => [name, path, i % 2 === 0 ? themes : themes.toReversed()] as const))(
    'shows %s in both themes without serious faults of accessibility',
    async (_name, path, inTurn) => {
      await page.emulateMedia({ colorScheme: inTurn[0] });
      await open(path);
      await settled();
      await page.evaluate(axeSource);
      for (const theme of inTurn) {
        await page.emulateMedia({ colorScheme: theme });
        await page.locator(`html[data-theme="${theme}"]`).waitFor();
        expect(await seriousFaults(page, []), theme).toEqual([]);
      }
      expect(complaints).toEqual([]);
    },
  );

  describe.each([
    ['fleet', '/', 'No hosts yet'],
    ['ports', '/ports', 'No ports yet'],
    ['host', hostPath, 'No ports yet'],
    ['ledger', `${hostPath}?tab=ledger`, 'No ledger yet'],
    ['port', portPath, 'Nothing counted here'],
    ['timeline', `${portPath}?tab=timeline`, 'Nothing told here'],
    ['queue', `${portPath}/queues/0`, 'No such queue'],
  ])('the states of %s', (name, path, empty) => {
    it('loading: a skeleton with a name', async () => {
      server.holding = true;
      await open(path);
      await page
        .getByRole('status', { name: /^Loading/ })
        .first()
        .waitFor();
      server.holding = false;
      await settled();
    });

    it('empty: what to do', async () => {
      server.scenario = 'empty';
      await open(path);
      await page.getByRole('heading', { name: empty }).waitFor();
    });

    it('error: code, detail, hint and another try', async () => {
      server.scenario = 'error';
      await open(path);
      const alert = page.getByRole('alert').first();
      await alert.waitFor();
      const text = await alert.innerText();
      expect(text).toContain('FN_STORE_UNAVAILABLE');
      expect(text).toContain('The store did not answer within 5 s.');
      expect(text).toContain('See the health page');
      server.scenario = 'normal';
      await alert.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('alert').first().waitFor({ state: 'detached' });
    });

    it('stale: who, and since when', async () => {
      server.scenario = 'stale';
      await open(path);
      const banner = page.locator('[data-banner="host"]');
      await banner.waitFor();
      expect(await banner.innerText()).toMatch(/no tick since \d\d:\d\d:\d\d UTC/);
      expect(await banner.innerText()).toContain(host);
    });

    it('no data: never zero, never good', async () => {
      server.scenario = 'noData';
      await open(path);
      if (name === 'fleet') {
        await page.getByText('unknown', { exact: true }).first().waitFor();
        return;
      }
      await page.getByRole('heading', { name: 'No data' }).first().waitFor();
      await settled();
      expect(await page.locator('main').innerText()).not.toMatch(/\b100 %/);
    });
  });

  it('says when the stream is cut, and when it is back', async () => {
    await open('/');
    await page.getByText('live', { exact: true }).first().waitFor();
    server.streaming = false;
    const banner = page.locator('[data-banner="line"]');
    await banner.waitFor();
    expect(await banner.innerText()).toMatch(/disconnected since \d\d:\d\d:\d\d UTC/);
    server.streaming = true;
    await banner.waitFor({ state: 'detached' });
    await page.waitForFunction(
      () => document.querySelector('[data-announcer]')?.textContent?.startsWith('Recovered') === true,
    );
  });

  it('can be walked by keyboard alone', async () => {
    await open('/');
    await settled();
    const reached: string[] = [];
    for (let i = 0; i < 16; i += 1) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(
          () => document.activeElement?.textContent || document.activeElement?.getAttribute('aria-label') || '',
        ),
      );
    }
    expect(reached[0]).toBe('Skip to the page');
    expect(reached).toEqual(expect.arrayContaining(['Fleet', 'Ports', 'UTC', 'Filter hosts']));
    expect(reached.some((text) => text.startsWith('Host'))).toBe(true);

    await page.locator('h1').click();
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Filter hosts');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY');

    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys and marks' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.goto(`${server.url}${hostPath}`);
    await settled();
    await page.keyboard.press('-');
    await page.waitForURL(/range=15m/);
    await page.keyboard.press('+');
    await page.waitForURL(/range=5m/);
    await page.keyboard.press('[');
    await page.waitForURL(/from=.*&to=|to=.*&from=/);
    await page.keyboard.press(']');
    await page.waitForURL(/range=5m/);
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.waitForURL((url) => url.pathname === '/');
  });

  it('draws gaps as gaps and says them in words', async () => {
    server.scenario = 'gap';
    const base = (Math.floor(Date.now() / 300_000) - 1) * 300;
    const at = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
    await open(`${portPath}?from=${at(base)}&to=${at(base + 300)}`);
    await settled();
    const gaps = page.getByRole('list', { name: 'Gaps, UTC' }).first();
    await gaps.waitFor();
    expect(await gaps.innerText()).toMatch(
      /sum known, place not: [\d,]+ packets, [\d,]+ dropped over 22 s|sum known, place not: [\d,]+ packets over 22 s/,
    );
    expect(await gaps.innerText()).toContain('no data for 12 s');
    const summary = await page.getByRole('img').first().getAttribute('aria-label');
    expect(summary).toContain('No data for 12 s.');
    await page.getByText('266 observed · 22 bridged · 12 unknown of 300 s expected').first().waitFor();
    await page.getByText('Packet delivery, over known seconds only').first().waitFor();
    await page
      .getByText(/between 9\d\.\d+ % and 9\d\.\d+ %/)
      .first()
      .waitFor();

    await page.getByRole('button', { name: 'Show as table' }).first().click();
    const row = page.getByRole('row').filter({ hasText: at(base + 185).slice(11, 19) });
    expect(await row.first().innerText()).toContain('no data');
  });

  it('keeps range and filters in the address, across reload and back', async () => {
    await open(`${hostPath}?range=15m&zone=local`);
    await settled();
    await page.getByRole('searchbox').fill('vhu to');
    await page.waitForURL(/filter=vhu\+to/);
    await page.getByRole('button', { name: 'Offered' }).click();
    await page.waitForURL(/sort=-offered/);
    await page.reload();
    await settled();
    expect(await page.getByRole('searchbox').inputValue()).toBe('vhu to');
    expect(await page.getByRole('button', { name: 'Last 15m' }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.getByRole('columnheader', { name: 'Offered' }).getAttribute('aria-sort')).toBe('descending');
    await page.getByRole('link', { name: 'vhu3a91c0de-1f' }).first().click();
    await page.waitForURL(/ports\/vhu3a91c0de-1f\?/);
    expect(page.url()).toContain('range=15m');
    expect(page.url()).not.toContain('filter=');
    await page.goBack();
    await page.waitForURL(/filter=vhu\+to/);
    expect(await heading()).toBe(host);
    expect(await page.getByRole('searchbox').inputValue()).toBe('vhu to');
  });

  it('keeps the chosen theme', async () => {
    await open('/');
    await page.getByRole('button', { name: 'Switch to light theme' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Switch to dark theme' }).waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
    await page.keyboard.press('t');
    await page.getByRole('button', { name: 'Switch to light theme' }).waitFor();
  });

  it('renews a number by a tick, without a reload', async () => {
    await open(portPath);
    const now = page.locator('[data-now="rx"]');
    await page.waitForFunction(() => document.querySelector('[data-now="rx"]')?.textContent?.endsWith('pps') === true);
    const before = await now.innerText();
    await page.waitForFunction((old) => document.querySelector('[data-now="rx"]')?.textContent !== old, before);
    expect(await now.innerText()).toMatch(/^\d+(\.\d+)? Mpps$/);
  });

  it('scrolls through 10,000 ports without blank rows', async () => {
    server.scenario = 'many';
    await open(hostPath);
    const table = page.getByRole('region', { name: 'Ports of the host' });
    await table.waitFor({ timeout: 60_000 });
    expect(await table.getByRole('table').getAttribute('aria-rowcount')).toBe(`${manyPorts * 2 + 1}`);
    for (const share of [0.1, 0.37, 0.5, 0.93, 1]) {
      await table.evaluate((element, part) => {
        element.scrollTop = (element.scrollHeight - element.clientHeight) * part;
      }, share);
      // Filled from its top to its bottom: whatever stands in the middle and at both ends is a row with a port.
      await page.waitForFunction(() => {
        const region = document.querySelector('.table-scroll.long');
        if (region === null) return false;
        const { left, top, height } = region.getBoundingClientRect();
        const seen = Math.min(height, innerHeight - top);
        return [45, seen / 2, seen - 24].every((y) => {
          const row = document.elementFromPoint(left + 60, top + y)?.closest('tr');
          return row?.querySelector('a')?.textContent?.startsWith('vhu') === true;
        });
      });
    }
    await table.getByText('vhu09999').first().waitFor();
    await page.getByRole('searchbox').fill('vhu04321');
    await page.getByText('2 of 20000').waitFor();
  });

  it.each([
    ['port', portPath],
    ['timeline', `${hostPath}/ports/vhu7be2044a-90?tab=timeline`],
    ['ledger', `${hostPath}?tab=ledger`],
  ])('loads little at first: %s', async (_name, path) => {
    // In a window that has nothing yet.
    await renewContext();
    const loaded: Record<string, number> = {};
    page.on('response', async (response) => {
      const { pathname } = new URL(response.url());
      if (/\.(js|css)$/.test(pathname)) loaded[pathname] = 0;
    });
    await open(path);
    await settled();
    await page.waitForLoadState('load');
    const dist = new URL('../../web/dist/', import.meta.url);
    for (const file of Object.keys(loaded)) loaded[file] = gzipSync(readFileSync(new URL(`.${file}`, dist))).length;
    const total = Object.values(loaded).reduce((sum, size) => sum + size, 0);
    expect(Object.keys(loaded).length).toBeGreaterThan(3);
    expect(total, JSON.stringify(loaded)).toBeLessThan(firstLoadBytesMax);
  });

  describe('of promises', () => slaPages(() => ({ page, server, axeSource, complaints, open, settled })));
  describe('of telling', () => tellingPages(() => ({ page, server, axeSource, complaints, open, settled })));

  it('opens an address with an odd port name', async () => {
    await open(`${hostPath}/ports/${encodeURIComponent('vhost/50% #1')}`);
    expect(await heading()).toBe('vhost/50% #1');
    await page.getByRole('heading', { name: 'Nothing counted here' }).waitFor();
  });

  it('shows what the fixture counted', async () => {
    const path = pathsOf('normal').find(
      (item) => item.host === host && item.port === 'bond0' && item.direction === 'rx',
    );
    if (path === undefined) throw new Error('the fixture has no bond0');
    const to = Math.floor(Date.now() / 1_000) - 60;
    const span = Array.from({ length: 120 }, (_, i) => to - 120 + i);
    const packets = span.reduce((sum, slot) => sum + packetsAt(path, slot), 0);
    const at = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
    await open(`${portPath}?from=${at(to - 120)}&to=${at(to)}`);
    await page
      .getByRole('row', { name: /^Delivered/ })
      .getByText(packets.toLocaleString('en-US'))
      .waitFor();
  });
});
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
