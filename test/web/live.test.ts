// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, noBrowser } from './browser.ts';
import { hostNames } from './fixture-numbers.ts';
import { type FixtureServer, startFixtureServer } from './fixture-server.ts';

const host = hostNames[0] ?? '';
const hostPath = `/hosts/${host}`;
const portPath = `${hostPath}/ports/bond0`;
const instant = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

describe.skipIf(noBrowser !== null)('the page and time', () => {
  let server: FixtureServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startFixtureServer(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    server.holding = false;
    context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(15_000);
    page = await context.newPage();
  });

  afterEach(() => context.close());

  async function open(path: string): Promise<void> {
    await page.goto(`${server.url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelector('.state-loading') === null);
  }

  /** Requests for the series of the port, in order. */
  function seriesAsked(): URL[] {
    const asked: URL[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith('/bond0/series')) asked.push(url);
    });
    return asked;
  }

  /** Of the first chart as a table, the youngest first: time, and whether the second is known. */
  async function seconds(): Promise<{ time: string; known: boolean }[]> {
    const table = page.getByRole('region', { name: /^rx: .*as a table$/ });
    if ((await table.count()) === 0) await page.getByRole('button', { name: 'Show as table' }).first().click();
    return await table.getByRole('row').evaluateAll((rows) =>
      rows
        .slice(1)
        .map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? ''))
        .map(([time = '', packets = '']) => ({ time, known: packets !== 'no data' })),
    );
  }

  it('asks for everything anew on `reset`, even over a fixed range', async () => {
    const asked = seriesAsked();
    const to = Math.floor(Date.now() / 1_000) - 60;
    await open(`${portPath}?from=${instant(to - 120)}&to=${instant(to)}`);
    await page.getByText('live', { exact: true }).first().waitFor();
    const before = asked.length;
    await page.waitForTimeout(1_500);
    expect(asked).toHaveLength(before);
    const again = page.waitForRequest((request) => request.url().includes('/bond0/series'));
    server.stream.reset();
    await again;
    expect(asked.at(-1)?.search).toBe(asked[0]?.search);
  });

  it('comes back with the id of its last event, and the seconds of the cut are filled by the replay', async () => {
    await open(`${portPath}?range=1m`);
    await page.waitForFunction(() => document.querySelector('[data-now="rx"]')?.textContent?.endsWith('pps') === true);
    await page.waitForTimeout(3_000);
    // Without the API nothing but the stream can bring a number.
    server.holding = true;
    const returned = server.stream.returns.length;
    server.stream.cut(3_500);
    await expect.poll(() => server.stream.returns.length, { timeout: 15_000 }).toBe(returned + 1);
    const back = server.stream.returns.at(-1);
    expect(Number(back?.lastEventId)).toBeGreaterThan(0);
    expect(back?.slots.length).toBeGreaterThanOrEqual(3);
    const missed = (back?.slots ?? []).map((slot) => instant(slot).replace('T', ' ').replace('Z', ''));
    const known = async () => new Set((await seconds()).filter((row) => row.known).map(({ time }) => time));
    await expect
      .poll(async () => {
        const found = await known();
        return missed.filter((time) => !found.has(time));
      })
      .toEqual([]);
    expect(await page.locator('[data-banner="line"]').count()).toBe(0);
  });

  it('fills the seconds between the answer and the first tick before it asks for the whole anew', async () => {
    const asked = seriesAsked();
    await open(`${portPath}?range=1m`);
    const isPiece = (url: URL) =>
      Date.parse(url.searchParams.get('to') ?? '') - Date.parse(url.searchParams.get('from') ?? '') < 30_000;
    await expect.poll(() => asked.filter(isPiece).length).toBeGreaterThan(0);
    expect(asked.filter((url) => !isPiece(url))).toHaveLength(1);
    await expect.poll(async () => (await seconds()).filter(({ known }) => !known)).toEqual([]);
    expect(asked.filter((url) => !isPiece(url)).length).toBeLessThanOrEqual(2);
  });

  it('takes a range by from and to, and gives the focus back', async () => {
    await open(hostPath);
    const opener = page.getByRole('button', { name: 'From – to' });
    await opener.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Range' });
    await dialog.waitFor();
    await dialog.getByLabel('From').fill('2026-07-14T14:10:00');
    await dialog.getByLabel('To').fill('2026-07-14T14:00:00');
    await dialog.getByRole('button', { name: 'Show' }).click();
    expect(await dialog.getByRole('alert').innerText()).toBe('The end must come after the start.');
    await dialog.getByLabel('From').fill('2026-07-14T13:50:00');
    await dialog.getByRole('button', { name: 'Show' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.waitForURL(/from=2026-07-14T13:50:00Z&to=2026-07-14T14:00:00Z/);
    const fixed = page.getByRole('button', { name: 'Fixed' });
    expect(await fixed.getAttribute('aria-pressed')).toBe('true');
    await expect.poll(() => fixed.evaluate((element) => element === document.activeElement)).toBe(true);

    const address = page.url();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    expect(await dialog.getByLabel('From').inputValue()).toBe('2026-07-14T13:50');
    await dialog.getByLabel('From').fill('2026-07-14T13:00:00');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => fixed.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(page.url()).toBe(address);
  });

  it.each([1280, 1440])('shows every cell of the tables whole at %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    for (const scenario of ['normal', 'gap', 'stale'] as const) {
      server.scenario = scenario;
      for (const path of ['/', '/ports', hostPath, '/ports?range=24h']) {
        await open(path);
        await page.locator('tbody td').nth(4).waitFor();
        const cut = await page
          .locator('th, td, .sort, .table-scroll, .stat-value')
          .evaluateAll((cells) =>
            cells
              .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
              .map((cell) => cell.textContent?.slice(0, 80)),
          );
        expect(cut, `${scenario} ${path}`).toEqual([]);
      }
    }
    server.scenario = 'normal';
    await open('/ports');
    await page.locator('tbody td').nth(4).waitFor();
    // Whatever is lost while a test runs: the widest rates there are, as drops are told.
    const widest = await page.locator('tbody tr:first-child td').evaluateAll((cells) =>
      cells.map((cell) => {
        const { cellIndex } = cell as HTMLTableCellElement;
        const head = cell.closest('table')?.querySelectorAll('thead th')[cellIndex]?.textContent ?? '';
        if (!/now/.test(head) || /Bits/.test(head)) return null;
        const before = cell.innerHTML;
        cell.innerHTML = `<span${/Drops/.test(head) ? ' class="loss"' : ''}>8.88 kpps</span>`;
        const isCut = cell.scrollWidth > cell.clientWidth;
        cell.innerHTML = before;
        return isCut ? head : null;
      }),
    );
    expect(widest.length).toBeGreaterThan(4);
    expect(widest.filter((head) => head !== null)).toEqual([]);
  });
});

it('the built page has a compressed file beside each text', async () => {
  const dist = fileURLToPath(new URL('../../web/dist/', import.meta.url));
  const texts = globSync('**/*.{js,css,html,svg}', { cwd: dist }).map((name) => `${dist}${name}`);
  const big = texts.filter((file) => statSync(file).size > 1_000);
  expect(big.length).toBeGreaterThan(10);
  for (const file of big) {
    expect(gunzipSync(readFileSync(`${file}.gz`))).toEqual(readFileSync(file));
    expect(brotliDecompressSync(readFileSync(`${file}.br`))).toEqual(readFileSync(file));
  }
  expect(texts.filter((file) => !big.includes(file) && existsSync(`${file}.gz`))).toEqual([]);
});
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
