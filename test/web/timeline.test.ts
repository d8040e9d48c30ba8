// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noBrowser } from './browser.ts';
import { eachPage, goTo } from './each-page.ts';
import { bridgedGap, hostNames, unknownGap } from './fixture-numbers.ts';
import type { FixtureServer } from './fixture-server.ts';
import { instant, total } from './fixture-span.ts';
import { explanation, portBursts, portTimeline } from './fixture-timeline.ts';

const host = hostNames[0] ?? '';
const port = 'vhu7be2044a-90';
/** A whole round of the fixture that has passed, with its gaps and full rings. */
const from = (Math.floor(Date.now() / 300_000) - 2) * 300;
const range = `from=${instant(from)}&to=${instant(from + 300)}`;
const grouped = (digits: string | number | bigint) => BigInt(digits).toLocaleString('en-US');
/** A second in which the ring of the fixture runs full, well inside the window. */
const full = from + 97 - (from % 97) + (97 - (from % 97) < 30 ? 97 : 0);

describe.skipIf(noBrowser !== null)('the timeline', () => {
  let server: FixtureServer;
  let page: Page;
  eachPage((opened) => {
    ({ server, page } = opened);
  });

  function open(more = '', of = port): Promise<void> {
    return goTo({ server, page }, `/hosts/${host}/ports/${of}?tab=timeline&${range}${more}`);
  }

  const axis = () => page.getByRole('slider', { name: /^Cursor over time/ });
  const told = () => axis().getAttribute('aria-valuetext');
  const opened = () => page.getByRole('region', { name: 'The opened step' });
  const summary = (name: RegExp) => page.getByRole('img', { name }).first().getAttribute('aria-label');

  /** Colours of a lane's picture down one step, as the browser drew it. */
  function pixels(lane: Locator, step: number, steps: number): Promise<string[]> {
    return lane.locator('canvas').evaluate(
      (canvas: HTMLCanvasElement, at) => {
        const ctx = canvas.getContext('2d');
        if (ctx === null) return [];
        const x = Math.floor(((at.step + 0.5) / at.steps) * canvas.width);
        const { data } = ctx.getImageData(x, 0, 1, canvas.height);
        return Array.from({ length: canvas.height }, (_, y) => data.slice(4 * y, 4 * y + 4).join());
      },
      { step, steps },
    );
  }

  it('tells what each lane holds: whose the losses are, how full rings were, who stood still', async () => {
    await open();
    const { owned } = portTimeline('normal', host, port, { from, to: from + 300 }, null);
    const provider = total(owned.map((row) => Number(row.provider)));
    const unknown = total(owned.map((row) => Number(row.unknown)));
    const owners = page.getByRole('list', { name: 'Owners over time' });
    const rows = await owners.getByRole('listitem').allInnerTexts();
    expect(rows.map((text) => text.split(/\s/)[0])).toEqual(['provider', 'tenant', 'contract', 'unknown']);
    expect(rows[0]).toContain(grouped(provider));
    expect(rows[3]).toContain(grouped(unknown));
    await page.getByText('besides, 40 lost without a cause: unknown').waitFor();
    expect(await page.getByRole('list', { name: 'Causes over time' }).getByRole('listitem').count()).toBe(10);
    expect(await summary(/^Fill of the ring to guest/)).toMatch(/full in [\d.]+ % of all samples/);
    expect(await summary(/^Worst stall, guest/)).toContain('the longest 302 ms to 504 ms');
    // In some steps a thread was not sampled, and the whole says so.
    expect(await summary(/^Worst stall, guest/)).toMatch(/Not all sampled in 3 of 300 steps/);
  });

  it('takes the cursor over time and over the fill by keys, and opens a step with its reasons', async () => {
    await open();
    await axis().focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('PageDown');
    await page.keyboard.press('ArrowRight');
    expect(await told()).toMatch(new RegExp(`^${instant(from + 11).slice(11, 19)}\\. to guest`));
    await page.keyboard.press('ArrowUp');
    expect(await told()).toMatch(/ring to guest full: [\d,]+ of 2,000 samples/);
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`at=${instant(from + 11)}`));
    // Of the step itself: those of its rows, which come later, name times too.
    await opened()
      .getByRole('heading', { level: 3, name: instant(from + 11).slice(11, 19) })
      .waitFor();
    await page.keyboard.press('Escape');
    await opened().waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('at=');
  });

  it('opens each drop: its counter, its owner, the rule, the readings and the milliseconds', async () => {
    await open(`&at=${instant(full)}`);
    const span = { from: full, to: full + 1 };
    const [ring] = explanation('normal', host, port, span).items.filter(({ cause }) => cause === 'vhost_ring_full');
    const article = opened().getByRole('article').filter({ hasText: 'vhost_ring_full' });
    const text = (await article.innerText()).replace(/\s+/g, ' ');
    expect(text).toContain(grouped(ring?.packets ?? ''));
    expect(text).toContain('ovs_tx_failure_drops');
    expect(text).toContain('rule ringFull, version 1');
    expect(text).toContain('a stall of 14.200 ms');
    expect(text).toContain('stallNs 14.200 ms');
    expect(text).toContain(`provider ${grouped(ring?.told?.owners.provider ?? '')}`);
    expect(text).toMatch(/c{16} revision 1/);
    await opened().getByText('No stall of a millisecond is told of the guest').waitFor();
    await opened()
      .getByText(
        'bond0 lost 25 before anybody knew whose they were: 0 to 25 were of this port (an estimate by rate: 9)',
      )
      .waitFor();
    await opened()
      .getByText(`In no sum of this port: told by netdev@ovs-netdev, of guests that were away (${port}).`)
      .waitFor();
    await opened().getByRole('article').filter({ hasText: 'vhost_down' }).waitFor();
  });

  it('follows the mouse: the lanes say what is under it, and a cell of the heat map its samples', async () => {
    await open();
    const heat = page.locator('[data-heat="toGuest"] .tl-box');
    await heat.scrollIntoViewIfNeeded();
    const box = await heat.boundingBox();
    if (box === null) throw new Error('the heat map is not drawn');
    const x = box.x + ((full - from + 0.5) / 300) * box.width;
    await page.mouse.move(x, box.y + 3);
    await page
      .locator('.tl-tip')
      .first()
      .getByText(/^full: 840 of 2,000 samples/)
      .waitFor();
    await page.mouse.down();
    await page.mouse.up();
    await page.waitForURL(new RegExp(`at=${instant(full)}`));
    await opened().getByText('vhost_ring_full').waitFor();
  });

  it('zooms where it is drawn over', async () => {
    await open();
    const box = await page.locator('[data-heat="toGuest"] .tl-box').boundingBox();
    if (box === null) throw new Error('the heat map is not drawn');
    await page.mouse.move(box.x + box.width / 3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + (box.width * 2) / 3, box.y + 20, { steps: 3 });
    await page.mouse.up();
    await page.waitForURL((url) => url.searchParams.get('from') !== instant(from));
    const url = new URL(page.url());
    const length = Date.parse(url.searchParams.get('to') ?? '') - Date.parse(url.searchParams.get('from') ?? '');
    expect(Math.abs(length / 1_000 - 100)).toBeLessThanOrEqual(2);
    expect(url.searchParams.get('tab')).toBe('timeline');
  });

  it('draws no second that nobody knows as an empty ring, and says so in words', async () => {
    server.scenario = 'gap';
    await open();
    await page.getByText(/of \d+ s nobody knows what was lost$/).waitFor();
    const heat = page.locator('[data-heat="toGuest"]');
    await heat.locator('canvas').waitFor();
    const known = await pixels(heat, 40, 300);
    const unknown = await pixels(heat, unknownGap.first + 5, 300);
    const bridged = await pixels(heat, bridgedGap.first + 5, 300);
    const foot = (column: readonly string[]) => column.slice(-6, -2);
    expect(foot(known).some((color) => foot(unknown).includes(color))).toBe(false);
    expect(foot(known).some((color) => foot(bridged).includes(color))).toBe(false);
    expect(await summary(/^Fill of the ring to guest/)).toContain('No data for 34 of 300 steps.');
    await open(`&at=${instant(from + unknownGap.first + 1)}`);
    await opened().getByText('to guest: 1 of 1 s are not known').waitFor();
    expect(await opened().innerText()).not.toContain('no packet was lost');
    expect(await told()).toContain('to guest no data, no data');
  });

  it('says what nobody told: rings, the guest, polling threads', async () => {
    await open('', 'vhuc0ffee12-07');
    await page.getByText('No ring of this port was sampled in this window').waitFor();
    await page.getByText('Nobody told which guest is behind this port').waitFor();
    await page.getByText('Nobody told which threads poll this port').waitFor();
    await open('', 'bond0');
    await page.getByText('Nobody told a thread that polls this port').waitFor();
    expect(await page.getByText(/which guest|No ring of this port/).count()).toBe(0);
  });

  it('lists bursts and full rings with their bounds, and opens the second of one', async () => {
    await open();
    const told = portBursts('normal', host, port, { from, to: from + 300 });
    const bursts = page.getByRole('region', { name: 'Bursts of loss' });
    const [worst] = told.directions.flatMap((way) => way.bursts).sort((a, b) => Number(b.lost) - Number(a.lost));
    const first = bursts.getByRole('row').nth(1);
    expect(await first.innerText()).toContain(grouped(worst?.lost ?? ''));
    const periods = page.getByRole('region', { name: 'Times in which rings were full' });
    expect(await periods.getByRole('row').count()).toBe(told.full.length + 1);
    expect(await periods.innerText()).toMatch(/419 ms – 422 ms/);
    expect(await periods.innerText()).toContain('not known');
    await first.getByRole('button').click();
    await opened().waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toMatch(/Z$/);
    await page.getByRole('list', { name: 'Bursts over time' }).getByText('full to guest').waitFor();
  });

  it('does not call what was not sampled or not known free of bursts', async () => {
    server.scenario = 'noData';
    await open('', 'vhuc0ffee12-07');
    await page.getByText('No second of this window is known: whether it lost packets is not.').waitFor();
    await page.getByText('No ring was sampled: whether one was full is not known.').waitFor();
  });

  it('shows one queue of the rings', async () => {
    await open();
    await page.getByLabel('Rings', { exact: true }).selectOption('1');
    await page.waitForURL(/queue=1/);
    await axis().focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowUp');
    await page.waitForFunction(
      () =>
        document.querySelector('[role="slider"]')?.getAttribute('aria-valuetext')?.includes('of 1,000 samples') ===
        true,
    );
  });

  it('is a table too, with the same words', async () => {
    server.scenario = 'gap';
    await open();
    await page.getByRole('button', { name: 'Show as table' }).click();
    const steps = page.getByRole('region', { name: 'Timeline, as a table' });
    expect(await steps.getByRole('row').count()).toBe(301);
    const row = steps.getByRole('row').filter({ hasText: instant(from + unknownGap.first + 2).slice(11, 19) });
    expect((await row.innerText()).match(/no data/g)?.length).toBe(11);
    const owners = page.getByRole('region', { name: 'Owners, as a table' });
    expect(await owners.getByRole('row').filter({ hasText: 'unknown' }).count()).toBeGreaterThan(0);
  });

  it('refuses more than a day in words, and does not ask', async () => {
    await page.goto(`${server.url}/hosts/${host}/ports/${port}?tab=timeline&range=7d`);
    await page.getByRole('heading', { name: 'Too long for a timeline' }).waitFor();
  });

  it.each([1440, 1280, 400])('fits a page %d wide: every lane in sight, on the same edges', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    await open();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const boxes = await Promise.all(
      (await page.locator('.tl-box, .tl-bars, .tl-axis').all()).map((box) => box.boundingBox()),
    );
    const edges = new Set(boxes.map((box) => `${Math.round(box?.x ?? 0)} ${Math.round(box?.width ?? 0)}`));
    expect(boxes.length).toBeGreaterThan(20);
    expect(edges.size).toBe(1);
    const [edge] = boxes;
    expect((edge?.x ?? 0) + (edge?.width ?? 0)).toBeLessThanOrEqual(width);
  });
});
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
